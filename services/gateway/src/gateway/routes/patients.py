"""Cards of patients, and everything about one of them."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Response
from pydantic import Field, StringConstraints

from common.contracts.booking import AppointmentsOfPatient
from common.contracts.directory import Locale
from common.contracts.patient_profile import (
    Alert,
    FindPatients,
    FullName,
    GetCards,
    GetProfile,
    PatientChanges,
    PhoneText,
    Preferences,
    UpdatePatient,
)
from common.errors import NotAllowed
from gateway.queries import patient_view
from gateway.routes.access import AuditedRoute, Input, answer, json_answer
from gateway.routes.bookings import Person, register
from gateway.routes.desk import Desk, desk_for, desk_with_key

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Searcher = Annotated[Desk, Depends(desk_for("patients.search"))]
Reader = Annotated[Desk, Depends(desk_for("patients.read"))]
Writer = Annotated[Desk, Depends(desk_with_key("patients.write"))]
Changer = Annotated[Desk, Depends(desk_for("patients.write"))]


class SearchInput(Input):
    """In the body, because a phone in a URL ends in logs."""

    phone: PhoneText | None = None
    name: FullName | None = None


class NamesInput(Input):
    """Whose names."""

    patient_ids: list[UUID] = Field(min_length=1, max_length=200)


class AlertInput(Input):
    """Something that must be seen before treating."""

    kind: Literal["allergy", "chronic", "contraindication", "other"]
    text: Annotated[str, StringConstraints(min_length=1, max_length=300)]


class PreferencesInput(Preferences):
    """How a patient wants to be reached."""

    model_config = Input.model_config


class ChangesInput(Input):
    """What a card may be given; what is left out stays as it is."""

    full_name: FullName | None = None
    given_name: str | None = Field(default=None, max_length=60)
    patronymic: str | None = Field(default=None, max_length=60)
    family_name: str | None = Field(default=None, max_length=60)
    phones: list[PhoneText] | None = Field(default=None, max_length=5)
    email: str | None = Field(default=None, max_length=200)
    sex: Literal["female", "male", "unknown"] | None = None
    birth_date: date | None = None
    locale: Locale | None = None
    zone: str | None = Field(default=None, max_length=60)
    preferences: PreferencesInput | None = None
    alerts: list[AlertInput] | None = Field(default=None, max_length=50)
    tags: list[Annotated[str, StringConstraints(max_length=40)]] | None = Field(default=None, max_length=50)
    add_note: Annotated[str, StringConstraints(max_length=2000)] | None = None
    if_version: int | None = None


@router.post("/api/v1/patients/search")
async def search(body: SearchInput, desk: Searcher) -> Response:
    """Candidates by phone in any shape, or by name: a list, never a guess, and only of those whom one may see."""
    place = await desk.parts.public_directory.network(desk.network_id)
    question = FindPatients(phone=body.phone, name=body.name, country=place.country)
    found = await desk.ask(question)
    theirs = await _theirs(desk, [one.card.patient_id for one in found.candidates])
    candidates = [one for one in found.candidates if one.card.patient_id in theirs]
    desk.about(found=",".join(str(one.card.patient_id) for one in candidates[:20]))
    return answer(found.model_copy(update={"candidates": candidates}))


@router.post("/api/v1/patients/names")
async def names(body: NamesInput, desk: Reader) -> Response:
    """What a list of ids says to a person: names and phones of those whom one may see; the others are left out."""
    theirs = await _theirs(desk, body.patient_ids)
    desk.about(found=",".join(str(one) for one in sorted(theirs)[:20]))
    found = await desk.ask(GetCards(patient_ids=sorted(theirs)))
    shown = [
        {
            "patient_id": str(patient_id),
            "full_name": card.full_name,
            "phone": card.phones[0].phone if card.phones else None,
        }
        for patient_id, card in found.cards.items()
    ]
    return json_answer(orjson.dumps({"patients": shown}))


@router.post("/api/v1/patients", status_code=201)
async def add(body: Person, desk: Writer) -> Response:
    """The patient of this phone and name, or a new one."""
    ids = await desk.ids()
    place = await desk.parts.public_directory.network(desk.network_id)
    patient_id = await register(desk.parts, desk.caller, place, body, ids, "patient", provisional=False)
    desk.about(patient_id=patient_id)
    profile = await desk.ask(GetProfile(patient_id=patient_id))
    return answer(profile, 201)


@router.get("/api/v1/patients/{patient_id}")
async def card(patient_id: UUID, desk: Reader) -> Response:
    """The card."""
    desk.about(patient_id=patient_id)
    await own_patient(desk, patient_id)
    return await desk.pass_on(GetProfile(patient_id=patient_id))


@router.patch("/api/v1/patients/{patient_id}")
async def change(patient_id: UUID, body: ChangesInput, desk: Changer) -> Response:
    """Change the card."""
    desk.about(patient_id=patient_id)
    place = await desk.parts.public_directory.network(desk.network_id)
    given = body.model_dump(include=body.model_fields_set - {"if_version"})
    if body.alerts is not None:
        given["alerts"] = [Alert(kind=one.kind, text=one.text) for one in body.alerts]
    command = UpdatePatient(
        patient_id=patient_id,
        country=place.country,
        changes=PatientChanges.model_validate(given),
        if_version=body.if_version,
    )
    return answer(await desk.tell(command))


@router.get("/api/v1/patients/{patient_id}/360")
async def everything(patient_id: UUID, desk: Reader) -> Response:
    """Five sections of five owners, each `ok` or `unavailable`; never an error because one is missing."""
    desk.about(patient_id=patient_id)
    await own_patient(desk, patient_id)
    now = desk.now
    sections = await patient_view.view(
        desk.parts.asks,
        desk.caller,
        patient_id,
        now=now,
        seconds=desk.parts.section_seconds,
        money=desk.sees_money,
    )
    names = ("profile", "appointments", "communications", "consents", "recall")
    return json_answer(
        orjson.dumps(
            {
                "patient": {"id": str(patient_id)},
                "sections": {
                    name: {
                        "status": sections[name].status,
                        "data": sections[name].data,
                        "as_of": sections[name].as_of.isoformat(),
                    }
                    for name in names
                },
            }
        )
    )


async def own_patient(desk: Desk, patient_id: UUID) -> None:
    """Doctors see the patients who come to them, delegates those of whom they act for. Raises `NotAllowed`."""
    if not await _theirs(desk, [patient_id]):
        raise NotAllowed("This patient does not come to you")


async def _theirs(desk: Desk, patient_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Which of these patients somebody may see: all, unless they are bound to the agendas of some practitioners."""
    bound_to = desk.principal.bound_to
    if bound_to is None or not patient_ids:
        return frozenset(patient_ids)
    found = await desk.ask(AppointmentsOfPatient(patient_ids=list(patient_ids)))
    return frozenset(
        one.appointment.patient_id
        for one in found.appointments
        if one.appointment.practitioner_id in bound_to
    )
