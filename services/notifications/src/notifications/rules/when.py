"""Days and times in a patient's words: "завтра после обеда", "amanhã às 15h30", "明天下午", "روز شنبه عصر"."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from notifications.rules import words
from notifications.rules.words import Tokens

MORNING, NOON, AFTERNOON, EVENING = (0, 12 * 60), (11 * 60, 14 * 60), (12 * 60, 18 * 60), (17 * 60, 24 * 60)
PARTS: Mapping[str, tuple[int, int]] = {
    "morning": MORNING, "noon": NOON, "afternoon": AFTERNOON, "evening": EVENING,
}  # fmt: skip
OPENS_AT = 8
"""An hour before this one, said without a part of the day, is after noon: nobody means 3 in the night."""

READ_WITH_THE_NEXT = frozenset({"at", "after", "before", "date-before"})

_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})\s*(?:[:：](?P<minute>\d{2})(?!\d)|\.(?P<dotted>[0-5]\d)(?![\d.])"
    r"|(?:h|hs|hrs)(?:\s?(?P<french>[0-5]\d))?(?![\w'])|[點点時时](?:(?P<half>半)|(?P<chinese>\d{1,2})分?)?"
    r"|(?P<marked>[ap])\.?m\b\.?)"
)
_DATE = re.compile(
    r"(?<![\d.:])(?:(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)|(?P<d>\d{1,2})[./](?P<m>0?[1-9]|1[0-2])(?:[./]\d{2,4})?)"
    r"(?![\d:])|(?P<cm>\d{1,2})月(?P<cd>\d{1,2})[日號号]?"
)
_CHINESE_NEXT_WEEKDAY = re.compile(r"下[個个]?(?=(?:週|周|星期|禮拜)[一二三四五六日天])")
_CHINESE_NUMBER = re.compile(r"[一二三四五六七八九十兩两]{1,3}(?=[點点時时月日號号])")
_CHINESE_DIGITS = {sign: value for value, sign in enumerate("一二三四五六七八九", start=1)} | {
    "兩": 2,
    "两": 2,
}
_JALALI_DAYS = 1948320 - 1721425
"""From the days of the Persian calendar's reckoning to the ordinal of a Gregorian date."""


@dataclass(frozen=True)
class When:
    """What a wish for a time leaves open is None. Minutes are of the local day; `exact` is a clock time."""

    first: date | None = None
    last: date | None = None
    from_minute: int | None = None
    to_minute: int | None = None
    exact: bool = False

    def admits(self, day: date, minute: int) -> bool:
        """Whether this local day and minute is what was wished for."""
        return (
            (self.first is None or day >= self.first)
            and (self.last is None or day <= self.last)
            and (self.from_minute is None or minute >= self.from_minute)
            and (self.to_minute is None or minute < self.to_minute)
        )


def when(text: str, today: date) -> When | None:
    """The wish that a text has in it, or None. Weekdays are the next ones; a passed day of a month is next year's."""
    plain = _arabic_numbers(words.folded(text))
    dates = [found for each in _DATE.finditer(plain) if (found := _dated(each, today))]
    plain = _DATE.sub(lambda each: " " if _dated(each, today) else each.group(), plain)
    clocks, plain = _clocks(plain)
    reading = _Reading(today, tuple(words.tokens(plain)))
    reading.clocks.update(clocks)
    if dates:
        reading.wish = replace(reading.wish, first=dates[0], last=dates[-1])
    return reading.read()


def _clocks(plain: str) -> tuple[dict[str, int], str]:
    """Clock times, and the text with a token in place of each, so that words around it keep their places."""
    found: dict[str, int] = {}

    def mark(each: re.Match[str]) -> str:
        hour = int(each["hour"])
        minute = 30 if each["half"] else int(
            each["minute"] or each["dotted"] or each["french"] or each["chinese"] or 0
        )  # fmt: skip
        if hour > 24 or minute > 59:
            return each.group()
        if each["marked"]:
            hour = hour % 12 + (12 if each["marked"] == "p" else 0)
        token = f"@{len(found)}"
        found[token] = hour * 60 + minute
        return f" {token} "

    return found, _CLOCK.sub(mark, plain)


