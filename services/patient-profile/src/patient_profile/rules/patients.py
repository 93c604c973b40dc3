"""What a patient is here, and what registering, recognising and changing one means."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from common.caller import Caller
from common.contracts.booking import AppointmentState
from common.contracts.directory import is_zone
from common.contracts.patient_profile import (
    Alert,
    Card,
    Channel,
    Contact,
    PatientChanges,
    Preferences,
    RegisterPatient,
)
from common.errors import Refused, VersionConflict
from patient_profile.rules import names, phones

PROVISIONAL_FOR = timedelta(hours=24)
"""How long somebody who began to book, and did not, is kept."""

HOLD_WAITS = timedelta(hours=1)
"""How long the sweep waits for a hold to become an appointment or to expire."""


class MalformedEmail(Refused):
    """What was typed cannot be an e-mail address."""

    code = "malformed-email"


class MalformedZone(Refused):
    """Not an IANA time zone."""

    code = "malformed-zone"


class PatientExists(Refused):
    """Somebody else has this name and phone already; `extra["patient_id"]` is theirs."""

    code = "patient-exists"


class PatientIdTaken(Refused):
    """The minted id belongs to another patient."""

    code = "patient-id-taken"


@dataclass(frozen=True)
class Patient:
    """One person's card with what staff alone see. `provisional` and `version` stand on the card."""

    card: Card
    alerts: tuple[Alert, ...] = ()
    tags: tuple[str, ...] = ()
    created_at: datetime | None = None


def email(text: str | None) -> str | None:
    """An address as it is kept, or None. Refuses what has not the shape of one."""
    if text is None or not text.strip():
        return None
    address = text.strip()
    name, at, host = address.rpartition("@")
    if not (name and at and "." in host.strip(".")) or any(
        c.isspace() or not c.isprintable() for c in address
    ):
        raise MalformedEmail("This is not an e-mail address")
    return address


def is_provisional(command: RegisterPatient, caller: Caller) -> bool:
    """Whoever is nobody's staff can only make a provisional patient, whatever the command says."""
    return command.provisional or caller.is_patient


def registered(command: RegisterPatient, caller: Caller) -> Card:
    """The card of somebody new. Refuses `malformed-phone`, `malformed-name`, `malformed-email`."""
    name = names.cleaned(command.full_name)
    split = names.parts(name, command.country)
    return Card(
        patient_id=command.patient_id,
        version=1,
        full_name=name,
        given_name=split.given_name,
        patronymic=split.patronymic,
        family_name=split.family_name,
        locale=command.locale,
        phones=[phones.parse(command.phone, command.country, verified=command.phone_verified)],
        email=email(command.email),
        provisional=is_provisional(command, caller),
    )


def recognised(known: Card, new: Card) -> Card:
    """The card of somebody who registers again: what was empty is filled, nothing is replaced.

    An e-mail address comes from staff only: knowing a name and a phone must not be enough to be sent the mail.
    """
    proven = {contact.phone for contact in new.phones if contact.verified}
    return known.model_copy(
        update={
            "locale": known.locale or new.locale,
            "email": known.email or (None if new.provisional else new.email),
            "phones": [
                contact.model_copy(update={"verified": contact.verified or contact.phone in proven})
                for contact in known.phones
            ],
            "provisional": known.provisional and new.provisional,
        }
    )


def changed(patient: Patient, changes: PatientChanges, country: str, *, if_version: int | None) -> Patient:
    """The patient after a change by staff, under the next version; only fields that were set change.

    `None` empties what can be empty; a name and phones cannot. Refuses `version-conflict` and what is malformed.
    """
    if if_version is not None and if_version != patient.card.version:
        raise VersionConflict("Somebody changed this card", version=patient.card.version)
    given = {field: getattr(changes, field) for field in changes.model_fields_set}
    card = patient.card.model_copy(
        update={
            **_name(given, country),
            **_reach(given, patient.card.phones, country),
            **_person(given),
            "version": patient.card.version + 1,
            "provisional": False,
        }
    )
    return replace(
        patient,
        card=card,
        alerts=tuple(given["alerts"] or ()) if "alerts" in given else patient.alerts,
        tags=tuple(dict.fromkeys(given["tags"] or ())) if "tags" in given else patient.tags,
    )


def _name(given: Mapping[str, Any], country: str) -> dict[str, Any]:
    update: dict[str, Any] = {}
    if given.get("full_name") is not None:
        name = names.cleaned(given["full_name"])
        split = names.parts(name, country)
        update = {
            "full_name": name,
            "given_name": split.given_name,
            "patronymic": split.patronymic,
            "family_name": split.family_name,
        }
    for part in ("given_name", "patronymic", "family_name"):
        if part in given:
            update[part] = names.cleaned(given[part]) if given[part] else ""
    return update


def _reach(given: Mapping[str, Any], known: list[Contact], country: str) -> dict[str, Any]:
    update: dict[str, Any] = {}
    if given.get("phones") is not None:
        verified = {contact.phone for contact in known if contact.verified}
        read = [phones.parse(text, country) for text in given["phones"]]
        update["phones"] = [
            contact.model_copy(update={"verified": contact.phone in verified})
            for contact in {contact.phone: contact for contact in read}.values()
        ]
    if "email" in given:
        update["email"] = email(given["email"])
    if "preferences" in given:
        update["preferences"] = given["preferences"] or Preferences()
    return update


def _person(given: Mapping[str, Any]) -> dict[str, Any]:
    if given.get("zone") is not None and not is_zone(given["zone"]):
        raise MalformedZone("Not an IANA time zone")
    update = {field: given[field] for field in ("birth_date", "locale", "zone") if field in given}
    if "sex" in given:
        update["sex"] = given["sex"] or "unknown"
    return update


def reached_by(card: Card, channel: Channel, handle: str | None) -> Card:
    """The card with how a channel without phone numbers knows somebody, under the next version; None forgets it.

    Nobody has been told of a provisional patient: their version stays.
    """
    others = {name: known for name, known in card.handles.items() if name != channel}
    handles = others if handle is None else {**others, channel: handle}
    if handles == card.handles:
        return card
    version = card.version if card.provisional else card.version + 1
    return card.model_copy(update={"handles": handles, "version": version})


def with_card(patient: Patient, card: Card) -> Patient:
    """The same patient under another card."""
    return replace(patient, card=card)


def is_found_by(card: Card) -> tuple[str, frozenset[str]]:
    """What somebody is recognised by: a name and phones."""
    return card.full_name, frozenset(contact.phone for contact in card.phones)


@dataclass(frozen=True)
class Sweep:
    """What becomes of provisional patients whose day is over."""

    real: list[UUID]
    held: list[UUID]
    over: list[UUID]


def to_sweep(due: Sequence[UUID], appointments: Iterable[AppointmentState]) -> Sweep:
    """Whoever has, or booked for somebody, an appointment is real, even a cancelled one; a hold is waited for."""
    booked: set[UUID] = set()
    holding: set[UUID] = set()
    for appointment in appointments:
        people = {appointment.patient_id, appointment.booked_by or appointment.patient_id}
        (holding if appointment.status == "held" else booked).update(people)
    return Sweep(
        real=[one for one in due if one in booked],
        held=[one for one in due if one in holding - booked],
        over=[one for one in due if one not in holding | booked],
    )
