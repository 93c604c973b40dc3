"""An appointment, the statuses it may have, and what each act makes of it.

The statuses are FHIR's where FHIR has them. Which act is possible in which status is data (`TRANSITIONS`); a
function per act says what else it takes and changes.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from booking.rules import ledger
from booking.rules.giving_up import check_reason, is_late
from booking.rules.ledger import Account, Entry
from booking.rules.refusals import (
    HoldOver,
    IllegalTransition,
    NotStarted,
    TooLateToCancel,
    TooLateToMove,
    TooManyMoves,
)
from common.contracts.booking import Instalment, Source, Status
from common.errors import VersionConflict

OCCUPYING: tuple[Status, ...] = ("held", "booked", "confirmed", "arrived", "fulfilled")
"""Statuses whose time belongs to the appointment. A visit that took place keeps its time: nothing is booked over it."""

FREE: tuple[Status, ...] = ("noshow", "cancelled", "displaced")
"""The others, whose time anybody may have."""

Act = Literal[
    "take-up", "release", "displace", "confirm", "cancel", "reschedule", "check-in", "complete", "no-show", "correct",
]  # fmt: skip


@dataclass(frozen=True)
class Transition:
    """From which statuses an act leads to which (`None`: back to the one before)."""

    sources: frozenset[Status]
    target: Status | None


TRANSITIONS: dict[Act, Transition] = {
    "take-up": Transition(frozenset({"held"}), "booked"),
    "release": Transition(frozenset({"held"}), "cancelled"),
    "displace": Transition(frozenset({"booked", "confirmed"}), "displaced"),
    "confirm": Transition(frozenset({"booked"}), "confirmed"),
    "cancel": Transition(frozenset({"booked", "confirmed", "displaced"}), "cancelled"),
    "reschedule": Transition(frozenset({"booked", "confirmed", "displaced"}), "booked"),
    "check-in": Transition(frozenset({"booked", "confirmed"}), "arrived"),
    "complete": Transition(frozenset({"booked", "confirmed", "arrived"}), "fulfilled"),
    "no-show": Transition(frozenset({"booked", "confirmed"}), "noshow"),
    "correct": Transition(frozenset({"arrived", "fulfilled", "noshow"}), None),
}
"""A hold that nobody took up becomes `cancelled` by itself; nobody was told of it, so no event tells of its end.

The version counts what was told: a hold has version 0, also after its end, and 1 once it is booked.
"""


@dataclass(frozen=True)
class Appointment:
    """One row: a hold, an appointment and its visit are the same thing at different times."""

    network_id: str
    appointment_id: UUID
    version: int
    status: Status
    patient_id: UUID
    practitioner_id: UUID
    branch_id: UUID
    service_id: UUID
    starts_at: datetime
    ends_at: datetime
    source: Source
    created_at: datetime
    room_id: UUID | None = None
    buffer_before: int = 0
    buffer_after: int = 0
    overlap_lane: int = 0
    overbook_reason: str | None = None
    series_id: UUID | None = None
    campaign_id: UUID | None = None
    booked_by: UUID | None = None
    utm: dict[str, str] = field(default_factory=dict)
    sequence: int = 0
    moves: int = 0
    path: tuple[Status, ...] = ()
    """The statuses that `correct` can go back to, the latest last."""
    held_until: datetime | None = None
    held_for: UUID | None = None
    """What a hold was made for: a displaced appointment, or an entry of the waitlist."""
    answer_by: datetime | None = None
    """Until when the patient of a displaced appointment may choose, before staff is asked to call."""
    confirmed_at: datetime | None = None
    arrived_at: datetime | None = None
    completed_at: datetime | None = None
    cancel_reason: str | None = None
    late_cancel: bool = False
    price: int | None = None
    """Minor units: as the catalogue had it when the visit was booked, or as it was agreed on."""
    currency: str = ""
    list_price: int | None = None
    """What the catalogue asked for, where `price` is another; `price_reason` says why."""
    price_reason: str | None = None
    instalments: tuple[Instalment, ...] = ()
    """When the open part of the price is to be paid."""
    entries: tuple[Entry, ...] = ()
    """What came and went for it, the latest last."""

    @property
    def place(self) -> tuple[UUID, UUID, UUID, UUID, datetime]:
        """For whom what is done by whom, where and when."""
        return self.patient_id, self.service_id, self.practitioner_id, self.branch_id, self.starts_at

    @property
    def busy_from(self) -> datetime:
        """From when the practitioner and the room are taken."""
        return self.starts_at - timedelta(minutes=self.buffer_before)

    @property
    def busy_to(self) -> datetime:
        """Until when the practitioner and the room are taken."""
        return self.ends_at + timedelta(minutes=self.buffer_after)

    @property
    def paid(self) -> int:
        """What was paid so far and has not gone back, in minor units."""
        return ledger.net(self.entries)

    @property
    def account(self) -> Account:
        """What it costs and what was paid for it."""
        return Account(
            patient_id=self.patient_id,
            branch_id=self.branch_id,
            status=self.status,
            price=self.price,
            currency=self.currency,
            paid=self.paid,
            instalments=self.instalments,
        )


def expect_version(appointment: Appointment, if_version: int | None) -> None:
    """Refuse to change what the caller has not seen."""
    if if_version is not None and if_version != appointment.version:
        raise VersionConflict("It has changed since you looked", version=appointment.version)


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
