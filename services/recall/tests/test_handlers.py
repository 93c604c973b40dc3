import asyncio

import pytest
import sqlalchemy as sa
from nats.js import JetStreamContext

from common import outbox
from common.caller import Caller, system
from common.contracts.booking import (
    AppointmentRecord,
    Appointments,
    AppointmentsOfPatient,
)
from common.contracts.notifications import MessageSuppressed
from common.contracts.recall import (
    DescribeOutreach,
    ListRecallRules,
    OutreachDue,
    OutreachValues,
    PutRecallRule,
    RecallsOf,
)
from common.database import AlreadyApplied, Database
from common.errors import NotAllowed, Refused, UnknownThing
from common.ids import new_id
from common.rpc import Answers, Asks
from common.testing import PATIENCE, START, caller, running
from recall import handlers, tables, workers
from recall.app import create_app
from recall.handlers import Parts
from recall.rules import default_rule
from recall.settings import Settings

from .conftest import LAST, appointment, completed, directory_events


def booking(*states) -> Answers[None]:
    """Booking, as far as recall asks it."""
    answers = Answers[None]()

    @answers.to(AppointmentsOfPatient)
    async def of_patient(query: AppointmentsOfPatient, caller: Caller, _) -> Appointments:
        if caller.actor != "system:recall":
            raise NotAllowed
        return Appointments(
            appointments=[
                AppointmentRecord(appointment=state, version=1)
                for state in states
                if state.patient_id in query.patient_ids
            ]
        )

    return answers


@pytest.fixture
def asks(bus, keys) -> Asks:
    return Asks(bus, keys.signer("recall"), patience=PATIENCE)


async def recalls(parts, network, patient_id):
    async with parts.database.transaction(network) as tx:
        return await tables.recalls_of(tx, network, [patient_id])


async def invitations(database: Database, network: str) -> list[OutreachDue]:
    async with database.transaction(network) as tx:
        return [OutreachDue.model_validate_json(row["body"]) for row in await outbox.recorded(tx)]


def suppressed(network, outreach_id) -> MessageSuppressed:
    return MessageSuppressed(
        network_id=network, occurred_at=START, version=1, message_id=new_id(), patient_id=new_id(), origin="outreach",
        origin_id=outreach_id, template="recall", channel=None, reason="no-consent",
    )  # fmt: skip


async def test_a_redelivered_directory_event_is_applied_once(parts, network_id):
    event = directory_events(network_id)[0]
    await handlers.keep_directory(event, parts)
    with pytest.raises(AlreadyApplied):
        await handlers.keep_directory(event, parts)


async def test_a_redelivered_visit_plans_once(parts, network):
    patient = new_id()
    event = completed(network, appointment(patient))
    await handlers.follow_appointment(event, parts)
    with pytest.raises(AlreadyApplied):
        await handlers.follow_appointment(event, parts)
    assert len(await recalls(parts, network, patient)) == 1


async def test_a_redelivered_message_event_is_noted_once(parts, network):
    event = suppressed(network, new_id())
    await handlers.note_message(event, parts)
    with pytest.raises(AlreadyApplied):
        await handlers.note_message(event, parts)


async def test_an_invitation_says_nothing_beside_its_clinic_and_service(parts, network):
    patient = new_id()
    await handlers.follow_appointment(completed(network, appointment(patient)), parts)
    [planned] = await recalls(parts, network, patient)
    asking = system("notifications", network)
    said = await handlers.describe(DescribeOutreach(outreach_id=planned.outreach_id), asking, parts)
    assert said == OutreachValues()
    with pytest.raises(UnknownThing):
        await handlers.describe(DescribeOutreach(outreach_id=new_id()), asking, parts)


async def test_what_became_of_a_reminder_is_nothing_to_keep(parts, network):
    reminder = suppressed(network, new_id()).model_copy(update={"origin": "appointment"})
    await handlers.note_message(reminder, parts)
    await handlers.note_message(reminder, parts)
    async with parts.database.unscoped() as tx:
        assert (await tx.execute(sa.text("SELECT count(*) FROM inbox"))).scalar_one() == 0


