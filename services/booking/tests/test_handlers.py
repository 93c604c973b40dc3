"""Over the real bus: every message is answered, refusals arrive with their code, and contexts are verified."""

from dataclasses import replace
from typing import ClassVar

import pytest

from booking import handlers
from common.contracts import booking as contract
from common.contracts import directory
from common.contracts.booking import AppointmentRecord, BookAppointment, FindFreeSlots, GetAppointments
from common.contracts.messages import Command, Query, Request
from common.errors import Refused
from common.ids import new_id
from common.rpc import Asks
from common.testing import PATIENCE, Answering, Keys

from .clinic import Clinic, almaty

TEN = almaty(3, 10)


def test_every_command_and_question_of_the_contract_is_answered():
    ours = {
        thing.subject
        for module in (contract, directory)
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, Request)
        and thing not in {Request, Command, Query}
        and "subject" in vars(thing)
    }
    assert set(handlers.answers.routes) == ours


async def test_a_refusal_arrives_with_its_code_and_alternatives(
    clinic: Clinic, answering: Answering, asks: Asks
):
    async with answering(handlers.answers, clinic.parts):
        await asks.ask(clinic.booking(TEN), caller=clinic.caller)
        with pytest.raises(Refused) as refused:
            await asks.ask(clinic.booking(TEN), caller=clinic.caller)
    assert refused.value.refusal == "slot-taken"
    assert len(refused.value.extra["alternatives"]) >= 3
    contract.Slot.model_validate(refused.value.extra["alternatives"][0])


async def test_the_most_slots_there_can_be_fit_into_one_reply(
    clinic: Clinic, answering: Answering, asks: Asks
):
    often = clinic.service.model_copy(update={"granularity": 5})
    await clinic.put(often)
    async with answering(handlers.answers, clinic.parts):
        found = await asks.ask(FindFreeSlots(service_id=often.service_id, days=62), caller=clinic.caller)
    assert len(found.slots) == 5000


class Broken(Command[AppointmentRecord]):
    subject: ClassVar[str] = BookAppointment.subject
    appointment_id: str = "nobody"
    starts_at: str = "yesterday"


async def test_what_is_not_of_its_messages_form_is_refused_and_changes_nothing(
    clinic: Clinic, answering: Answering, asks: Asks
):
    async with answering(handlers.answers, clinic.parts):
        with pytest.raises(Refused) as refused:
            await asks.ask(Broken(), caller=clinic.caller)
    assert refused.value.refusal == "malformed"
    assert await clinic.rows("SELECT 1 FROM appointments") == []


async def test_a_service_cannot_act_as_staff(clinic: Clinic, answering: Answering, bus, keys: Keys):
    recall = Asks(bus, keys.signer("recall"), patience=PATIENCE)
    async with answering(handlers.answers, clinic.parts):
        with pytest.raises(Refused) as refused:
            await recall.ask(clinic.booking(TEN), caller=clinic.caller)
        itself = replace(clinic.caller, actor="system:recall", roles=("system",))
        found = await recall.ask(GetAppointments(appointment_ids=[new_id()]), caller=itself)
    assert refused.value.refusal == "not-allowed"
    assert found.appointments == []
