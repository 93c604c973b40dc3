"""The calendar file of an appointment, with what the directory says around it."""

from datetime import datetime

from common.calendar import CalendarFile, calendar_file
from common.contracts.booking import AppointmentRecord
from common.contracts.directory import Directory
from gateway.queries.directory import around


def of_appointment(
    record: AppointmentRecord, directory: Directory, *, join_url: str, now: datetime
) -> CalendarFile:
    """As the patient downloads it; `join_url` is that of an online visit which may be told by now, or empty."""
    known = around(directory, record.appointment)
    return calendar_file(
        record.appointment,
        network=directory.network,
        branch=known.branch,
        practitioner=known.practitioner,
        online=known.service is not None and known.service.virtual,
        join_url=join_url,
        now=now,
    )
