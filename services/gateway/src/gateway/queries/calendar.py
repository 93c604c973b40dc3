"""The calendar file of an appointment, with what the directory says around it."""

from datetime import datetime

from common.calendar import CalendarFile, calendar_file
from common.contracts.booking import AppointmentRecord
from common.contracts.directory import Directory


def of_appointment(record: AppointmentRecord, directory: Directory, *, now: datetime) -> CalendarFile:
    """As the patient downloads it."""
    state = record.appointment
    return calendar_file(
        state,
        network=directory.network,
        branch=next((one for one in directory.branches if one.branch_id == state.branch_id), None),
        practitioner=next(
            (one for one in directory.practitioners if one.practitioner_id == state.practitioner_id), None
        ),
        now=now,
    )
