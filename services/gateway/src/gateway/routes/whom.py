"""Whom a request of staff is for: somebody who is known, or somebody to be registered."""

from uuid import UUID

from pydantic import model_validator

from common import telemetry
from common.contracts.patient_profile import GetCards
from common.errors import Unavailable, UnknownThing
from gateway.routes.access import Input
from gateway.routes.bookings import Person, register
from gateway.routes.desk import Desk


class WhoComes(Input):
    """A patient who is known, or one to be registered."""

    patient_id: UUID | None = None
    patient: Person | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "WhoComes":
        if (self.patient_id is None) is (self.patient is None):
            raise ValueError("give either patient_id or patient")
        return self

    def by_id(self) -> list[UUID]:
        """Everybody who is named by an id."""
        return [] if self.patient_id is None else [self.patient_id]


async def patient_of(desk: Desk, body: WhoComes, *, provisional: bool = False) -> UUID:
    """Whom it is for; somebody new is registered (`provisional`: seen by nobody until there is an appointment).

    Raises `unknown-patient`.
    """
    patient_id = body.patient_id
    desk.about(patient_id=patient_id)
    await expect_known(desk, *body.by_id())
    if body.patient is not None:
        place = await desk.parts.public_directory.network(desk.network_id)
        patient_id = await register(
            desk.parts, desk.caller, place, body.patient, await desk.ids(), "patient", provisional=provisional
        )
    assert patient_id is not None
    desk.about(patient_id=patient_id)
    return patient_id


async def expect_known(desk: Desk, *patient_ids: UUID) -> None:
    """Each is a patient of this network, so that no time is taken for nobody. Raises `unknown-patient`.

    While patient-profile does not answer they are taken at their word: ids come from cards that staff have just
    looked at, and booking, which needs no card, goes on without patient-profile. One that is wrong all the same stands
    on the day board as `unknown`; to refuse everybody meanwhile would cost every patient at the desk their time.
    """
    if not patient_ids:
        return
    try:
        known = await desk.ask(GetCards(patient_ids=list(patient_ids)), desk.parts.section_seconds)
    except Unavailable:
        telemetry.log().warning("patients are taken at their word", number=len(patient_ids))
        return
    for patient_id in patient_ids:
        if patient_id not in known.cards:
            raise UnknownThing("patient", patient_id)
