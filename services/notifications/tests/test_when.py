"""Days and times as patients write them, in every language."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.rules.when import When, when

TODAY = date(2026, 11, 4)
"""A Wednesday."""


def day(number: int, month: int = 11) -> dict[str, date]:
    return {"first": date(2026, month, number), "last": date(2026, month, number)}


AFTERNOON = {"from_minute": 12 * 60, "to_minute": 18 * 60}
MORNING = {"from_minute": 0, "to_minute": 12 * 60}
EVENING = {"from_minute": 17 * 60, "to_minute": 24 * 60}


def at(hour: int, minute: int = 0) -> dict[str, int | bool]:
    start = hour * 60 + minute
    return {"from_minute": start, "to_minute": start + 60, "exact": True}


SAID: dict[str, dict[str, Any]] = {
    "завтра после обеда": {**day(5), **AFTERNOON},
    "послезавтра утром": {**day(6), **MORNING},
    "в пятницу в 15": {**day(6), **at(15)},
    "пятница 15.30": {**day(6), **at(15, 30)},
    "12 ноября в 10 утра": {**day(12), **at(10)},
    "12.11": day(12),
    "в 3 дня": at(15),
    "после 16": {"from_minute": 16 * 60},
    "до 12": {"to_minute": 12 * 60},
    "с 15 до 18": {"from_minute": 15 * 60, "to_minute": 18 * 60},
    "на следующей неделе": {"first": date(2026, 11, 9), "last": date(2026, 11, 15)},
    "на следующей неделе во вторник": day(10),
    "ертең": day(5),
    "ертең сағат 15-те": {**day(5), **at(15)},
    "жұма түстен кейін": {**day(6), **AFTERNOON},
    "tomorrow afternoon": {**day(5), **AFTERNOON},
    "next tuesday at 3pm": {**day(10), **at(15)},
    "november 12 at 10am": {**day(12), **at(10)},
    "at 3": at(15),
    "amanhã de manhã": {**day(5), **MORNING},
    "AMANHA DE MANHA": {**day(5), **MORNING},
    "sexta às 15h30": {**day(6), **at(15, 30)},
    "sexta-feira de tarde": {**day(6), **AFTERNOON},
    "dia 12 às 9h": {**day(12), **at(9)},
    "hoje à noite": {**day(4), **EVENING},
    "semana que vem": {"first": date(2026, 11, 9), "last": date(2026, 11, 15)},
    "demain matin": {**day(5), **MORNING},
    "vendredi à 15h": {**day(6), **at(15)},
    "après 17h": {"from_minute": 17 * 60},
    "le 12 novembre": day(12),
    "l'après-midi": AFTERNOON,
    "mardi de la semaine prochaine": day(10),
    "فردا عصر": {**day(5), **AFTERNOON},
    "شنبه ساعت ۳ عصر": {**day(7), **at(15)},
    "پنج‌شنبه": day(5),
    "پس فردا صبح": {**day(6), **MORNING},
    "ساعت ۱۵": at(15),
    "۲۰ آبان": day(11),
    "明天下午": {**day(5), **AFTERNOON},
    "後天早上": {**day(6), **MORNING},
    "下週三下午三點半": {**day(11), **at(15, 30)},
    "11月12日 10點": {**day(12), **at(10)},
    "今天晚上七點": {**day(4), **at(19)},
    "15:30": at(15, 30),
    "۱۵:۳۰": at(15, 30),
    "2026-11-20": day(20),
}


@pytest.mark.parametrize("text", SAID)
def test_a_day_and_a_time_are_read_in_every_language(text):
    assert when(text, TODAY) == When(**SAID[text])


@pytest.mark.parametrize("text", ["", "3", "хочу записаться", "да", "👍", "quero marcar", "好的", "بله", "32.13", "25:00", "7 777 123 45 67"])  # fmt: skip
def test_what_names_no_time_is_no_wish(text):
    assert when(text, TODAY) is None


def test_a_day_that_has_passed_is_next_years():
    assert when("3 ноября", TODAY) == When(first=date(2027, 11, 3), last=date(2027, 11, 3))
    assert when("۱۲ آبان", TODAY) == When(first=date(2027, 11, 3), last=date(2027, 11, 3))


def test_a_new_year_of_the_persian_calendar_begins_in_march():
    assert when("۱ فروردین", TODAY) == When(first=date(2027, 3, 21), last=date(2027, 3, 21))


@given(st.text(max_size=80))
def test_no_text_breaks_it_and_no_day_is_in_the_past(text):
    wish = when(text, TODAY)
    if wish is not None and wish.first is not None and "-" not in text:
        assert wish.first >= TODAY


@given(st.integers(0, 23), st.integers(0, 59))
def test_a_clock_time_is_itself_from_the_morning_on(hour, minute):
    wish = when(f"{hour}:{minute:02}", TODAY)
    assert wish is not None
    said = hour * 60 + minute
    assert wish.from_minute == (said + 12 * 60 if hour < 8 else said)
