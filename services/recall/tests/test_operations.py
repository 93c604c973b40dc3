from datetime import timedelta

import pytest
import sqlalchemy as sa

from common import outbox
from common.contracts.booking import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCorrected,
    AppointmentMissed,
)
from common.contracts.notifications import MessageAccepted, MessageSuppressed
from common.contracts.recall import Interval, OutreachDue, PutRecallRule, RecallRule
from common.errors import NotAllowed, Unavailable, VersionConflict
from common.ids import new_id
from common.testing import START, caller
from recall import operations, queries, tables
from recall.rules import default_rule

from .conftest import FILLING, LAST, appointment, completed


def happened(kind, network, state, version, **more):
    return kind(network_id=network, occurred_at=LAST, version=version, appointment=state, **more)


async def follow(parts, network, *events):
    for event in events:
        async with parts.database.transaction(network) as tx:
            await operations.follow_appointment(tx, event)


async def recalls(parts, network, patient_id):
    async with parts.database.transaction(network) as tx:
        return await tables.recalls_of(tx, network, [patient_id])


async def sent(parts, network):
    async with parts.database.transaction(network) as tx:
        return [
            OutreachDue.model_validate_json(row["body"])
            for row in await outbox.recorded(tx)
            if row["subject"] == OutreachDue.subject
        ]


async def invite(parts, network, *ids, booked=(), now=START):
    async with parts.database.transaction(network) as tx:
        await operations.invite(tx, network, ids, booked, now=now)


async def test_a_new_network_has_the_hygiene_rule(parts, network):
    async with parts.database.transaction(network) as tx:
        listed = await queries.list_rules(tx, caller(network))
    assert listed.rules == [default_rule(network)]
    assert listed.rules[0].after == Interval(months=6, days=-15)


async def test_a_visit_plans_the_next_one(parts, network):
    patient = new_id()
    state = appointment(patient)
    await follow(parts, network, completed(network, state))
    (recall,) = await recalls(parts, network, patient)
    assert recall.state == "planned"
    assert recall.visit_id == state.appointment_id
    assert recall.due_at.isoformat() == "2026-10-17T05:00:00+00:00"


async def test_a_service_without_a_rule_plans_nothing(parts, network):
    patient = new_id()
    await follow(parts, network, completed(network, appointment(patient, service_id=FILLING)))
    assert await recalls(parts, network, patient) == []


async def test_a_newer_visit_resets(parts, network):
    patient = new_id()
    newer = appointment(patient, starts_at=LAST + timedelta(days=90))
    await follow(parts, network, completed(network, appointment(patient)), completed(network, newer))
    old, new = await recalls(parts, network, patient)
    assert (old.state, new.state, new.visit_id) == ("superseded", "planned", newer.appointment_id)


async def test_visits_told_in_the_wrong_order_plan_the_same(parts, network):
    patient = new_id()
    newer = appointment(patient, starts_at=LAST + timedelta(days=90))
    await follow(parts, network, completed(network, newer), completed(network, appointment(patient)))
    assert [(one.state, one.visit_id) for one in await recalls(parts, network, patient)] == [
        ("planned", newer.appointment_id)
    ]


async def test_booked_already_is_skipped_until_it_is_cancelled(parts, network):
    patient = new_id()
    await follow(parts, network, completed(network, appointment(patient)))
    coming = appointment(patient, starts_at=LAST + timedelta(days=200))
    await follow(parts, network, happened(AppointmentBooked, network, coming, 1))
    (recall,) = await recalls(parts, network, patient)
    assert (recall.state, recall.due_at) == ("booked", None)
    gone = coming.model_copy(update={"status": "cancelled"})
    await follow(parts, network, happened(AppointmentCancelled, network, gone, 2))
    (recall,) = await recalls(parts, network, patient)
    assert (recall.state, recall.due_at) == ("planned", recall.planned_for)


async def test_an_older_version_that_arrives_late_changes_nothing(parts, network):
    patient = new_id()
    await follow(parts, network, completed(network, appointment(patient)))
    coming = appointment(patient, starts_at=LAST + timedelta(days=200))
    gone = coming.model_copy(update={"status": "cancelled"})
    await follow(
        parts,
        network,
        happened(AppointmentCancelled, network, gone, 2),
        happened(AppointmentBooked, network, coming, 1),
    )
    (recall,) = await recalls(parts, network, patient)
    assert recall.state == "planned"


async def test_a_no_show_is_planned_again(parts, network):
    patient = new_id()
    await follow(parts, network, completed(network, appointment(patient)))
    coming = appointment(patient, starts_at=LAST + timedelta(days=200))
    await follow(
        parts,
        network,
        happened(AppointmentBooked, network, coming, 1),
        happened(AppointmentMissed, network, coming.model_copy(update={"status": "noshow"}), 2),
    )
    (recall,) = await recalls(parts, network, patient)
    assert (recall.state, recall.due_at) == ("planned", LAST + timedelta(days=201))