class _Reading:
    """One text, read from left to right."""

    def __init__(self, today: date, said: Tokens) -> None:
        self.today = today
        self.said = said
        self.wish = When()
        self.clocks: dict[str, int] = {}
        self.part: tuple[int, int] | None = None
        self.bound: list[tuple[str, int]] = []
        """Clock times with the word before each: `at`, `after` or `before`."""
        self.next_week = False
        self.weekday: int | None = None
        self.before = ""
        """The word before this one, where it says how to read this one."""
        self.number: int | None = None
        """The bare number before this word, which will say what it counts."""

    def read(self) -> When | None:
        """The wish; None where there is none."""
        for kind, value, following in self._pieces():
            if kind in READ_WITH_THE_NEXT:
                self.before = kind
            elif kind == "number":
                self._number(value)
            elif kind == "part":
                self._part(value)
            else:
                self._word(kind, value, following)
                self.before, self.number = "", None
        self._days()
        self._times()
        return self.wish if self.wish != When() else None

    def _pieces(self) -> Iterator[tuple[str, int, int | None]]:
        """What kind of word stands there, its value, and the number that follows it."""
        place = 0
        lexicon = _lexicon()
        while place < len(self.said):
            word = self.said[place]
            phrase = words.longest(self.said, place, lexicon)
            if word in self.clocks:
                yield "clock", self.clocks[word], None
            elif word.isdecimal() and len(word) <= 2:
                yield "number", int(word), None
            elif phrase is not None:
                place += len(phrase)
                after = self.said[place] if place < len(self.said) else ""
                yield *lexicon[phrase], int(after) if after.isdecimal() and len(after) <= 2 else None
                continue
            place += 1

    def _number(self, value: int) -> None:
        before, self.before = self.before, ""
        self.number = None
        if before in {"at", "after", "before"} and value <= 24:
            self.bound.append((before, self._hour(value)))
        elif before == "date-before":
            self._day_of_month(value)
        elif before in PARTS and value <= 12:
            self.bound.append(("at", value * 60))
        else:
            self.number = value

    def _part(self, place: int) -> None:
        self.before = list(PARTS)[place]
        self.part = PARTS[self.before]
        if self.number is not None and self.number <= 12:
            self.bound.append(("at", self.number * 60))
        self.number = None

    def _word(self, kind: str, value: int, following: int | None) -> None:
        how = self.before if self.before in {"after", "before"} else "at"
        counted = self.number
        match kind:
            case "clock":
                self.bound.append((how, value))
            case "hours" if counted is not None and counted <= 24:
                self.bound.append((how, self._hour(counted)))
            case "date-after" if counted is not None:
                self._day_of_month(counted)
            case "month" if (day := counted or following) is not None:
                self._date(day, value)
            case "day":
                day_meant = self.today + timedelta(days=value)
                self.wish = replace(self.wish, first=day_meant, last=day_meant)
            case "weekday":
                self.weekday = value
            case "next-week":
                self.next_week = True

    def _hour(self, hour: int) -> int:
        return (hour + 12 if hour < OPENS_AT else hour) * 60

    def _date(self, day: int, month: int) -> None:
        found = _persian(day, month - 12, self.today) if month >= 12 else _next_of(day, month + 1, self.today)
        if found is not None:
            self.wish = replace(self.wish, first=found, last=found)

    def _day_of_month(self, day: int) -> None:
        for ahead in range(62):
            found = self.today + timedelta(days=ahead)
            if found.day == day:
                self.wish = replace(self.wish, first=found, last=found)
                return

    def _days(self) -> None:
        monday = self.today + timedelta(days=7 - self.today.weekday())
        if self.next_week and self.weekday is None:
            self.wish = replace(self.wish, first=monday, last=monday + timedelta(days=6))
        elif self.weekday is not None:
            start = monday if self.next_week else self.today + timedelta(days=1)
            day = start + timedelta(days=(self.weekday - start.weekday()) % 7)
            self.wish = replace(self.wish, first=day, last=day)

    def _times(self) -> None:
        if not self.bound:
            if self.part is not None:
                self.wish = replace(self.wish, from_minute=self.part[0], to_minute=self.part[1])
            return
        for how, minute in self.bound:
            said = self._in_part(minute)
            match how:
                case "after":
                    self.wish = replace(self.wish, from_minute=said)
                case "before":
                    self.wish = replace(self.wish, to_minute=said)
                case _:
                    self.wish = replace(self.wish, from_minute=said, to_minute=said + 60, exact=True)

    def _in_part(self, minute: int) -> int:
        """Three in the afternoon is fifteen, and so is three o'clock; ten in the morning stays ten."""
        if (
            self.part in {AFTERNOON, EVENING, NOON}
            and minute < 12 * 60
            and minute + 12 * 60 <= (self.part or EVENING)[1]
        ):
            return minute + 12 * 60
        return minute + 12 * 60 if self.part is None and minute < OPENS_AT * 60 else minute


@cache
def _lexicon() -> Mapping[Tokens, tuple[str, int]]:
    found: dict[Tokens, tuple[str, int]] = {}
    for kind in ("hours", "at", "before", "after", "date-before", "date-after", "next-week"):
        found |= dict.fromkeys(words.phrases(kind), (kind, 0))
    for place, part in enumerate(PARTS):
        found |= dict.fromkeys(words.phrases(part), ("part", place))
    for days, kind in enumerate(("today", "tomorrow", "after-tomorrow")):
        found |= dict.fromkeys(words.phrases(kind), ("day", days))
    found |= {phrase: ("weekday", day) for phrase, day in words.listed("weekdays").items()}
    persian = {words.tokens(name) for names in words.language("fa")["months"] for name in names}
    for phrase, month in words.listed("months").items():
        found[phrase] = ("month", month + (12 if phrase in persian else 0))
    return found


def _dated(found: re.Match[str], today: date) -> date | None:
    if found["year"]:
        try:
            return date(int(found["year"]), int(found["month"]), int(found["day"]))
        except ValueError:
            return None
    return _next_of(int(found["d"] or found["cd"]), int(found["m"] or found["cm"]), today)


def _next_of(day: int, month: int, today: date) -> date | None:
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def _persian(day: int, month: int, today: date) -> date | None:
    """The next such day of the Solar Hijri calendar (`month` from 0), by its arithmetic form of 2820 years."""
    for year in (today.year - 622, today.year - 621, today.year - 620):
        cycle = 474 + (year - 474) % 2820
        days = (
            day
            + (month * 31 if month < 7 else month * 30 + 6)
            + (cycle * 682 - 110) // 2816
            + (cycle - 1) * 365
        )
        found = date.fromordinal(days + (year - 474) // 2820 * 1029983 + _JALALI_DAYS)
        if found >= today:
            return found
    return None


def _arabic_numbers(plain: str) -> str:
    plain = _CHINESE_NEXT_WEEKDAY.sub("下週 ", plain)
    return _CHINESE_NUMBER.sub(lambda each: str(_number(each.group())), plain)


def _number(signs: str) -> int:
    tens, ten, ones = signs.rpartition("十")
    return (_CHINESE_DIGITS.get(tens, 1) * 10 if ten else 0) + _CHINESE_DIGITS.get(ones, 0)
