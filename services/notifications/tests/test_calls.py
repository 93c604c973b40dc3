"""Telephone calls: conversations by keypad, their states in any order, and calls that come in."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID
from xml.etree import ElementTree as ET

import httpx
import pytest

from common.contracts.booking import FindAlternatives, FreeSlots, RescheduleAppointment, Slot
from common.contracts.notifications import (
    CallAnswered,
    CallEnded,
    CallMissed,
    CallRinging,
    CommunicationsOf,
    ContinueCall,
    ListCalls,
    RecordCall,
    ReplyUnderstood,
    TaskRaised,
)
from common.contracts.patient_profile import Candidate, Candidates, FindPatients, Preferences
from common.errors import Refused, UnknownThing
from common.rpc import Answers
from notifications import queries
from notifications.channels.voice import Voice
from notifications.operations.calls import dialogue, following
from notifications.operations.patients import erase

from .conftest import in_hand
from .world import UnansweredError, almaty

PHONE = "+77010000001"
VISIT = almaty(12, 15)


class Telephony:
    """Takes every order to call, and remembers it."""

    def __init__(self) -> None:
        self.ordered: list[dict[str, str]] = []

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._take))

    def _take(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        self.ordered.append(form)
        return httpx.Response(201, json={"sid": f"CA{len(self.ordered)}", "status": "queued"})

    @property
    def reference(self) -> UUID:
        return UUID(httpx.URL(self.ordered[-1]["Url"]).params["ref"])


class Elsewhere:
    """What booking and patient-profile say beside the world's own answers."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.moved: list[RescheduleAppointment] = []
        self.refusals: list[str] = []
        self.candidates: list[Candidate] = []
        self.silent = False

    def answers(self, world) -> Answers[Any]:
        answers: Answers[Any] = world.answers()
        for own in (FindAlternatives, RescheduleAppointment, FindPatients):
            answers.routes.pop(own.subject, None)

        @answers.to(FindAlternatives)
        async def alternatives(query, caller, _):
            return FreeSlots(slots=self.slots)

        @answers.to(RescheduleAppointment)
        async def reschedule(command, caller, _):
            self.moved.append(command)
            if self.refusals:
                raise Refused(code=self.refusals.pop(0))
            world.move(command.appointment_id, command.starts_at)
            return world.appointments[command.appointment_id]

        @answers.to(FindPatients)
        async def find(query, caller, _):
            if self.silent:
                raise UnansweredError
            return Candidates(candidates=self.candidates)

        return answers


@pytest.fixture
def telephony() -> Telephony:
    return Telephony()


@pytest.fixture
def elsewhere() -> Elsewhere:
    return Elsewhere()


@pytest.fixture
def parts(parts, telephony):
    parts.adapters["voice"] = Voice(
        telephony.client(), "http://telephony/twilio", "AC1", "token", parts.public_url
    )
    return parts


@pytest.fixture
def visits():
    """When whoever is called is expected."""
    return (VISIT,)


two_visits_of_a_day = pytest.mark.parametrize("visits", [(VISIT, VISIT + timedelta(hours=2))], ids=["two"])


@pytest.fixture
async def called(parts, world, provider, clock, database, answering, telephony, elsewhere, visits):
    """The clinic has called somebody without a smartphone, to ask whether they come."""
    async with answering(elsewhere.answers(world), None):
        service = in_hand(parts, world, provider, clock, database)
        await service.apply(*world.directory_events())
        card = world.patient(PHONE, preferences=Preferences(no_smartphone=True))
        booked = [world.booked(card, starts_at) for starts_at in visits]
        await service.apply(*booked)
        await service.send()
        await service.at(VISIT - timedelta(hours=48))
        yield Call(service, card, booked[0].appointment.appointment_id, telephony)


