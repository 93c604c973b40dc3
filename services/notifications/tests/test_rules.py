"""Planning, quiet hours and understanding: pure rules, checked by tables and by properties."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications import packs
from notifications.rules import chains, windows
from notifications.rules.decide import decide
from notifications.rules.understand import Pressed, chosen, pressed, understand
from notifications.rules.values import (
    AppointmentFacts,
    ChannelFacts,
    Facts,
    Quiet,
)

KZ = packs.pack("KZ")
ALMATY = "Asia/Almaty"
HOUR = timedelta(hours=1)


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0, zone: str = ALMATY) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def facts(**changes) -> Facts:
    starts_at = changes.pop("visit", local(2026, 11, 12, 10))
    known: dict[str, Any] = {
        "message_class": "service", "template": "short", "asks": False, "orientation": False,
        "asked_at": starts_at - 240 * HOUR, "target_at": starts_at - 2 * HOUR,
        "earliest_at": starts_at - 16 * HOUR, "latest_at": starts_at - 1.5 * HOUR, "starts_at": starts_at,
        "zone": ALMATY, "zone_of": "branch", "pack": KZ,
        "channels": (ChannelFacts("whatsapp", reachable=True), ChannelFacts("sms", reachable=True)),
    }  # fmt: skip
    return Facts(**(known | changes))


def planned(starts_at: datetime, booked_at: datetime, *, zone: str = ALMATY, preset: str = "kz", pack=KZ):
    visit = chains.Visit(booked_at, starts_at, zone)
    steps = chains.steps_of(packs.chain(preset), after_visit=False)

    def facts_of(aim: chains.Aim) -> Facts:
        step = aim.step
        return facts(
            visit=starts_at, message_class=step.message_class, template=step.template, asks=step.asks,
            orientation=step.orientation, asked_at=booked_at, target_at=aim.target_at, earliest_at=aim.earliest_at,
            latest_at=aim.latest_at, zone=zone, pack=pack,
            channels=tuple(ChannelFacts(one, reachable=True) for one in pack.channels),
        )  # fmt: skip

    return chains.plan(chains.aims(steps, visit), facts_of, now=booked_at)


def instants(starts_at: datetime, booked_at: datetime) -> dict[str, str]:
    zone = ZoneInfo(ALMATY)
    return {
        one.step.name: one.due_at.astimezone(zone).strftime("%m-%d %H:%M")
        if one.due_at
        else one.verdict.because
        for one in planned(starts_at, booked_at)
    }


@pytest.mark.parametrize(
    ("visit", "booked", "expected"),
    [
        # Two weeks ahead, in the middle of the day: everything at its own time.
        ((2026, 11, 12, 15), (2026, 11, 2, 14),
         {"confirmation": "11-02 14:00", "confirm": "11-10 15:00", "details": "11-11 15:00", "short": "11-12 13:00"}),
        # A visit at 10:00: two hours before is closed, so the evening before, half an hour before closing.
        ((2026, 11, 12, 10), (2026, 11, 2, 14),
         {"confirmation": "11-02 14:00", "confirm": "11-10 10:00", "details": "11-11 10:00", "short": "11-11 20:30"}),
        # A visit at 10:45: two hours before is 08:45, and 09:00 is still of use.
        ((2026, 11, 12, 10, 45), (2026, 11, 2, 14),
         {"confirmation": "11-02 14:00", "confirm": "11-10 10:45", "details": "11-11 10:45", "short": "11-12 09:00"}),
        # Early in the morning every step waits for the window to open.
        ((2026, 11, 12, 8), (2026, 11, 2, 14),
         {"confirmation": "11-02 14:00", "confirm": "11-10 09:00", "details": "11-11 09:00", "short": "11-11 20:30"}),
        # Late in the evening: 21:30 is closed, so the next morning.
        ((2026, 11, 12, 21, 30), (2026, 11, 2, 14),
         {"confirmation": "11-02 14:00", "confirm": "11-11 09:00", "details": "11-12 09:00", "short": "11-12 19:30"}),
        # Booked at night: the confirmation answers at once, whatever the hour.
        ((2026, 11, 12, 15), (2026, 11, 2, 3),
         {"confirmation": "11-02 03:00", "confirm": "11-10 15:00", "details": "11-11 15:00", "short": "11-12 13:00"}),
        # Booked 30 hours ahead: the question joins the confirmation.
        ((2026, 11, 12, 20), (2026, 11, 11, 14),
         {"confirmation": "11-11 14:00", "confirm": "merged", "details": "11-11 20:00", "short": "11-12 18:00"}),
        # Booked the evening before: too late to ask for confirmation, the details join the confirmation.
        ((2026, 11, 12, 12), (2026, 11, 11, 19),
         {"confirmation": "11-11 19:00", "confirm": "too-late", "details": "merged", "short": "11-12 10:00"}),
        # Booked an hour ahead: only the confirmation is still of use.
        ((2026, 11, 12, 15), (2026, 11, 12, 14),
         {"confirmation": "11-12 14:00", "confirm": "too-late", "details": "too-late", "short": "too-late"}),
        # Over New Year, when SMS rest and WhatsApp does not.
        ((2027, 1, 2, 12), (2026, 12, 20, 12),
         {"confirmation": "12-20 12:00", "confirm": "12-31 12:00", "details": "01-01 12:00", "short": "01-02 10:00"}),
    ],
)  # fmt: skip
def test_the_chain_of_kz_goes_out_at_these_local_times(visit, booked, expected):
    assert instants(local(*visit), local(*booked)) == expected


def test_over_a_whole_year_every_visit_gets_each_step_inside_its_range_and_window():
    checked = 0
    for day in range(0, 365, 3):
        for minutes in range(7 * 60, 22 * 60, 75):
            starts_at = local(2026, 11, 20) + timedelta(days=day, minutes=minutes)
            for one in planned(starts_at, starts_at - timedelta(days=9)):
                assert one.due_at is not None, (starts_at, one.step.name, one.verdict.because)
                assert one.earliest_at <= one.due_at <= one.latest_at
                assert one.due_at < starts_at
                if one.step.message_class == "service":
                    assert time(9) <= one.due_at.astimezone(ZoneInfo(ALMATY)).time() < time(21)
                checked += 1
    assert checked == 122 * 12 * 4


zones = st.sampled_from(
    [("KZ", "Asia/Almaty", "kz"), ("BR", "America/Sao_Paulo", "br"), ("FR", "Europe/Paris", "fr"),
     ("TW", "Asia/Taipei", "tw"), ("IR", "Asia/Tehran", "ir-dental"), ("GB", "Europe/London", "kz")]
)  # fmt: skip
moments = st.datetimes(datetime(2026, 11, 1), datetime(2028, 3, 1), timezones=st.just(UTC))


@settings(max_examples=300, deadline=None)
@given(place=zones, booked_at=moments, ahead=st.integers(1, 60 * 24 * 20))
def test_nothing_is_planned_into_a_closed_window_or_after_the_start_and_nothing_is_lost(
    place, booked_at, ahead
):
    country, zone, preset = place
    pack = packs.pack(country)
    starts_at = booked_at + timedelta(minutes=ahead)
    found = planned(starts_at, booked_at, zone=zone, preset=preset, pack=pack)
    assert {one.step.name for one in found} == {
        step.name for step in chains.steps_of(packs.chain(preset), after_visit=False)
    }
    for one in found:
        if one.due_at is None:
            assert one.verdict.reasons
            assert one.verdict.because
            continue
        assert booked_at <= one.due_at < starts_at
        assert one.due_at <= one.latest_at
        if one.step.message_class != "immediate":
            assert windows.open_at(pack, "service", one.verdict.channel or "", zone, one.due_at)
    due = sorted(one.due_at for one in found if one.due_at)
    assert all(earlier < later for earlier, later in pairwise(due)), "what collides is one message"


@settings(max_examples=300, deadline=None)
@given(now=moments, target=st.integers(-600, 6000), length=st.integers(0, 4000), sms=st.booleans(),
       message_class=st.sampled_from(["service", "marketing"]))  # fmt: skip
def test_what_is_sent_is_sent_in_an_open_window_before_the_visit(now, target, length, sms, message_class):
    target_at = now + timedelta(minutes=target)
    given_facts = facts(
        visit=target_at + timedelta(minutes=length + 60), message_class=message_class, target_at=target_at,
        earliest_at=target_at - 12 * HOUR, latest_at=target_at + timedelta(minutes=length), asked_at=now,
        channels=(ChannelFacts("sms" if sms else "whatsapp", reachable=True),),
    )  # fmt: skip
    verdict = decide(given_facts, now=now)
    assert verdict.reasons
    if verdict.action == "drop":
        return
    assert verdict.send_at is not None
    assert (verdict.action == "send") == (verdict.send_at <= now)
    at = max(verdict.send_at, now)
    assert windows.open_at(KZ, message_class, verdict.channel or "", ALMATY, at)
    assert at < given_facts.starts_at
    again = decide(given_facts, now=verdict.send_at)
    assert again.action == "send", "what was told to wait is sent when its time has come"


def test_at_its_evening_the_short_reminder_goes_out_and_does_not_wait_for_the_morning():
    evening = local(2026, 11, 11, 20, 30)
    assert decide(facts(), now=local(2026, 11, 9, 12)).send_at == evening
    assert decide(facts(), now=evening).action == "send"
    assert decide(facts(), now=evening + timedelta(minutes=10)).action == "send"
    late = decide(facts(), now=local(2026, 11, 12, 7, 0))
    assert (late.action, late.because) == ("drop", "no-open-window")


def test_an_immediate_message_lapses_into_service_after_half_an_hour():
    asked = local(2026, 11, 11, 22, 50)
    about = {"message_class": "immediate", "asked_at": asked, "target_at": asked, "earliest_at": asked,
             "latest_at": local(2026, 11, 12, 10)}  # fmt: skip
    assert decide(facts(**about), now=asked + timedelta(minutes=29)).action == "send"
    lapsed = decide(facts(**about), now=local(2026, 11, 12, 3))
    assert (lapsed.action, lapsed.send_at) == ("wait", local(2026, 11, 12, 9))


def test_sms_rests_at_the_weekend_where_whatsapp_does_not():
    saturday = local(2026, 11, 14, 12)
    about = {"visit": saturday + 3 * HOUR, "target_at": saturday, "earliest_at": saturday - HOUR,
             "latest_at": saturday + HOUR}  # fmt: skip
    assert decide(facts(**about), now=saturday).channel == "whatsapp"
    only_sms = facts(**about, channels=(ChannelFacts("sms", reachable=True),))
    assert decide(only_sms, now=saturday).because == "no-open-window"
    sms_first = facts(
        **about, channels=(ChannelFacts("sms", reachable=True), ChannelFacts("whatsapp", reachable=True))
    )
    assert decide(sms_first, now=saturday).channel == "whatsapp", "another channel whose window is open"


def test_the_reasons_name_the_rule_the_entry_its_source_and_the_local_time():
    verdict = decide(facts(), now=local(2026, 11, 9, 12))
    closed = next(one for one in verdict.reasons if one.result == "closed")
    assert closed.detail["entries"] == ["kz-hours"]
    assert closed.detail["local_time"] == "2026-11-12T08:00"
    assert closed.detail["offset_minutes"] == 300
    assert closed.source is not None
    assert verdict.policy_version == f"kz-{KZ.version}"


def test_whoever_refuses_reminders_still_hears_of_a_time_they_wait_for_or_that_is_gone():
    now = local(2026, 11, 9, 12)
    assert decide(facts(accepts_reminders=False), now=now).because == "reminders-refused"
    offered = facts(
        accepts_reminders=False,
        about="offer",
        appointment=AppointmentFacts("held", 0, local(2026, 11, 12, 10)),
    )
    displaced = facts(
        accepts_reminders=False, about="displacement", appointment=AppointmentFacts("displaced", 2, local(2026, 11, 12, 10))
    )  # fmt: skip
    assert "reminders-refused" not in {decide(offered, now=now).because, decide(displaced, now=now).because}


def test_the_order_of_stops_is_patient_then_appointment_then_deadline():
    confirmed = AppointmentFacts("confirmed", 2, local(2026, 11, 12, 10))
    now = local(2026, 11, 9, 12)
    cases: dict[str, dict[str, Any]] = {
        "unknown-patient": {"known": False, "deceased": True},
        "deceased": {"deceased": True},
        "reminders-refused": {"accepts_reminders": False},
        "orientations-refused": {"orientation": True, "accepts_orientations": False},
        "already-confirmed": {"asks": True, "appointment": confirmed},
        "moved": {"appointment": confirmed, "planned_for": local(2026, 11, 12, 11)},
        "cancelled": {"appointment": AppointmentFacts("cancelled", 2, local(2026, 11, 12, 10))},
        "no-address": {"channels": (ChannelFacts("sms", reachable=False),)},
        "marketing-withdrawn": {
            "channels": (ChannelFacts("sms", reachable=True, permission="marketing-withdrawn"),)
        },
        "all-channels-failed": {"channels": (ChannelFacts("sms", reachable=True, ended="failed"),)},
    }
    for expected, about in cases.items():
        assert decide(facts(**about), now=now).because == expected


def test_refusing_orientations_stops_no_reminder():
    assert decide(facts(accepts_orientations=False), now=local(2026, 11, 9, 12)).action == "wait"


def test_a_brake_makes_wait_and_one_channel_braked_leaves_the_other():
    now = local(2026, 11, 12, 12)
    about = {"visit": local(2026, 11, 12, 15), "target_at": now, "earliest_at": now, "latest_at": now + HOUR}
    stopped = decide(facts(**about, paused=True), now=now)
    assert (stopped.action, stopped.send_at) == ("wait", None)
    channels = (ChannelFacts("whatsapp", reachable=True, paused=True), ChannelFacts("sms", reachable=True))
    assert decide(facts(**about, channels=channels), now=now).channel == "sms"


def test_a_patients_own_quiet_hours_narrow_the_window():
    quiet = Quiet(time(18), time(11))
    at = windows.next_open(
        KZ, "service", "whatsapp", ALMATY, local(2026, 11, 11, 19), local(2026, 11, 13), quiet
    )
    assert at == local(2026, 11, 12, 11)
    over_noon = Quiet(time(12), time(15))
    assert not windows.open_at(KZ, "service", "whatsapp", ALMATY, local(2026, 11, 11, 13), over_noon)
    assert windows.open_at(KZ, "service", "whatsapp", ALMATY, local(2026, 11, 11, 15), over_noon)


@pytest.mark.parametrize(
    ("country", "message_class", "channel", "at", "is_open"),
    [
        ("KZ", "service", "sms", local(2026, 11, 12, 20, 59), True),
        ("KZ", "service", "sms", local(2026, 11, 12, 21, 0), False),
        ("KZ", "service", "sms", local(2026, 12, 16, 12), False),  # Independence Day, a Wednesday
        ("KZ", "service", "whatsapp", local(2026, 12, 16, 12), True),
        ("KZ", "service", "sms", local(2027, 3, 15, 12), False),  # Constitution Day from 2027
        ("KZ", "service", "sms", local(2027, 8, 30, 12), True),  # no longer
        ("BR", "marketing", "sms", local(2026, 11, 14, 10, zone="America/Sao_Paulo"), True),
        ("BR", "marketing", "sms", local(2026, 11, 14, 14, zone="America/Sao_Paulo"), False),
        ("BR", "marketing", "sms", local(2026, 11, 12, 17, 30, zone="America/Manaus"), False),  # 18:30 at UTC-3
        ("BR", "service", "sms", local(2026, 11, 12, 17, 30, zone="America/Manaus"), True),
        ("FR", "marketing", "sms", local(2026, 11, 15, 12, zone="Europe/Paris"), False),  # a Sunday
        ("FR", "marketing", "sms", local(2026, 11, 11, 12, zone="Europe/Paris"), False),  # 11 November
        ("FR", "marketing", "voice", local(2026, 8, 10, 9, zone="Europe/Paris"), True),
        ("FR", "marketing", "voice", local(2026, 8, 11, 9, zone="Europe/Paris"), False),
        ("TW", "marketing", "sms", local(2026, 11, 12, 13, 0, zone="Asia/Taipei"), False),
        ("IR", "service", "sms", local(2026, 11, 12, 7, 30, zone="Asia/Tehran"), False),
        ("GB", "service", "sms", local(2026, 11, 12, 8, 0, zone="Europe/London"), True),
    ],
)  # fmt: skip
def test_these_instants_are_open_or_closed(country, message_class, channel, at, is_open):
    zones_of = {"KZ": ALMATY, "BR": "America/Manaus", "FR": "Europe/Paris", "TW": "Asia/Taipei",
                "IR": "Asia/Tehran", "GB": "Europe/London"}  # fmt: skip
    pack = packs.pack(country)
    assert windows.open_at(pack, message_class, channel, zones_of[country], at) is is_open


def test_holidays_have_one_language_whatever_the_machine_speaks(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "uk")
    packs.pack.cache_clear()
    assert packs.pack("KZ").holiday(date(2026, 12, 16)) == "Independence Day"
    packs.pack.cache_clear()


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Да", "confirm"), ("СИМ", "confirm"), ("ИӘ", "confirm"), ("SIM", "confirm"), ("oui!", "confirm"),
        ("YES", "confirm"), ("بله", "confirm"), ("是", "confirm"), ("1", "confirm"), ("۱", "confirm"), ("1.", "confirm"),
        ("Да, спасибо!", "confirm"), ("иә, рахмет", "confirm"), ("2", "move"), ("Перенесите, пожалуйста", "move"),
        ("ауыстыру", "move"), ("改期", "move"), ("3", "cancel"), ("Не приду", "cancel"), ("бас тарту", "cancel"),
        ("não posso", "cancel"), ("СТОП", "stop"), ("SAIR", "stop"), ("انصراف", "stop"), ("退訂", "stop"),
        ("не пишите мне больше", "stop-all"), ("Оператор", "operator"), ("call me", "operator"),
        ("нет", None), ("да, но попозже", None), ("а можно в 11?", None), ("", None), ("12", None), ("10", None),
        ("спасибо", None),
    ],
)  # fmt: skip
def test_a_reply_means_this(text, intent):
    assert understand(text) == intent


@given(st.text(max_size=200))
def test_any_text_is_understood_or_not_without_failing(text):
    assert understand(text) in {None, "confirm", "move", "cancel", "stop", "stop-all", "operator"}
    assert pressed(text) is None or isinstance(pressed(text), Pressed)


def test_only_our_own_payloads_are_read():
    found = pressed("cancel:0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
    assert found is not None
    assert found.intent == "cancel"
    for other in ("stop:0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "confirm:", "confirm:" + "-" * 36, "buy"):
        assert pressed(other) is None


def test_a_bare_number_picks_from_a_question():
    assert chosen("2", 3) == 1
    assert chosen(" ۲ ", 3) == 1
    assert chosen("4", 3) is None
    assert chosen("два", 3) is None
