"""Subject to operation or query: translation, and nothing decided here."""

from common import directory as public
from common.caller import Caller
from common.contracts.booking import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentConfirmed,
    AppointmentCorrected,
    AppointmentEvent,
    AppointmentMissed,
    AppointmentRescheduled,
    VisitCompleted,
)
from common.contracts.messages import Event
from common.contracts.notifications import (
    AskMessageReport,
    BrakeState,
    Communications,
    CommunicationsOf,
    ExplainMessage,
    Explanation,
    GetLastMessageStates,
    Ingested,
    IngestWebhook,
    LastMessageStates,
    MessageReport,
    PauseSending,
    ResumeSending,
)
from common.contracts.patient_profile import PatientErased
from common.contracts.recall import OutreachDue
from common.delivery import Readers
from common.errors import NotAllowed
from common.rpc import Answers
from notifications import queries
from notifications.operations import asking, brake, deciding, patients, planning, verdicts, webhooks
from notifications.operations.parts import Parts

answers = Answers[Parts]()
readers = Readers[Parts]()

MAY_BRAKE = frozenset({"manager", "admin", "system"})


@readers.of(
    AppointmentBooked,
    AppointmentConfirmed,
    AppointmentRescheduled,
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentMissed,
    AppointmentCorrected,
    VisitCompleted,
    durable="notifications-appointments",
)
async def follow_appointment(event: AppointmentEvent, parts: Parts) -> None:
    state = event.appointment
    reach = await asking.reach(
        parts, event.network_id, state.patient_id, wanted=state.status in planning.ACTIVE
    )
    async with parts.database.applying(event, "notifications-appointments") as tx:
        await planning.follow_appointment(tx, event, state, reach, now=parts.clock.now())
    parts.wakes.sending()


@readers.of(OutreachDue, durable="notifications-outreach")
async def invite(event: OutreachDue, parts: Parts) -> None:
    reach = await asking.reach(parts, event.network_id, event.patient_id)
    async with parts.database.applying(event, "notifications-outreach") as tx:
        await planning.invite(tx, event, reach, now=parts.clock.now())
    parts.wakes.sending()


@readers.of(*public.EVENTS, durable="notifications-directory")
async def keep_directory(event: Event, parts: Parts) -> None:
    async with parts.database.applying(event, "notifications-directory") as tx:
        await public.keep(tx, event)


@readers.of(PatientErased, durable="notifications-patients")
async def erase(event: PatientErased, parts: Parts) -> None:
    async with parts.database.applying(event, "notifications-patients") as tx:
        await patients.erase(tx, parts.sealer, event.network_id, event.patient_id)


@answers.to(IngestWebhook)
async def ingest(command: IngestWebhook, caller: Caller, parts: Parts) -> Ingested:
    if caller.purpose not in {"webhook", "system"}:
        raise NotAllowed("Only providers' webhooks are taken in here")
    return await webhooks.ingest(parts, command, caller.network_id, now=parts.clock.now())


@answers.to(PauseSending)
async def pause(command: PauseSending, caller: Caller, parts: Parts) -> BrakeState:
    _may_brake(caller)
    return await parts.database.once(
        command,
        caller.network_id,
        lambda tx: brake.pause(tx, command, caller.network_id, by=caller.actor, now=parts.clock.now()),
    )


@answers.to(ResumeSending)
async def resume(command: ResumeSending, caller: Caller, parts: Parts) -> BrakeState:
    _may_brake(caller)
    state = await parts.database.once(
        command, caller.network_id,
        lambda tx: brake.resume(tx, command, caller.network_id, now=parts.clock.now()),
    )  # fmt: skip
    parts.wakes.sending()
    return state


def _may_brake(caller: Caller) -> None:
    if not MAY_BRAKE.intersection(caller.roles):
        raise NotAllowed("Only a manager may stop or start sending")


@answers.to(CommunicationsOf)
async def communications(query: CommunicationsOf, caller: Caller, parts: Parts) -> Communications:
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.communications(tx, query, caller.network_id, parts.sealer)


@answers.to(GetLastMessageStates)
async def last_states(query: GetLastMessageStates, caller: Caller, parts: Parts) -> LastMessageStates:
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.last_states(tx, caller.network_id, query.appointment_ids)


@answers.to(AskMessageReport)
async def report(query: AskMessageReport, caller: Caller, parts: Parts) -> MessageReport:
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.report(tx, caller.network_id, query)


@answers.to(ExplainMessage)
async def explain(query: ExplainMessage, caller: Caller, parts: Parts) -> Explanation:
    async with parts.database.reading(caller.network_id) as tx:
        message, tried = await queries.message(tx, caller.network_id, query.message_id)
        around = await deciding.surroundings(tx, caller.network_id, [message])
    if query.at is None:
        return verdicts.explained(message.message_id, message.verdict, as_made=True)
    questions = {message.message_id: deciding.question(message, around, parts.offered)}
    said = await asking.ask(parts, caller.network_id, [message], questions)
    verdict = deciding.verdict(message, tried, around, said, parts.offered, now=query.at)
    return verdicts.explained(message.message_id, verdicts.stored(verdict), as_made=False)