class Call:
    """One call of ours in a test's hands."""

    def __init__(self, service, card, appointment_id, telephony) -> None:
        self.service, self.card, self.appointment_id, self.telephony = (
            service,
            card,
            appointment_id,
            telephony,
        )
        self.network_id = service.world.network_id
        self.sid = f"CA{len(telephony.ordered)}"

    async def turn(self, step: int, digits: str = "", *, machine: bool = False) -> str:
        command = ContinueCall(
            provider_id=self.sid,
            reference=self.telephony.reference,
            step=step,
            digits=digits,
            machine=machine,
        )
        now = self.service.clock.now()
        said = await dialogue.continue_call(self.service.parts, command, self.network_id, now=now)
        return said.document

    async def told(self, status: str, **more: Any) -> None:
        command = RecordCall(
            provider_id=self.sid, direction="outbound", status=status, patient_number=PHONE,
            reference=self.telephony.reference, **more,
        )  # fmt: skip
        now = self.service.clock.now()
        await following.record_call(self.service.parts, command, self.network_id, now=now)

    async def tasks(self) -> list[tuple[str, str]]:
        return [(one.kind, one.reason) for one in await self.service.told(TaskRaised)]

    async def attempt(self):
        return next(
            one for one in await self.service.attempts() if one.attempt_id == self.telephony.reference
        )

    async def commands(self) -> list[str]:
        return [type(command).__name__ for _, command in self.service.world.commands]


def sentences(document: str) -> list[str]:
    return [each.text or "" for each in ET.fromstring(document).iter("Say")]


def waits(document: str) -> bool:
    return ET.fromstring(document).find("Gather") is not None


def slot(world, day: int, hour: int) -> Slot:
    return Slot(
        starts_at=almaty(day, hour), ends_at=almaty(day, hour, 30), branch_id=world.branch.branch_id,
        practitioner_id=world.practitioner.practitioner_id,
    )  # fmt: skip


# --- the conversation -------------------------------------------------------------------------------------


async def test_whoever_picks_up_hears_when_and_where_and_what_each_key_does(called):
    document = await called.turn(0)
    said = " ".join(sentences(document))
    assert "в 15 часов" in said
    assert "https://" not in said
    assert "нажмите один" in said
    gather = ET.fromstring(document).find("Gather")
    assert gather is not None
    assert gather.get("numDigits") == "1"
    assert f"ref={called.telephony.reference}&step=1" in str(gather.get("action"))
    assert (await called.attempt()).delivery == "delivered"


async def test_one_confirms_and_the_call_ends(called):
    await called.turn(0)
    document = await called.turn(1, "1")
    assert "Спасибо" in " ".join(sentences(document))
    assert ET.fromstring(document).find("Hangup") is not None
    assert await called.commands() == ["ConfirmAppointment"]
    assert [one.intent for one in await called.service.told(ReplyUnderstood)] == ["confirm"]
    assert await called.tasks() == []


async def test_a_repeated_webhook_hears_the_same_and_acts_once(called):
    first = await called.turn(0)
    assert await called.turn(0) == first
    confirmed = await called.turn(1, "1")
    assert await called.turn(1, "1") == confirmed
    assert await called.commands() == ["ConfirmAppointment"]
    assert len(await called.service.told(ReplyUnderstood)) == 1


async def test_three_cancels(called):
    await called.turn(0)
    assert "отменена" in " ".join(sentences(await called.turn(1, "3")))
    assert await called.commands() == ["CancelAppointment"]


@two_visits_of_a_day
async def test_one_confirms_every_visit_that_was_read_out(called, world):
    assert "17:00" in " ".join(sentences(await called.turn(0)))
    await called.turn(1, "1")
    await called.turn(1, "1")
    assert await called.commands() == ["ConfirmAppointment"] * 2
    assert {one.appointment.status for one in world.appointments.values()} == {"confirmed"}


@two_visits_of_a_day
@pytest.mark.parametrize("key", ["2", "3"])
async def test_which_of_several_visits_is_moved_or_cancelled_is_for_a_person(called, elsewhere, world, key):
    elsewhere.slots = [slot(world, 13, 10)]
    await called.turn(0)
    said = " ".join(sentences(await called.turn(1, key)))
    assert "перезвонит" in said
    assert "отменена" not in said
    assert (await called.commands(), elsewhere.moved) == ([], [])
    assert await called.tasks() == [("handover", "which of several visits")]


async def test_two_offers_other_times_and_the_key_of_one_moves_the_visit_there(called, elsewhere, world):
    elsewhere.slots = [slot(world, 13, 10), slot(world, 14, 11)]
    await called.turn(0)
    offered = await called.turn(1, "2")
    assert waits(offered)
    assert ["10 часов" in each or "11 часов" in each for each in sentences(offered)].count(True) == 2
    document = await called.turn(2, "2")
    assert "14 ноября, в 11 часов" in " ".join(sentences(document))
    assert [one.starts_at for one in elsewhere.moved] == [almaty(14, 11)]
    assert [one.intent for one in await called.service.told(ReplyUnderstood)] == ["move"]


