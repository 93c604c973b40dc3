"""What each act makes of an appointment: which is possible in which status is data (`TRANSITIONS`), a function per
act says what else it takes and changes."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from booking.rules.appointment.statuses import TRANSITIONS, Act
from booking.rules.appointment.value import Appointment
from booking.rules.giving_up import check_reason, is_late
from booking.rules.refusals import (
    HoldOver,
    IllegalTransition,
    NotStarted,
    TooLateToCancel,
    TooLateToMove,
    TooManyMoves,
)


def _go(appointment: Appointment, act: Act) -> Appointment:
    transition = TRANSITIONS[act]
    if appointment.status not in transition.sources:
        raise IllegalTransition(
            f"{act} is not possible: the appointment is {appointment.status}",
            status=appointment.status,
            act=act,
        )
    target = transition.target or (appointment.path[-1] if appointment.path else "booked")
    return replace(appointment, status=target, version=appointment.version + 1)


def take_up(hold: Appointment, *, now: datetime) -> Appointment:
    """Make a hold an appointment; refused where its time has run out."""
    over = hold.status == "cancelled" and hold.version == 0
    if over or (hold.held_until is not None and hold.held_until <= now):
        raise HoldOver("This time is not held any more")
    return replace(_go(hold, "take-up"), held_until=None, created_at=now)


def release(hold: Appointment) -> Appointment:
    """Give a held time back; nobody was told of it, so its version stays."""
    released = _go(hold, "release")
    return replace(released, version=hold.version, held_until=None, cancel_reason="hold-released")


def displace(appointment: Appointment, *, answer_by: datetime | None) -> Appointment:
    """The clinic cannot keep this time."""
    return replace(_go(appointment, "displace"), answer_by=answer_by)


def confirm(appointment: Appointment, *, now: datetime) -> Appointment:
    """The patient will come. Confirming twice changes nothing, so that no event is told twice."""
    if appointment.status == "confirmed":
        return appointment
    return replace(_go(appointment, "confirm"), confirmed_at=now)


def cancel(
    appointment: Appointment,
    *,
    now: datetime,
    reason: str,
    notice: timedelta,
    by_patient: bool,
    branch_phone: str,
) -> Appointment:
    """Free the slot. Inside the notice a patient is refused, and anybody else's cancellation counts as late.

    Whom the clinic displaced is never late.
    """
    cancelled = _go(appointment, "cancel")
    displaced = appointment.status == "displaced"
    check_reason(reason, by_patient=by_patient)
    late = not displaced and is_late(appointment.starts_at, now=now, notice=notice)
    if late and by_patient:
        raise TooLateToCancel(
            "It is too late to cancel online: please call the clinic",
            branch_phone=branch_phone,
            until=(appointment.starts_at - notice).isoformat(),
        )
    return replace(cancelled, cancel_reason=reason, late_cancel=late, answer_by=None)


def may_move(
    appointment: Appointment,
    *,
    now: datetime,
    notice: timedelta,
    moves_limit: int,
    by_patient: bool,
    branch_phone: str,
) -> None:
    """Refuse a move that the status, or for patients the notice or the number of moves, does not allow.

    Whom the clinic displaced is bound by neither.
    """
    _go(appointment, "reschedule")
    if not by_patient or appointment.status == "displaced":
        return
    if is_late(appointment.starts_at, now=now, notice=notice):
        raise TooLateToMove(
            "It is too late to move online: please call the clinic",
            branch_phone=branch_phone,
            until=(appointment.starts_at - notice).isoformat(),
        )
    if appointment.moves >= moves_limit:
        raise TooManyMoves(
            "It was moved as often as is possible online: cancel it, or call the clinic",
            branch_phone=branch_phone,
            limit=moves_limit,
        )


def reschedule(
    appointment: Appointment,
    *,
    starts_at: datetime,
    duration: timedelta,
    practitioner_id: UUID,
    branch_id: UUID,
    room_id: UUID | None,
    by_patient: bool,
) -> Appointment:
    """Another time, to be confirmed anew: having agreed to Tuesday says nothing about Friday.

    What was overbooked moves to a time of its own.
    """
    return replace(
        _go(appointment, "reschedule"),
        starts_at=starts_at,
        ends_at=starts_at + duration,
        practitioner_id=practitioner_id,
        branch_id=branch_id,
        room_id=room_id,
        confirmed_at=None,
        answer_by=None,
        overlap_lane=0,
        overbook_reason=None,
        sequence=appointment.sequence + 1,
        moves=appointment.moves + (by_patient and appointment.status != "displaced"),
    )


def check_in(appointment: Appointment, *, now: datetime) -> Appointment:
    """The patient has arrived."""
    arrived = _go(appointment, "check-in")
    return replace(arrived, arrived_at=now, path=(*appointment.path, appointment.status))


def complete(appointment: Appointment, *, now: datetime) -> Appointment:
    """The visit took place: not before its start, unless the patient is known to have arrived."""
    completed = _go(appointment, "complete")
    if appointment.status != "arrived":
        _expect_started(appointment, now)
    return replace(completed, completed_at=now, path=(*appointment.path, appointment.status))


def miss(appointment: Appointment, *, now: datetime) -> Appointment:
    """The patient did not come, which nobody can know before the start."""
    missed = _go(appointment, "no-show")
    _expect_started(appointment, now)
    return replace(missed, path=(*appointment.path, appointment.status))


def correct(appointment: Appointment) -> Appointment:
    """Undo a wrong check-in, completion or no-show. Money that was taken stays taken."""
    corrected = _go(appointment, "correct")
    return replace(
        corrected,
        path=appointment.path[:-1],
        completed_at=None if appointment.status == "fulfilled" else appointment.completed_at,
        instalments=() if appointment.status == "fulfilled" else appointment.instalments,
        arrived_at=None if appointment.status == "arrived" else appointment.arrived_at,
    )


def _expect_started(appointment: Appointment, now: datetime) -> None:
    if now < appointment.starts_at:
        raise NotStarted("The visit has not started yet", starts_at=appointment.starts_at.isoformat())
