"""What recall does: one function each, in the transaction it is given."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from opentelemetry.trace import SpanKind
from sqlalchemy.ext.asyncio import AsyncConnection

from common import directory, outbox, telemetry
from common.caller import Caller
from common.contracts.booking import AppointmentEvent
from common.contracts.directory import NetworkOpened
from common.contracts.messages import Done, Event
from common.contracts.notifications import MessageAccepted, MessageEvent, MessageFailed, MessageSuppressed
from common.contracts.recall import OutreachDue, PutRecallRule
from common.errors import NotAllowed, Unavailable, VersionConflict
from common.ids import new_id
from recall import rules, tables

MAY_RULE = frozenset({"manager", "admin", "system"})


async def keep_directory(tx: AsyncConnection, event: Event) -> None:
    """Copy the directory; a new network gets its default rule."""
    await directory.keep(tx, event)
    if isinstance(event, NetworkOpened):
        await tables.add_rule(tx, event.network_id, rules.default_rule(event.network_id))


async def put_rule(tx: AsyncConnection, command: PutRecallRule, caller: Caller) -> Done:
    """Create or replace a rule; what is planned stays. Refused: `not-allowed`, `version-conflict`."""
    if not MAY_RULE.intersection(caller.roles):
        raise NotAllowed("Rules are set by managers")
    rules.check(command.rule)
    version = await tables.lock_rule_version(tx, caller.network_id, command.rule.rule_id)
    if command.if_version is not None and command.if_version != version:
        raise VersionConflict("Somebody changed this rule meanwhile", version=version)
    return Done(version=await tables.put_rule(tx, caller.network_id, command.rule))


async def follow_appointment(tx: AsyncConnection, event: AppointmentEvent) -> None:
    """Plan after a visit, and settle what was planned before, by everything known of this patient."""
    state, network_id = event.appointment, event.network_id
    place = await tables.place_of(tx, network_id, state.service_id, state.branch_id)
    if place is None:
        raise Unavailable("recall-directory", "its copy of the directory is behind")
    if not place.has_rules:
        return
    kind, zone = place.service_kind, place.zone
    applicable = await tables.rules_for(tx, network_id, kind)
    await tables.lock_patient(tx, network_id, state.patient_id)
    if not await tables.keep_appointment(tx, network_id, state, kind, event.version):
        return
    known = await tables.appointments_of(tx, network_id, state.patient_id, kind)
    latest = rules.latest_visit(known)
    if latest is not None and latest.appointment_id == state.appointment_id:
        for rule in applicable:
            if rule.active:
                planned_for = rules.due(state.starts_at, rule.after, zone)
                await tables.add_recall(
                    tx,
                    network_id,
                    rules.Recall(
                        outreach_id=new_id(),
                        rule_id=rule.rule_id,
                        patient_id=state.patient_id,
                        service_kind=kind,
                        service_id=state.service_id,
                        branch_id=state.branch_id,
                        practitioner_id=state.practitioner_id,
                        visit_id=state.appointment_id,
                        last_visit_at=state.starts_at,
                        planned_for=planned_for,
                        due_at=planned_for,
                        template=rule.template,
                        traceparent=telemetry.traceparent(),
                    ),
                )
    for recall in await tables.recalls_of(tx, network_id, [state.patient_id], kind):
        settled = rules.settle(recall, known, zone)
        if settled != recall:
            await tables.put_recall(tx, network_id, settled)


async def invite(
    tx: AsyncConnection, network_id: str, ids: Sequence[UUID], booked: Collection[UUID], *, now: datetime
) -> None:
    """Ask for the invitations that are still due, once each; `booked` are those whose patient comes anyway."""
    for recall in await tables.due_recalls(tx, network_id, ids, now, lock=True):
        if recall.outreach_id in booked:
            await tables.put_recall(tx, network_id, rules.booked_elsewhere(recall))
            continue
        invited = rules.invite(recall, now=now)
        await tables.put_recall(tx, network_id, invited)
        with telemetry.span("recall invite", SpanKind.INTERNAL, parent=recall.traceparent):
            await outbox.record(tx, _outreach_due(network_id, invited, now))


def _outreach_due(network_id: str, recall: rules.Recall, now: datetime) -> OutreachDue:
    return OutreachDue(
        network_id=network_id,
        occurred_at=now,
        version=recall.version,
        outreach_id=recall.outreach_id,
        patient_id=recall.patient_id,
        template=recall.template,
        branch_id=recall.branch_id,
        service_id=recall.service_id,
        practitioner_id=recall.practitioner_id,
        last_visit_at=recall.last_visit_at,
        expires_at=now + rules.USEFUL,
    )


async def note_message(tx: AsyncConnection, event: MessageEvent) -> None:
    """Keep what became of an invitation's message."""
    state = "invited"
    match event:
        case MessageSuppressed(reason=reason):
            state = "suppressed"
        case MessageFailed(reason=reason):
            pass
        case MessageAccepted(channel=channel):
            reason = f"sent-by-{channel or 'unknown'}"
        case _:
            return
    await tables.note_message(
        tx, event.network_id, event.origin_id, version=event.version, state=state, reason=reason
    )