async def test_a_time_that_somebody_else_took_is_not_promised(called, elsewhere, world):
    elsewhere.slots = [slot(world, 13, 10)]
    elsewhere.refusals = ["slot-taken"]
    await called.turn(0)
    await called.turn(1, "2")
    elsewhere.slots = [slot(world, 16, 9)]
    document = await called.turn(2, "1")
    assert waits(document)
    assert "только что заняли" in " ".join(sentences(document))
    await called.turn(3, "1")
    assert [one.starts_at for one in elsewhere.moved] == [almaty(13, 10), almaty(16, 9)]


async def test_where_there_is_no_other_time_a_person_of_the_branch_takes_over(called, world):
    await called.turn(0)
    dialled = ET.fromstring(await called.turn(1, "2")).find("Dial")
    assert dialled is not None
    assert dialled.text == world.branch.phone
    assert await called.tasks() == [("wants-to-move", "asked by reply")]


async def test_no_key_in_two_tries_hands_over_to_a_person(called):
    await called.turn(0)
    assert waits(await called.turn(1))
    document = await called.turn(2)
    assert not waits(document)
    assert "перезвонит" in " ".join(sentences(document))
    assert await called.tasks() == [("handover", "no key was pressed")]


async def test_a_wrong_key_has_the_question_repeated_and_changes_nothing(called):
    await called.turn(0)
    assert waits(await called.turn(1, "7"))
    assert waits(await called.turn(2, "9"))
    assert await called.commands() == []
    await called.turn(3, "1")
    assert await called.commands() == ["ConfirmAppointment"]


async def test_a_confirmation_that_booking_refuses_is_left_to_a_person(called, world):
    world.cancel(called.appointment_id)
    await called.turn(0)
    assert "перезвонит" in " ".join(sentences(await called.turn(1, "1")))
    assert await called.tasks() == [("call-back", "confirm refused: illegal-transition")]


async def test_a_call_that_is_not_ours_is_told_nothing(called):
    command = ContinueCall(provider_id="CA9", reference=called.appointment_id, step=0)
    with pytest.raises(UnknownThing):
        await dialogue.continue_call(
            called.service.parts, command, called.network_id, now=called.service.clock.now()
        )


# --- its states -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed", "canceled"])
async def test_a_call_that_nobody_takes_falls_back_to_the_next_channel(called, status):
    await called.told("ringing")
    await called.told(status)
    attempt = await called.attempt()
    assert (attempt.outcome, attempt.reason) == ("failed", f"voice-{status}")
    await called.service.send()
    others = [one for one in await called.service.attempts() if one.message_id == attempt.message_id]
    assert {one.channel for one in others} == {"voice", "sms"}


async def test_an_answering_machine_is_told_nothing_and_counts_as_not_reached(called):
    document = await called.turn(0, machine=True)
    assert sentences(document) == []
    assert (await called.attempt()).reason == "voice-machine"
    await called.told("completed", seconds=4, machine=True)
    assert (await called.attempt()).delivery == "failed"


async def test_whoever_puts_the_receiver_down_without_a_key_is_called_back(called):
    await called.turn(0)
    await called.told("completed", seconds=9)
    await called.told("completed", seconds=9)
    assert await called.tasks() == [("handover", "no key was pressed")]


async def test_every_leg_stands_in_the_patients_communications_whatever_the_order_of_its_news(called):
    await called.turn(0)
    await called.told("in-progress")
    await called.turn(1, "1")
    await called.told("completed", seconds=21)
    await called.told("ringing")
    parts = called.service.parts
    query = CommunicationsOf(patient_ids=[called.card.patient_id])
    async with parts.database.reading(called.network_id) as tx:
        found = await queries.communications(tx, query, called.network_id, parts.sealer)
    (call,) = [one for one in found.calls if one.direction == "outbound" and one.legs]
    assert (call.state, call.number, call.seconds) == ("ended", PHONE, 21)
    assert [(leg.digits, leg.act) for leg in call.legs] == [(None, "asked"), ("1", "confirm")]
    assert call.answered_at is not None
    assert call.ended_at is not None