async def test_events_of_one_patient_side_by_side_end_in_one_plan(parts, network):
    patient = new_id()
    events = [
        completed(network, appointment(patient, starts_at=LAST.replace(month=month))) for month in range(1, 9)
    ]
    await asyncio.gather(*(handlers.follow_appointment(event, parts) for event in events))
    states = [one.state for one in await recalls(parts, network, patient)]
    assert states.count("planned") == 1
    assert set(states) <= {"planned", "superseded"}
    assert states[-1] == "planned"


async def test_the_same_command_again_answers_the_same(parts, network):
    command = PutRecallRule(rule=default_rule(network))
    first = await handlers.put_rule(command, caller(network), parts)
    assert await handlers.put_rule(command, caller(network), parts) == first
    other = command.model_copy(update={"rule": command.rule.model_copy(update={"name": "Other"})})
    with pytest.raises(Refused) as refused:
        await handlers.put_rule(other, caller(network), parts)
    assert refused.value.refusal == "command-reused"


async def test_two_replicas_invite_each_patient_once(parts, network, answering, urls):
    patients = [new_id() for _ in range(250)]
    for patient in patients:
        await handlers.follow_appointment(completed(network, appointment(patient)), parts)
    other = Database(urls.app, urls.worker, patience=PATIENCE)
    loops = [*workers.loops(parts), *workers.loops(Parts(other, parts.asks, parts.clock))]
    async with answering(booking()):
        while any(await asyncio.gather(*(loop.step() for loop in loops))):
            pass
    await other.dispose()
    invited = await invitations(parts.database, network)
    assert sorted(event.patient_id for event in invited) == sorted(patients)


async def test_whoever_has_booked_meanwhile_is_not_invited(parts, network, answering):
    patient, other = new_id(), new_id()
    for one in (patient, other):
        await handlers.follow_appointment(completed(network, appointment(one)), parts)
    coming = appointment(patient, starts_at=START.replace(month=12))
    async with answering(booking(coming)):
        await workers.loops(parts)[0].step()
    assert [event.patient_id for event in await invitations(parts.database, network)] == [other]
    assert [one.state for one in await recalls(parts, network, patient)] == ["booked"]


async def test_without_booking_nobody_is_invited_and_the_work_stays_due(parts, network):
    patient = new_id()
    await handlers.follow_appointment(completed(network, appointment(patient)), parts)
    loop = workers.loops(parts)[0]
    assert await loop.step() == 1
    assert await invitations(parts.database, network) == []
    assert (await loop.outlook())[1] == 1


async def test_the_whole_service_from_a_visit_to_the_invitation(
    urls, nats_server, environment, answering, bus, js: JetStreamContext, keys, network_id
):
    environment(urls, nats_server.url)
    app = create_app(Settings())
    gateway = Asks(bus, keys.signer("gateway"), patience=PATIENCE)
    patient = new_id()
    async with answering(booking()), running(app):
        app.state.running.core.clock.put(START)
        told = await (await bus.client()).subscribe(OutreachDue.subject)
        visit = completed(network_id, appointment(patient))
        for event in (visit, *directory_events(network_id)):
            await js.publish(
                event.subject, event.model_dump_json().encode(), headers={"Nats-Msg-Id": str(event.event_id)}
            )
        message = await told.next_msg(timeout=PATIENCE)
        invited = OutreachDue.model_validate_json(message.data)
        assert (invited.patient_id, invited.network_id) == (patient, network_id)
        staff = caller(network_id)
        (recall,) = (await gateway.ask(RecallsOf(patient_ids=[patient]), caller=staff)).recalls
        assert (recall.state, recall.rule_name, recall.last_visit_at) == ("invited", "Hygiene", LAST)
        assert len((await gateway.ask(ListRecallRules(), caller=staff)).rules) == 1
        event = suppressed(network_id, recall.outreach_id)
        await js.publish("notifications.event.message.suppressed.v1", event.model_dump_json().encode())
        async with asyncio.timeout(PATIENCE):
            while recall.state != "suppressed":
                (recall,) = (await gateway.ask(RecallsOf(patient_ids=[patient]), caller=staff)).recalls
        assert recall.reason == "no-consent"