async def test_an_undone_completion_removes_the_plan(parts, network):
    patient = new_id()
    state = appointment(patient)
    await follow(parts, network, completed(network, state))
    undone = state.model_copy(update={"status": "arrived"})
    await follow(
        parts,
        network,
        happened(AppointmentCorrected, network, undone, 4, corrected_from="fulfilled"),
    )
    (recall,) = await recalls(parts, network, patient)
    assert (recall.state, recall.reason) == ("cancelled", "visit-undone")


async def test_a_directory_that_is_behind_is_waited_for(parts, network):
    with pytest.raises(Unavailable):
        await follow(parts, network, completed(network, appointment(new_id(), service_id=new_id())))


async def test_what_is_due_is_invited_once(parts, network):
    patient = new_id()
    await follow(parts, network, completed(network, appointment(patient)))
    (recall,) = await recalls(parts, network, patient)
    await invite(parts, network, recall.outreach_id)
    await invite(parts, network, recall.outreach_id)
    (event,) = await sent(parts, network)
    assert (event.outreach_id, event.patient_id, event.version) == (recall.outreach_id, patient, 1)
    assert event.last_visit_at == LAST
    assert event.expires_at == START + timedelta(days=30)
    (recall,) = await recalls(parts, network, patient)
    assert (recall.state, recall.due_at, recall.invited_at) == ("invited", None, START)


async def test_what_is_not_due_yet_is_not_invited(parts, network):
    patient = new_id()
    await follow(parts, network, completed(network, appointment(patient)))
    (recall,) = await recalls(parts, network, patient)
    await invite(parts, network, recall.outreach_id, now=recall.due_at - timedelta(seconds=1))
    assert await sent(parts, network) == []


async def test_what_booking_knows_better_is_skipped(parts, network):
    patient = new_id()
    await follow(parts, network, completed(network, appointment(patient)))
    (recall,) = await recalls(parts, network, patient)
    await invite(parts, network, recall.outreach_id, booked={recall.outreach_id})
    assert await sent(parts, network) == []
    (recall,) = await recalls(parts, network, patient)
    assert recall.state == "booked"


async def test_a_suppressed_invitation_says_why(parts, network):
    patient = new_id()
    await follow(parts, network, completed(network, appointment(patient)))
    (recall,) = await recalls(parts, network, patient)
    await invite(parts, network, recall.outreach_id)
    head = {
        "network_id": network, "occurred_at": START, "message_id": new_id(), "patient_id": patient,
        "origin": "outreach", "origin_id": recall.outreach_id, "template": "recall", "channel": None,
    }  # fmt: skip
    async with parts.database.transaction(network) as tx:
        await operations.note_message(tx, MessageSuppressed(version=2, reason="no-consent", **head))
        await operations.note_message(tx, MessageAccepted(version=1, **head))
        found = await queries.recalls_of(tx, [patient], caller(network))
    assert [(one.state, one.reason) for one in found.recalls] == [("suppressed", "no-consent")]


def a_rule(**changes) -> RecallRule:
    return RecallRule(
        **{
            "rule_id": new_id(),
            "name": "Botox",
            "service_kind": "botox",
            "after": Interval(months=4),
            **changes,
        }
    )


async def test_a_rule_is_put_and_replaced(parts, network):
    rule = a_rule()
    async with parts.database.transaction(network) as tx:
        first = await operations.put_rule(tx, PutRecallRule(rule=rule, if_version=0), caller(network))
        again = a_rule(rule_id=rule.rule_id, active=False)
        second = await operations.put_rule(tx, PutRecallRule(rule=again, if_version=1), caller(network))
        listed = await queries.list_rules(tx, caller(network))
    assert (first.version, second.version) == (1, 2)
    assert again in listed.rules
    assert listed.versions[str(rule.rule_id)] == 2


async def test_a_rule_changed_meanwhile_is_not_overwritten(parts, network):
    command = PutRecallRule(rule=default_rule(network), if_version=7)
    async with parts.database.transaction(network) as tx:
        with pytest.raises(VersionConflict) as refused:
            await operations.put_rule(tx, command, caller(network))
    assert refused.value.extra == {"version": 1}


async def test_reception_sets_no_rules(parts, network):
    async with parts.database.transaction(network) as tx:
        with pytest.raises(NotAllowed):
            await operations.put_rule(tx, PutRecallRule(rule=a_rule()), caller(network, roles=("reception",)))


async def test_an_inactive_rule_plans_nothing(parts, network):
    inactive = default_rule(network).model_copy(update={"active": False})
    async with parts.database.transaction(network) as tx:
        await operations.put_rule(tx, PutRecallRule(rule=inactive), caller(network))
    patient = new_id()
    await follow(parts, network, completed(network, appointment(patient)))
    assert await recalls(parts, network, patient) == []


async def test_the_database_keeps_networks_apart(parts, network):
    patient = new_id()
    await follow(parts, network, completed(network, appointment(patient)))
    async with parts.database.transaction("another") as tx:
        assert (await tx.execute(sa.select(tables.recalls))).all() == []
        assert (await queries.recalls_of(tx, [patient], caller("another"))).recalls == []


async def test_patients_are_not_shown_their_recalls(parts, network):
    async with parts.database.transaction(network) as tx:
        with pytest.raises(NotAllowed):
            await queries.recalls_of(tx, [new_id()], caller(network, actor="patient:1", roles=()))