async def test_an_erased_patients_calls_are_nobodys(called):
    await called.turn(0)
    parts = called.service.parts
    async with parts.database.transaction(called.network_id) as tx:
        await erase(tx, parts.sealer, called.network_id, called.card.patient_id)
    query = CommunicationsOf(patient_ids=[called.card.patient_id])
    async with parts.database.reading(called.network_id) as tx:
        found = await queries.communications(tx, query, called.network_id, parts.sealer)
    assert {one.number for one in found.calls} <= {""}
    with pytest.raises(UnknownThing):
        await called.turn(1, "1")


# --- calls that come in -----------------------------------------------------------------------------------


class Incoming:
    """Somebody calls the clinic."""

    def __init__(self, service) -> None:
        self.service = service
        self.network_id = service.world.network_id

    async def told(self, status: str, sid: str = "CAin", **more: Any) -> None:
        command = RecordCall(
            provider_id=sid, direction="inbound", status=status, patient_number=PHONE,
            clinic_number=self.service.world.branch.phone, **more,
        )  # fmt: skip
        now = self.service.clock.now()
        await following.record_call(self.service.parts, command, self.network_id, now=now)

    async def listed(self):
        now = self.service.clock.now()
        query = ListCalls(from_at=now - timedelta(days=1), to_at=now + timedelta(days=1))
        async with self.service.parts.database.reading(self.network_id) as tx:
            return await queries.calls(tx, self.network_id, query, self.service.parts.sealer)


@pytest.fixture
def incoming(called) -> Incoming:
    return Incoming(called.service)


async def test_a_call_rings_at_its_branch_and_names_everybody_whom_it_could_be_from(
    incoming, called, elsewhere, world
):
    daughter = world.patient(PHONE, "Айша")
    elsewhere.candidates = [Candidate(card=one, matched_by="phone") for one in (called.card, daughter)]
    await incoming.told("ringing")
    (call,) = (await incoming.listed()).calls
    assert (call.state, call.number, call.branch_id) == ("ringing", PHONE, world.branch.branch_id)
    assert call.candidates == [called.card.patient_id, daughter.patient_id]
    (event,) = await incoming.service.told(CallRinging)
    assert set(event.model_dump()) == {
        "event_id", "network_id", "occurred_at", "version", "call_id", "branch_id",
    }  # fmt: skip


async def test_an_answered_call_ends_and_nobody_has_to_call_back(incoming):
    for status in ("ringing", "in-progress", "completed"):
        await incoming.told(status, seconds=60 if status == "completed" else None)
    found = await incoming.listed()
    assert (found.counts.total, found.counts.answered, found.counts.missed) == (1, 1, 0)
    assert (found.calls[0].state, found.calls[0].seconds) == ("ended", 60)
    assert len(await incoming.service.told(CallAnswered)) == len(await incoming.service.told(CallEnded)) == 1
    assert await incoming.service.told(TaskRaised) == []


@pytest.mark.parametrize("status", ["no-answer", "busy", "completed"])
async def test_a_missed_call_is_one_task_however_often_it_is_told(incoming, called, elsewhere, world, status):
    elsewhere.candidates = [Candidate(card=called.card, matched_by="phone")]
    await incoming.told("ringing")
    for _ in range(3):
        await incoming.told(status)
    (task,) = await incoming.service.told(TaskRaised)
    assert (task.kind, task.branch_id, task.patient_id) == (
        "missed-call", world.branch.branch_id, called.card.patient_id,
    )  # fmt: skip
    assert len(await incoming.service.told(CallMissed)) == 1
    assert (await incoming.listed()).counts.missed == 1


async def test_the_end_before_the_ringing_is_a_missed_call_all_the_same(incoming):
    await incoming.told("no-answer")
    await incoming.told("ringing")
    assert [one.state for one in (await incoming.listed()).calls] == ["missed"]


async def test_a_call_is_kept_while_nobody_can_say_from_whom_it_is(incoming, elsewhere):
    elsewhere.silent = True
    await incoming.told("ringing")
    assert [one.candidates for one in (await incoming.listed()).calls] == [[]]
