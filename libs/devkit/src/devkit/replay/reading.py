"""The file: one row per appointment, when it was made, for which day, and whether the patient came.

Columns: `PatientId`, `AppointmentID`, `Gender` (F or M), `ScheduledDay` (local date and time at which it was made),
`AppointmentDay` (local date; its hour is not known), `Age`, `No_show` (Yes: the patient stayed away). Others are ignored.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, islice
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Sao_Paulo")
MADE_AFTER_ITS_DAY = "made after its own day"
NEGATIVE_AGE = "negative age"
UNREADABLE = "unreadable"
TWICE = "the same appointment twice"
COLUMNS = frozenset(
    {"PatientId", "AppointmentID", "Gender", "ScheduledDay", "AppointmentDay", "Age", "No_show"}
)


class NotThisFile(Exception):  # noqa: N818 - named after what it says
    """The file is not of this form."""


@dataclass(frozen=True)
class Row:
    """One appointment as it really was; `made_at` is an instant, `day` is local."""

    appointment: str
    patient: str
    female: bool
    made_at: datetime
    day: date
    stayed_away: bool

    @property
    def hour(self) -> datetime:
        """The local hour in which it was made."""
        return self.made_at.replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Reading:
    """What can be replayed, in the order in which it was made, and what cannot, by reason."""

    rows: list[Row]
    skipped: Counter[str]

    @property
    def hours(self) -> list[tuple[datetime, list[Row]]]:
        """By the hour in which they were made."""
        return [(hour, list(rows)) for hour, rows in groupby(self.rows, key=lambda row: row.hour)]

    @property
    def days(self) -> list[date]:
        """Every day on which somebody is expected."""
        return sorted({row.day for row in self.rows})

    def no_show_share(self, appointments: Iterable[str]) -> float:
        """The share of these appointments whose patient stayed away."""
        wanted = set(appointments)
        missed = [row.stayed_away for row in self.rows if row.appointment in wanted]
        return sum(missed) / len(missed) if missed else 0.0


def read(path: Path, *, limit: int | None = None) -> Reading:
    """The first `limit` rows, or all. Raises `NotThisFile`."""
    rows: list[Row] = []
    skipped: Counter[str] = Counter()
    seen: set[str] = set()
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.DictReader(file)
        if missing := COLUMNS - set(lines.fieldnames or ()):
            raise NotThisFile(f"{path} has no column {', '.join(sorted(missing))}")
        for line in islice(lines, limit):
            row = _row(line)
            reason = row if isinstance(row, str) else TWICE if row.appointment in seen else None
            if reason is not None or isinstance(row, str):
                skipped[str(reason)] += 1
                continue
            seen.add(row.appointment)
            rows.append(row)
    rows.sort(key=lambda row: (row.made_at, row.appointment))
    return Reading(rows, skipped)


def _row(line: Mapping[str, str]) -> Row | str:
    """The row, or why it is skipped."""
    try:
        made_at = datetime.fromisoformat(line["ScheduledDay"].removesuffix("Z")).replace(tzinfo=ZONE)
        day = date.fromisoformat(line["AppointmentDay"][:10])
        age = int(line["Age"])
        patient, appointment = line["PatientId"].strip(), line["AppointmentID"].strip()
        stayed_away = {"yes": True, "no": False}[line["No_show"].strip().lower()]
    except (KeyError, ValueError, TypeError, AttributeError):
        return UNREADABLE
    if not patient or not appointment:
        return UNREADABLE
    if age < 0:
        return NEGATIVE_AGE
    if day < made_at.date():
        return MADE_AFTER_ITS_DAY
    return Row(appointment, patient, line["Gender"].strip().upper() == "F", made_at, day, stayed_away)


def until_after(hour: datetime) -> datetime:
    """The end of an hour: nobody gets a slot that had begun when the appointment was made."""
    return hour + timedelta(hours=1)
