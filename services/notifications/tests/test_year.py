"""A whole year of visits in each locale: no message in a closed window, none after its visit, none lost silently."""

import json
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from notifications import packs
from notifications.rules import chains, windows
from notifications.rules.values import ChannelFacts, Facts

PLACES = {
    "ru-KZ": ("KZ", "Asia/Almaty", "kz", ("whatsapp", "sms")),
    "kk-KZ": ("KZ", "Asia/Aqtau", "kz", ("sms",)),
    "pt-BR": ("BR", "America/Manaus", "br", ("whatsapp", "sms", "email")),
    "fa-IR": ("IR", "Asia/Tehran", "ir-dental", ("sms",)),
    "fr-FR": ("FR", "Europe/Paris", "fr", ("sms", "email")),
    "zh-TW": ("TW", "Asia/Taipei", "tw", ("line", "sms")),
    "en-GB": ("GB", "Europe/London", "kz", ("whatsapp", "sms")),
}
TIMES = (time(8), time(9, 30), time(10), time(12), time(15, 45), time(19), time(21, 30))
AHEAD = (timedelta(minutes=50), timedelta(hours=7), timedelta(hours=30), timedelta(days=12))
"""How long before the visit it is booked."""

EXPECTED = Path(__file__).with_name("planned.json")


def planned(
    locale: str, starts_at: datetime, booked_at: datetime, *, after_visit: bool = False
) -> list[chains.Planned]:
    country, zone, preset, channels = PLACES[locale]
    pack = packs.pack(country)
    visit = chains.Visit(booked_at, starts_at, zone, starts_at + timedelta(hours=1) if after_visit else None)

    def facts_of(aim: chains.Aim) -> Facts:
        known: dict[str, Any] = {"zone": zone, "zone_of": "branch", "pack": pack, "asked_at": booked_at}
        return Facts(
            message_class=aim.step.message_class, template=aim.step.template, asks=aim.step.asks,
            orientation=aim.step.orientation, target_at=aim.target_at, earliest_at=aim.earliest_at,
            latest_at=aim.latest_at, starts_at=None if after_visit else starts_at,
            when_closed=aim.step.when_closed,
            channels=tuple(ChannelFacts(each, reachable=True) for each in channels),  # type: ignore[arg-type]  # names
            **known,
        )  # fmt: skip

    steps = chains.steps_of(packs.chain(preset), after_visit=after_visit)
    return chains.plan(chains.aims(steps, visit), facts_of, now=visit.visited_at or booked_at)


def a_year(zone: str) -> list[datetime]:
    days = (date(2026, 11, 20) + timedelta(days=number) for number in range(365))
    return [datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC) for day in days for at in TIMES]


@pytest.mark.parametrize("locale", PLACES)
def test_a_year_of_visits_is_reminded_of_lawfully_in_time_and_with_reasons(locale):
    country, zone, preset, _ = PLACES[locale]
    pack = packs.pack(country)
    names = {step.name for step in chains.steps_of(packs.chain(preset), after_visit=False)}
    checked = dropped = 0
    for number, starts_at in enumerate(a_year(zone)):
        booked_at = starts_at - AHEAD[number % len(AHEAD)]
        found = planned(locale, starts_at, booked_at)
        assert {one.step.name for one in found} == names
        for one in found:
            checked += 1
            if one.due_at is None:
                dropped += 1
                assert one.verdict.reasons[-1].result in {"merged", "too-late", "no-open-window"}, one
                continue
            assert max(booked_at, one.earliest_at) <= one.due_at <= one.latest_at
            assert one.due_at < starts_at
            if one.step.message_class != "immediate":
                assert windows.open_at(
                    pack, one.step.message_class, str(one.verdict.channel), zone, one.due_at
                )
        due = sorted(one.due_at for one in found if one.due_at is not None)
        assert all(earlier < later for earlier, later in pairwise(due)), "what collides is one message"
    assert checked == 365 * len(TIMES) * len(names)
    assert dropped < checked * 3 / 4


@pytest.mark.parametrize("locale", PLACES)
def test_what_follows_a_visit_comes_in_open_hours_or_says_why_not(locale):
    country, zone, _, _ = PLACES[locale]
    for starts_at in a_year(zone)[::3]:
        for one in planned(locale, starts_at, starts_at - timedelta(days=3), after_visit=True):
            if one.due_at is None:
                assert one.verdict.because in {"no-open-window", "merged"}
                continue
            assert starts_at < one.earliest_at <= one.due_at <= one.latest_at
            assert windows.open_at(
                packs.pack(country), one.step.message_class, str(one.verdict.channel), zone, one.due_at
            )


@pytest.mark.parametrize("locale", [one for one in PLACES if one != "kk-KZ"])
def test_booked_well_ahead_every_step_reaches_whoever_has_more_than_sms(locale):
    """Only a short message, or one with a range of two hours, may find its whole range closed.

    By SMS alone (`kk-KZ`) a weekend in Kazakhstan can pass in silence, and the first test sees that it says so.
    """
    zone = PLACES[locale][1]
    for starts_at in a_year(zone):
        local = starts_at.astimezone(ZoneInfo(zone)).time()
        for one in planned(locale, starts_at, starts_at - timedelta(days=12)):
            if one.due_at is None:
                assert one.verdict.because == "merged" or local < time(10) or local > time(20), one


def instants() -> dict[str, dict[str, dict[str, str]]]:
    """Locale -> visit (local) -> step -> when it goes out (local), or why not."""
    visits = [
        (2026, 11, 25, 15, 0),
        (2026, 12, 2, 10, 0),
        (2027, 1, 4, 8, 30),
        (2027, 3, 15, 19, 0),
        (2027, 6, 17, 12, 0),
    ]
    found: dict[str, dict[str, dict[str, str]]] = {}
    for locale, (_, zone, _, _) in PLACES.items():
        for visit in visits:
            at = datetime(*visit, tzinfo=ZoneInfo(zone))
            starts_at = at.astimezone(UTC)
            steps = [
                *planned(locale, starts_at, starts_at - timedelta(days=12)),
                *planned(locale, starts_at, starts_at - timedelta(days=12), after_visit=True),
            ]
            found.setdefault(locale, {})[at.strftime("%a %Y-%m-%d %H:%M")] = {
                one.step.name: f"{one.due_at.astimezone(ZoneInfo(zone)):%a %m-%d %H:%M} {one.verdict.channel}"
                if one.due_at
                else one.verdict.because
                for one in steps
            }
    return found


def test_the_planned_instants_are_those_that_were_agreed_on():
    assert instants() == json.loads(EXPECTED.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("ir-dental", ["booking", "T-3d", "V+7d"]),
        ("tw", ["T-7d", "T-2d"]),
        ("kz", ["booking", "T-2d", "T-1d", "T-2h"]),
        ("br", ["booking", "T-2d", "T-1d", "V+2h", "V+1d"]),
        ("fr", ["booking", "T-2d", "eve 14:00"]),
    ],
)
def test_a_preset_has_exactly_these_touches(preset, expected):
    assert [_written(step.target) for step in packs.chain(preset).steps] == expected


def _written(moment: Any) -> str:
    match moment.anchor:
        case "booking":
            return "booking"
        case "eve":
            return f"eve {moment.at:%H:%M}"
    hours = moment.offset / timedelta(hours=1)
    amount = f"{hours / 24:+.0f}d" if hours % 24 == 0 else f"{hours:+.0f}h"
    return ("V" if moment.anchor == "visit" else "T") + amount
