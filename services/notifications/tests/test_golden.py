"""Every message in every language as a patient gets it, one file a language: what changes there is read by a person.

`UPDATE_GOLDEN=1 python -m pytest services/notifications/tests/test_golden.py` writes the files anew.
"""

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from common.contracts.directory import Locale
from notifications.operations.wordings.leaving import as_leaves
from notifications.operations.wordings.showing import shown
from notifications.rules.texts import Form, compose, moment
from notifications.rules.texts.compose import TURN
from notifications.templates import texts
from notifications.templates.samples import Shape, sample

LOCALES: tuple[Locale, ...] = get_args(Locale)
SHAPES: tuple[Shape, ...] = ("no-patronymic", "no-gender", "one-word")
FOLDER = Path(__file__).parent / "golden"

ISOLATED = re.compile("[\u2066\u2068][^\u2069]*\u2069")


def forms(name: str) -> tuple[Form, ...]:
    return ("full",) if name.startswith(TURN) else ("full", "sms")


def messages(locale: Locale) -> Iterator[tuple[str, Form, Shape, str, str]]:
    """Template, form, shape of the name, text, and what it costs by SMS."""
    for name in texts(locale).lines:
        for form in forms(name):
            for shape in SHAPES:
                made = shown(
                    texts(locale), name, sample(locale).country, shape=shape,
                    channel="sms" if form == "sms" else "whatsapp",
                )  # fmt: skip
                count = made.charge.counted if made.charge else None
                cost = f" ({count.alphabet}, {count.units}, {count.segments})" if count else ""
                yield name, form, shape, made.text.body, cost


def golden(locale: Locale) -> str:
    """All messages of a language; shapes of names that give the same text stand together."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for name, form, shape, body, cost in messages(locale):
        found.setdefault((name, f"{form}{cost}", body), []).append(shape)
    entries = []
    for (name, how, body), shapes in found.items():
        readers = "every name" if len(shapes) == len(SHAPES) else ", ".join(shapes)
        entries.append(f"=== {name} · {how} · {readers}\n{body}\n")
    return "\n".join(entries)


@pytest.mark.parametrize("locale", LOCALES)
def test_messages_read_as_they_were_reviewed(locale):
    path = FOLDER / f"{locale}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(golden(locale), encoding="utf-8")
    assert golden(locale) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("locale", "most", "most_without_link"), [
    ("ru", 3, 2), ("zh-TW", 3, 2), ("kk", 4, 3), ("fa", 4, 3), ("en", 2, 1), ("fr", 2, 2), ("pt-BR", 2, 2),
])  # fmt: skip
def test_a_confirmation_by_sms_takes_few_segments(locale, most, most_without_link):
    for shape in SHAPES:
        facts = sample(locale)
        for links, limit in ((True, most), (False, most_without_link)):
            text = compose(
                texts(locale), ["confirmation"], facts.subject, facts.readers[shape], now=facts.now,
                links=links, form="sms",
            )  # fmt: skip
            sent, charge = as_leaves(text, facts.country, "sms", facts.now.date())
            assert charge is not None
            assert charge.counted.segments <= limit, sent.body


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("ru", "15 января 2027 г., пятница"),
        ("kk", "2027 жылғы 15 қаңтар, жұма"),
        ("en", "Friday, 15 January 2027"),
        ("pt-BR", "sexta-feira, 15 de janeiro de 2027"),
        ("fa", "جمعه ۲۵ دی ۱۴۰۵"),
        ("fr", "vendredi 15 janvier 2027"),
        ("zh-TW", "民國116年1月15日 星期五"),
    ],
)
def test_papers_are_dated_in_the_calendar_of_the_place(locale, expected):
    at = datetime(2027, 1, 15, 10, tzinfo=ZoneInfo(sample(locale).subject.zone))
    assert moment(texts(locale), "document", at, sample(locale).subject.zone) == expected


def test_everyday_messages_in_taiwan_do_not_count_years_of_the_republic():
    assert "民國" not in golden("zh-TW")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2027-03-21T10:00", "یکشنبه ۱ فروردین ۱۴۰۶"),
        ("2027-03-20T10:00", "شنبه ۲۹ اسفند ۱۴۰۵"),
        ("2026-03-20T23:30", "جمعه ۲۹ اسفند ۱۴۰۴"),
    ],
)
def test_the_persian_year_turns_at_nowruz(at, expected):
    zone = "Asia/Tehran"
    when = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone))
    assert moment(texts("fa"), "document", when, zone) == expected


def test_a_day_is_that_of_the_branch_and_not_that_of_the_server():
    midnight = datetime.fromisoformat("2027-01-14T20:45:00+00:00")
    assert moment(texts("fa"), "date", midnight, "Asia/Tehran") == "جمعه ۲۵ دی"
    assert moment(texts("ru"), "date", midnight, "Asia/Almaty") == "пятница, 15 января"
    assert moment(texts("pt-BR"), "date", midnight, "America/Sao_Paulo") == "quinta-feira, 14 de janeiro"


def test_persian_messages_have_persian_digits_outside_links_and_phones():
    for name, _, _, body, _ in messages("fa"):
        outside = ISOLATED.sub("", body)
        assert not re.search(r"[0-9٠-٩]", outside), (name, outside)


def test_persian_messages_isolate_everything_that_runs_the_other_way():
    for name, _, _, body, _ in messages("fa"):
        outside = ISOLATED.sub("", body)
        assert not re.search(r"[A-Za-z]", outside), (name, outside)
        assert body.count("\u2066") + body.count("\u2068") == body.count("\u2069"), name


def test_persian_letters_are_the_persian_ones():
    assert not re.search("[يكة]", golden("fa"))


def test_french_sets_its_double_marks_off_with_spaces_that_do_not_break():
    for name, form, _, body, _ in messages("fr"):
        if form == "full":
            assert not re.search(r"(?<![\u00a0\u202f/\d])[;!?](?!\S)|(?<![\u00a0/\dps]):(?!//)", body), (
                name,
                body,
            )


def test_an_evening_before_does_not_promise_hours():
    hours = re.compile(r"через|сағаттан кейін|in \d+ hours?|em \d+ horas?|ساعت دیگر|dans \d+ heures?|小時後")
    for locale in LOCALES:
        assert not hours.search(golden(locale))


@pytest.mark.parametrize("form", ["full", "sms"])
@pytest.mark.parametrize("reminder", ["details", "confirm-request"])
def test_reminders_in_taiwan_ask_for_the_insurance_card_and_the_records(reminder, form):
    bodies = [body for name, how, _, body, _ in messages("zh-TW") if (name, how) == (reminder, form)]
    assert bodies
    assert all("健保卡" in body and "病歷" in body for body in bodies)


@pytest.mark.parametrize("form", ["full", "sms"])
def test_the_notice_in_taiwan_names_the_department(form):
    bodies = [body for name, how, _, body, _ in messages("zh-TW") if (name, how) == ("details", form)]
    assert all("牙科" in body for body in bodies)
