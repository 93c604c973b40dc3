"""Messages: what plans them, what sends and stops them, and what is asked about them."""

from uuid import UUID

from common import directory as public
from common.caller import Caller
from common.contracts.booking import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentConfirmed,
    AppointmentCorrected,
    AppointmentDisplaced,
    AppointmentEvent,
    AppointmentMissed,
    AppointmentRescheduled,
    VisitCompleted,
    WaitlistOffered,
    WaitlistOfferEnded,
)
from common.contracts.consents import PermissionChanged
from common.contracts.messages import Event
from common.contracts.notifications import (
    AskMessageReport,
    BrakeState,
    Communications,
    CommunicationsOf,
    DescribePolicies,
    DescribeSending,
    ExplainMessage,
    Explanation,
    GetLastMessageStates,
    Ingested,
    IngestWebhook,
    LastMessageStates,
    MessageReport,
    PauseSending,
    Policies,
    PolicySaved,
    PutPolicy,
    Rehearsal,
    RehearseVisit,
    ResumeSending,
    SendingState,
    SimulateMessages,
    Simulation,
)
from common.contracts.patient_profile import PatientChanged, PatientErased
from common.contracts.recall import OutreachDue
from common.errors import NotAllowed
from notifications import queries
from notifications.handlers.registry import answers, of_a_provider, readers
from notifications.operations import (
    asking,
    brake,
    deciding,
    matters,
    patients,
    planning,
    policies,
    refusing,
    rehearsing,
    simulating,
    verdicts,
    webhooks,
)
from notifications.operations.estimating import limited_costs
from notifications.operations.parts import Parts

MAY_BRAKE = frozenset({"manager", "admin", "system"})
MAY_SET_POLICY = frozenset({"manager", "admin"})


@readers.of(
    AppointmentBooked,
    AppointmentConfirmed,
    AppointmentRescheduled,
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentMissed,
    AppointmentCorrected,
    AppointmentDisplaced,
    VisitCompleted,
    durable="notifications-appointments",
)
async def follow_appointment(event: AppointmentEvent, parts: Parts) -> None:
    state = event.appointment
    wanted = state.status in {*planning.ACTIVE, "displaced"}
    reach = await asking.reach(parts, event.network_id, state.patient_id, wanted=wanted)
    async with parts.database.applying(event, "notifications-appointments") as tx:
        await planning.follow_appointment(tx, event, state, reach, now=parts.clock.now())
    parts.wakes.sending()


@readers.of(OutreachDue, durable="notifications-outreach")
async def invite(event: OutreachDue, parts: Parts) -> None:
    reach = await asking.reach(parts, event.network_id, event.patient_id)
    values = await matters.told(parts, event)
    async with parts.database.applying(event, "notifications-outreach") as tx:
        await planning.invite(tx, parts.sealer, event, values, reach, now=parts.clock.now())
    parts.wakes.sending()


@readers.of(WaitlistOffered, WaitlistOfferEnded, durable="notifications-waitlist")
async def follow_offer(event: WaitlistOffered | WaitlistOfferEnded, parts: Parts) -> None:
    wanted = isinstance(event, WaitlistOffered) or event.why == "lost"
    reach = await asking.reach(parts, event.network_id, event.entry.patient_id, wanted=wanted)
    async with parts.database.applying(event, "notifications-waitlist") as tx:
        if isinstance(event, WaitlistOffered):
            await planning.offer(tx, event, reach, now=parts.clock.now())
        else:
            await planning.end_offer(tx, event, reach, now=parts.clock.now())
    parts.wakes.sending()


@readers.of(PatientChanged, durable="notifications-patient-changes")
async def follow_patient(event: PatientChanged, parts: Parts) -> None:
    await _plan_again(
        event,
        event.patient_id,
        parts,
        "notifications-patient-changes",
        only_provisional=not event.reach_changed,
    )


@readers.of(PermissionChanged, durable="notifications-permissions")
async def follow_permission(event: PermissionChanged, parts: Parts) -> None:
    await _plan_again(event, event.patient_id, parts, "notifications-permissions")


@readers.of(PermissionChanged, durable="notifications-refusals")
async def remember_refusal(event: PermissionChanged, parts: Parts) -> None:
    async with parts.database.applying(event, "notifications-refusals") as tx:
        await refusing.remember(tx, event)


async def _plan_again(
    event: Event, patient_id: UUID, parts: Parts, durable: str, *, only_provisional: bool = False
) -> None:
    """Most patients who change have nothing open: nobody is asked about them."""
    network_id, now = event.network_id, parts.clock.now()
    async with parts.database.reading(network_id) as tx:
        wanted = await planning.has_open(
            tx, network_id, patient_id, now=now, only_provisional=only_provisional
        )
    reach = await asking.reach(parts, network_id, patient_id, wanted=wanted, permissions=True)
    async with parts.database.applying(event, durable) as tx:
        if wanted:
            await planning.plan_again(tx, network_id, patient_id, reach, now=now)
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
    of_a_provider(caller)
    return await webhooks.ingest(parts, command, caller.network_id, now=parts.clock.now())


@answers.to(PauseSending)
async def pause(command: PauseSending, caller: Caller, parts: Parts) -> BrakeState:
    _may_brake(caller)
    return await parts.carry_out(brake.pause, command, caller)


@answers.to(ResumeSending)
async def resume(command: ResumeSending, caller: Caller, parts: Parts) -> BrakeState:
    _may_brake(caller)
    state = await parts.carry_out(brake.resume, command, caller)
    parts.wakes.sending()
    return state


@answers.to(DescribeSending)
async def describe_sending(query: DescribeSending, caller: Caller, parts: Parts) -> SendingState:
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.sending(tx, query, caller.network_id, now=parts.clock.now())


def _may_brake(caller: Caller) -> None:
    if not MAY_BRAKE.intersection(caller.roles):
        raise NotAllowed("Only a manager may stop or start sending")


@answers.to(PutPolicy)
async def put_policy(command: PutPolicy, caller: Caller, parts: Parts) -> PolicySaved:
    if not MAY_SET_POLICY.intersection(caller.roles):
        raise NotAllowed("Only a manager may say when patients are written to")
    saved = await parts.carry_out(policies.put, command, caller)
    parts.wakes.replanning()
    return saved


@answers.to(DescribePolicies)
async def describe_policies(_: DescribePolicies, caller: Caller, parts: Parts) -> Policies:
    async with parts.database.reading(caller.network_id) as tx:
        return await policies.describe(tx, caller.network_id)


@answers.to(RehearseVisit)
async def rehearse(query: RehearseVisit, caller: Caller, parts: Parts) -> Rehearsal:
    offered = parts.offered(caller.network_id)
    async with parts.database.reading(caller.network_id) as tx:
        return await rehearsing.rehearse(tx, query, caller.network_id, offered, now=parts.clock.now())


@answers.to(SimulateMessages)
async def simulate(query: SimulateMessages, caller: Caller, parts: Parts) -> Simulation:
    return await simulating.simulate(parts, query, caller.network_id)


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
    questions = {message.message_id: deciding.question(message, around, parts.offered(caller.network_id))}
    said = await asking.ask(parts, caller.network_id, [message], questions)
    costs = limited_costs(parts, message, around, said, now=query.at)
    verdict = deciding.verdict(
        message, tried, around, said, parts.offered(caller.network_id), now=query.at, costs=costs
    )
    return verdicts.explained(message.message_id, verdicts.stored(verdict), as_made=False)
