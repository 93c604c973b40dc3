"""Subjects to operations and queries; no decisions."""

from dataclasses import dataclass

from common import directory
from common.caller import Caller
from common.clock import Clock
from common.contracts.booking import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCorrected,
    AppointmentEvent,
    AppointmentMissed,
    AppointmentRescheduled,
    VisitCompleted,
)
from common.contracts.messages import Done, Event
from common.contracts.notifications import MessageAccepted, MessageEvent, MessageFailed, MessageSuppressed
from common.contracts.recall import (
    DescribeOutreach,
    ListRecallRules,
    OutreachValues,
    PlannedRecalls,
    PutRecallRule,
    RecallRules,
    RecallsOf,
)
from common.database import Database
from common.delivery import Readers
from common.rpc import Answers, Asks
from recall import operations, queries


@dataclass(frozen=True)
class Parts:
    """What handlers and workers work with."""

    database: Database
    asks: Asks
    clock: Clock


answers = Answers[Parts]()
readers = Readers[Parts]()


@answers.to(ListRecallRules)
async def list_rules(query: ListRecallRules, caller: Caller, parts: Parts) -> RecallRules:
    del query
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.list_rules(tx, caller)


@answers.to(PutRecallRule)
async def put_rule(command: PutRecallRule, caller: Caller, parts: Parts) -> Done:
    return await parts.database.once(
        command, caller.network_id, lambda tx: operations.put_rule(tx, command, caller)
    )


@answers.to(RecallsOf)
async def recalls_of(query: RecallsOf, caller: Caller, parts: Parts) -> PlannedRecalls:
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.recalls_of(tx, query.patient_ids, caller)


@answers.to(DescribeOutreach)
async def describe(query: DescribeOutreach, caller: Caller, parts: Parts) -> OutreachValues:
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.describe(tx, query.outreach_id, caller)


@readers.of(*directory.EVENTS, durable="recall-directory")
async def keep_directory(event: Event, parts: Parts) -> None:
    async with parts.database.applying(event, "recall-directory") as tx:
        await operations.keep_directory(tx, event)


@readers.of(
    AppointmentBooked,
    AppointmentRescheduled,
    AppointmentCancelled,
    AppointmentMissed,
    AppointmentCorrected,
    VisitCompleted,
    durable="recall-visits",
)
async def follow_appointment(event: AppointmentEvent, parts: Parts) -> None:
    async with parts.database.applying(event, "recall-visits") as tx:
        await operations.follow_appointment(tx, event)


@readers.of(MessageAccepted, MessageSuppressed, MessageFailed, durable="recall-messages")
async def note_message(event: MessageEvent, parts: Parts) -> None:
    if event.origin != "outreach":
        return  # a reminder: nothing to keep, and most messages are reminders
    async with parts.database.applying(event, "recall-messages") as tx:
        await operations.note_message(tx, event)
