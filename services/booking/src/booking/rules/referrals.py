"""Referrals: what may be asked of whom, for how long, and how a referral follows its appointment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from booking.rules.appointment import Appointment
from booking.rules.catalogue import Catalogue
from booking.rules.refusals import ReferralDoesNotFit, ReferralOver
from common.contracts.booking import (
    BookAppointment,
    CreateReferral,
    DeclineReason,
    Referral,
    ReferralStatus,
    Status,
    Urgency,
)
from common.contracts.directory import Service
from common.errors import UnknownThing, VersionConflict

VALID: Mapping[Urgency, timedelta] = {
    "urgent": timedelta(days=3),
    "soon": timedelta(days=14),
    "routine": timedelta(days=90),
}
"""Within which time a referral is to be booked, where nobody says otherwise."""
ANOTHER_CHANCE = timedelta(days=3)
"""The least time to book again after an appointment was cancelled or missed."""

FOLLOWS: Mapping[Status, ReferralStatus] = {
    "held": "open",
    "booked": "booked",
    "confirmed": "booked",
    "displaced": "booked",
    "arrived": "booked",
    "fulfilled": "done",
    "noshow": "open",
    "cancelled": "open",
}
"""What a referral is while its appointment is in a status."""


@dataclass(frozen=True)
class Shown:
    """A referral with whom its appointment is, who may have changed since."""

    referral: Referral
    booked_with: UUID | None

    @property
    def concerns(self) -> frozenset[UUID]:
        """The practitioners who see what becomes of it."""
        known = {self.referral.from_practitioner_id, self.referral.wish.practitioner_id, self.booked_with}
        return frozenset(one for one in known if one is not None)


def create(
    command: CreateReferral, catalogue: Catalogue, visit: Appointment | None, *, now: datetime
) -> Referral:
    """A referral that somebody can fulfil, by whoever treated the patient."""
    catalogue.practitioner(command.from_practitioner_id)
    if command.visit_id is not None and (
        visit is None
        or visit.patient_id != command.patient_id
        or visit.practitioner_id != command.from_practitioner_id
    ):
        raise UnknownThing("visit", command.visit_id)
    _check_offered(command, catalogue)
    valid = VALID[command.urgency] if command.valid_days is None else timedelta(days=command.valid_days)
    return Referral(
        version=1,
        status="open",
        created_at=now,
        expires_at=now + valid,
        **command.model_dump(exclude={"command_id", "valid_days"}),
    )


def _check_offered(command: CreateReferral, catalogue: Catalogue) -> None:
    wish = command.wish
    if wish.branch_id is not None:
        catalogue.branch(wish.branch_id)
    if wish.practitioner_id is not None:
        catalogue.practitioner(wish.practitioner_id)
    services = (
        [catalogue.service(wish.service_id)]
        if wish.service_id is not None
        else [one for one in catalogue.services.values() if one.kind == wish.service_kind]
    )
    catalogue.expect_offered(services, branch_id=wish.branch_id, practitioner_id=wish.practitioner_id)


def check_fits(referral: Referral, command: BookAppointment, service: Service) -> None:
    """Refuse a booking of something else than what was asked for, or of what is not open any more."""
    if referral.status != "open":
        raise ReferralOver(f"This referral is {referral.status}", status=referral.status)
    wish = referral.wish
    fits = (
        referral.patient_id == command.patient_id
        and wish.service_id in {None, service.service_id}
        and wish.service_kind in {None, service.kind}
        and wish.practitioner_id in {None, command.practitioner_id}
        and wish.branch_id in {None, command.branch_id}
    )
    if not fits:
        raise ReferralDoesNotFit(
            "The referral asks for something else", wish=wish.model_dump(mode="json", exclude_none=True)
        )


def follow(referral: Referral, appointment_id: UUID, status: Status, *, now: datetime) -> Referral:
    """The referral after its appointment came into a status; itself where that changes nothing.

    What was declined or has expired meanwhile stays so.
    """
    target = FOLLOWS[status]
    if referral.status == target or referral.status in {"declined", "expired"}:
        return referral
    return referral.model_copy(
        update={
            "status": target,
            "version": referral.version + 1,
            "appointment_id": appointment_id,
            "expires_at": max(referral.expires_at, now + ANOTHER_CHANCE)
            if target == "open"
            else referral.expires_at,
        }
    )


def decline(referral: Referral, reason: DeclineReason, *, if_version: int | None) -> Referral:
    """Nothing will come of it; what is booked is to be cancelled first."""
    if if_version is not None and if_version != referral.version:
        raise VersionConflict("It has changed since you looked", version=referral.version)
    return _end(referral, "declined").model_copy(update={"declined": reason})


def expire(referral: Referral) -> Referral:
    """Nobody booked it in its time."""
    return _end(referral, "expired")


def _end(referral: Referral, status: ReferralStatus) -> Referral:
    if referral.status != "open":
        raise ReferralOver(f"This referral is {referral.status}", status=referral.status)
    return referral.model_copy(update={"status": status, "version": referral.version + 1})
