"""Plans that follow what changes: policies in layers, the patient, their permissions, and other visits of the day."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from common.caller import Caller
from common.contracts.consents import PermissionChanged
from common.contracts.notifications import (
    ExplainMessage,
    MessageSuppressed,
    Policy,
    PutPolicy,
    SimulateMessages,
)
from common.contracts.patient_profile import Contact, PatientChanged, PatientErased, Preferences
from common.database import AlreadyApplied
from common.errors import Refused, VersionConflict
from common.ids import new_id
from notifications import packs
from notifications.handlers import messages as handlers
from notifications.operations import policies, renewing
from notifications.rules.chains import MalformedFlow
from notifications.tables.conversations import threads

from .world import NOW, almaty, pressed, whatsapp_webhook

PHONE = "+77010000001"
DAY = timedelta(days=1)

ONE_STEP: dict[str, Any] = {
    "name": "hygiene", "service_kinds": ["hygiene"],
    "steps": [{"step": "only", "template": "short", "target": "T-3h", "earliest": "T-5h", "latest": "T-2h"}],
}  # fmt: skip


async def put(service, world, policy: dict[str, Any] | None = None, **more: Any):
    command = PutPolicy(policy=Policy.model_validate(policy or {}), **more)
    caller = Caller(network_id=world.network_id, actor="staff:1", roles=("manager",))
    return await service.parts.carry_out(policies.put, command, caller)


def window(name: str, opens: str, closes: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name, "classes": ["service", "marketing"], "source": "the clinic's own wish",
        "open": [{"days": [1, 2, 3, 4, 5, 6, 7], "hours": [[opens, closes]]}], **more,
    }  # fmt: skip


async def due(service, step):
    return (await service.step(step)).due_at


# --- policies ---------------------------------------------------------------------------------------------


async def test_a_networks_window_narrows_and_a_branchs_narrows_it_further(service, world):
    await put(service, world, {"windows": [window("network", "11:00", "20:00")]})
    branch = {"windows": [window("branch", "08:00", "16:00")]}
    await put(service, world, branch, branch_id=world.branch.branch_id)
    await service.apply(world.booked(world.patient(), almaty(12, 10)))
    assert await due(service, "confirm") == almaty(10, 11), "not before eleven"
    await service.apply(world.booked(world.patient("+77010000002"), almaty(12, 18)))
    later = [one for one in await service.messages() if one.step == "confirm"]
    assert sorted(one.due_at for one in later) == [almaty(10, 11), almaty(11, 11)], "not after four"
    assert f'"policy_version":"kz-{packs.pack("KZ").version}+network-1+branch-1"' in later[0].verdict


async def test_policies_have_versions_and_somebody_elses_change_is_not_lost(service, world):
    assert (await put(service, world)).version == 1
    assert (await put(service, world, if_version=1)).version == 2
    with pytest.raises(VersionConflict) as conflict:
        await put(service, world, if_version=1)
    assert conflict.value.extra["version"] == 2


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([{"template": "no-such-text"}], "no text"),
        ([{"target": "T-2d", "earliest": "T-1d"}], "outside its range"),
        ([{"target": "T+1h", "latest": "T+2h"}], "after the visit"),
        ([{"target": "V+1d", "earliest": "T-5h", "latest": "V+2d"}], "partly"),
        ([{"target": "soon"}], "not a moment"),
        ([{}, {}], "named twice"),
    ],
)
async def test_a_chain_that_makes_no_sense_names_its_step(service, world, steps, why):
    flow = ONE_STEP | {"steps": [ONE_STEP["steps"][0] | one for one in steps]}
    with pytest.raises(MalformedFlow) as refused:
        await put(service, world, {"flows": [flow]})
    assert refused.value.extra["where"].startswith("hygiene")
    assert why in refused.value.extra["why"]


async def test_a_branch_cannot_speak_for_the_network(service, world):
    with pytest.raises(MalformedFlow):
        await put(service, world, {"family_messaging": True}, branch_id=world.branch.branch_id)
    with pytest.raises(Refused, match="branch"):
        await put(service, world, branch_id=new_id())


async def test_only_a_manager_changes_policies(service, world):
    caller = Caller(network_id=world.network_id, actor="staff:1", roles=("reception",))
    with pytest.raises(Refused):
        await handlers.put_policy(PutPolicy(policy=Policy()), caller, service.parts)


# --- flows ------------------------------------------------------------------------------------------------


async def test_each_kind_of_visit_has_its_own_chain(service, world):
    other = ONE_STEP | {"name": "surgery", "service_kinds": ["surgery"], "steps": [
        ONE_STEP["steps"][0] | {"step": "early", "target": "T-4h"}]}  # fmt: skip
    await put(service, world, {"flows": [other, ONE_STEP]})
    await service.apply(world.booked(world.patient(), almaty(12, 15)))
    (only,) = await service.messages()
    assert (only.step, only.due_at) == ("only", almaty(12, 12))


async def test_a_patients_tag_chooses_a_chain(service, world):
    tagged = ONE_STEP | {"service_kinds": [], "tags": ["vip"]}
    await put(service, world, {"flows": [tagged]})
    await service.apply(world.booked(world.patient(tags=["vip"]), almaty(12, 15)))
    assert {one.step for one in await service.messages()} == {"only"}
    await service.apply(world.booked(world.patient("+77010000002"), almaty(12, 15)))
    assert {one.step for one in await service.messages()} == {
        "only",
        "confirmation",
        "confirm",
        "details",
        "short",
    }


async def test_a_changed_flow_leaves_what_is_planned_unless_asked(service, world, provider):
    await service.apply(world.booked(world.patient(), almaty(12, 15)))
    await service.send()
    await put(service, world, {"flows": [ONE_STEP]})
    await renew(service, world)
    assert {one.step for one in await service.messages() if one.outcome == "planned"} == {
        "confirm",
        "details",
        "short",
    }
    assert (await put(service, world, {"flows": [ONE_STEP]}, replan=True)).replanned == 1
    await renew(service, world)
    standing = [one for one in await service.messages() if one.outcome == "planned"]
    assert [(one.step, one.due_at) for one in standing] == [("only", almaty(12, 12))]
    assert len(provider.sent) == 1, "what went out is not repeated"
    await renew(service, world)
    assert len([one for one in await service.messages() if one.step == "only"]) == 1


async def renew(service, world):
    """Everything that is to be made anew."""
    while await service.renewing.step():
        pass


async def test_a_visit_that_is_gone_needs_no_chain(service, world):
    await service.apply(world.booked(world.patient(), almaty(12, 15)))
    (appointment_id,) = world.appointments
    del world.appointments[appointment_id]
    await put(service, world, {"flows": [ONE_STEP]}, replan=True)
    await renewing.make_chains_anew(service.parts, world.network_id, [appointment_id])
    await renew(service, world)
    assert "only" not in {one.step for one in await service.messages()}


# --- patients and permissions -----------------------------------------------------------------------------


def changed(world, card, **changes) -> PatientChanged:
    world.cards[card.patient_id] = card.model_copy(update={**changes, "version": card.version + 1})
    return PatientChanged(
        network_id=world.network_id, occurred_at=NOW, version=card.version + 1, patient_id=card.patient_id
    )


async def test_quiet_hours_zone_and_language_of_a_patient_move_what_is_open(service, world):
    card = world.patient()
    await service.apply(world.booked(card, almaty(12, 15)))
    await service.send()
    quiet = Preferences(quiet_from="12:00", quiet_to="17:00")
    await service.apply(changed(world, card, preferences=quiet, locale="kk", zone="Asia/Tokyo"))
    asking = await service.step("confirm")
    assert asking.due_at == almaty(10, 15), "19:00 in Tokyo is open"
    assert (asking.locale, asking.zone) == ("kk", "Asia/Tokyo")
    await service.apply(changed(world, world.cards[card.patient_id], zone=None))
    assert await due(service, "confirm") == almaty(10, 17)


async def test_the_same_change_twice_is_applied_once(service, world):
    card = world.patient()
    await service.apply(world.booked(card, almaty(12, 15)))
    event = changed(world, card, preferences=Preferences(quiet_from="12:00", quiet_to="17:00"))
    await service.apply(event)
    before = await service.messages()
    with pytest.raises(AlreadyApplied):
        await service.apply(event)
    assert await service.messages() == before


async def test_a_provisional_plan_becomes_definite(service, world):
    card = world.patient(preferences=Preferences(quiet_from="12:00", quiet_to="17:00"))
    world.silent.add("patient_profile")
    await service.apply(world.booked(card, almaty(12, 15)))
    assert await due(service, "confirm") == almaty(10, 15)
    world.silent.clear()
    await service.apply(changed(world, card))
    assert await due(service, "confirm") == almaty(10, 17)
    assert not any(one.provisional for one in await service.messages())


async def test_a_phone_that_is_told_later_brings_reminders_back(service, world, provider):
    card = world.patient(phone="")
    await service.apply(world.booked(card, almaty(12, 15)))
    assert {one.reason for one in await service.messages()} == {"no-address"}
    await service.apply(changed(world, card, phones=[Contact(phone=PHONE, original=PHONE)]))
    assert {one.outcome for one in await service.messages()} == {"planned"}
    await service.send()
    assert len(provider.sent) == 1


async def test_a_preference_refuses_orientations_and_keeps_reminders(service, world):
    card = world.patient()
    await service.apply(world.booked(card, almaty(12, 15)))
    await service.apply(changed(world, card, preferences=Preferences(accepts_orientations=False)))
    ended = {one.step: one.reason for one in await service.messages() if one.outcome == "suppressed"}
    assert ended == {"details": "orientations-refused"}
    (told,) = await service.told(MessageSuppressed)
    assert (told.template, told.version) == ("details", 1)
    await service.apply(changed(world, world.cards[card.patient_id], preferences=Preferences()))
    assert (await service.step("details")).outcome == "planned"


async def test_what_was_merged_comes_apart_when_it_no_longer_collides(service, world):
    """Booked the evening before, details join the confirmation; a patient's quiet evening parts them."""
    service.clock.put(almaty(11, 19))
    card = world.patient()
    await service.apply(world.booked(card, almaty(12, 18), at=almaty(11, 19)))
    before = {one.step: one.reason for one in await service.messages()}
    assert before["details"] == "merged"
    quiet = Preferences(quiet_from="18:30", quiet_to="09:30")
    await service.apply(changed(world, card, preferences=quiet))
    details = await service.step("details")
    assert (details.outcome, details.due_at) == ("planned", almaty(12, 9, 30))
    assert list((await service.step("confirmation")).parts) == ["confirmation"]


async def test_a_withdrawn_permission_ends_what_is_open_and_a_given_one_brings_it_back(service, world):
    card = world.patient()
    await service.apply(world.booked(card, almaty(12, 15)))
    await service.send()
    world.refused[card.patient_id, "service"] = "service-refused"
    await service.apply(permission(world, card, "refused", 1))
    reasons = {one.step: one.reason for one in await service.messages() if one.step != "confirmation"}
    assert set(reasons.values()) == {"service-refused"}
    del world.refused[card.patient_id, "service"]
    await service.apply(permission(world, card, "granted", 2))
    assert await due(service, "confirm") == almaty(10, 15)


def permission(world, card, state, version) -> PermissionChanged:
    return PermissionChanged(
        network_id=world.network_id, occurred_at=NOW, version=version, patient_id=card.patient_id,
        purpose="service", state=state,
    )  # fmt: skip


async def test_nobody_is_asked_about_a_patient_with_nothing_open(service, world):
    world.silent.update({"patient_profile", "consents"})
    await service.apply(changed(world, world.patient()))


# --- several visits of a day ------------------------------------------------------------------------------


async def two_visits(service, world, *, card=None, other=None):
    card = card or world.patient(PHONE)
    first = world.booked(card, almaty(12, 11))
    second = world.booked(other or card, almaty(12, 15))
    await service.apply(second, first)
    await service.send()
    await service.delivered()
    return first.appointment.appointment_id, second.appointment.appointment_id


async def test_two_visits_of_one_day_are_one_reminder_at_the_firsts_time(service, world, provider):
    await two_visits(service, world)
    assert len(provider.sent) == 2, "each booking is confirmed by itself"
    await service.at(almaty(10, 11))
    assert len(provider.sent) == 3
    text = provider.texts()[-1]
    assert "11:00" in text
    assert "15:00" in text
    await service.delivered()
    await service.at(almaty(10, 15))
    assert len(provider.sent) == 3
    grouped = [one for one in await service.messages() if one.reason == "grouped"]
    assert sorted(one.step for one in grouped) == ["confirm", "details", "short"]


async def test_the_answer_to_one_reminder_is_for_all_its_visits(service, world, provider):
    first, second = await two_visits(service, world)
    await service.at(almaty(10, 11))
    await service.webhook(whatsapp_webhook(messages=[pressed(PHONE, f"confirm:{first}")]))
    assert {command.appointment_id for _, command in world.commands} == {first, second}


async def test_when_the_first_is_cancelled_the_seconds_reminder_comes_by_itself_again(
    service, world, provider
):
    first, _ = await two_visits(service, world)
    await service.apply(world.cancel(first))
    await service.send()
    await service.delivered()
    count = len(provider.sent)
    await service.at(almaty(10, 11))
    assert len(provider.sent) == count
    await service.at(almaty(10, 15))
    assert len(provider.sent) == count + 1
    assert "11:00" not in provider.texts()[-1]


async def test_when_the_second_moves_to_another_day_each_is_reminded_of_by_itself(service, world, provider):
    _, second = await two_visits(service, world)
    await service.apply(world.move(second, almaty(13, 15)))
    await service.send()
    await service.delivered()
    await service.at(almaty(10, 11))
    assert "15:00" not in provider.texts()[-1]
    await service.at(almaty(11, 15))
    assert "13 ноября" in provider.texts()[-1]


async def test_a_grouped_message_explains_itself(service, world):
    await two_visits(service, world)
    asking = [one for one in await service.messages() if one.step == "confirm"]
    (lead,) = (one for one in asking if one.outcome == "planned")
    (grouped,) = (one for one in asking if one.reason == "grouped")
    caller = Caller(network_id=world.network_id, actor="staff:1", roles=("manager",))
    told = await handlers.explain(ExplainMessage(message_id=grouped.message_id), caller, service.parts)
    assert (told.verdict, told.reasons[-1].result) == ("drop", "grouped")
    assert told.reasons[-1].detail == {"into": str(lead.message_id)}
    later = await handlers.explain(
        ExplainMessage(message_id=grouped.message_id, at=almaty(9, 12)), caller, service.parts
    )
    assert later.reasons[-1].result == "grouped"


async def test_a_family_on_one_phone_is_one_message_only_where_the_network_says_so(service, world, provider):
    mother, child = world.patient(PHONE, "Дана"), world.patient(PHONE, "Арман")
    await two_visits(service, world, card=mother, other=child)
    assert not [one for one in await service.messages() if one.reason == "grouped"]
    await put(service, world, {"family_messaging": True})
    daughter = world.booked(world.patient(PHONE, "Алия"), almaty(19, 12))
    await service.apply(daughter, world.booked(mother, almaty(19, 10)))
    await service.send()
    await service.delivered()
    await service.at(almaty(17, 10))
    text = provider.texts()[-1]
    for said in ("10:00", "12:00", "Алия", "Дана"):
        assert said in text
    grouped = [one for one in await service.messages() if one.reason == "grouped"]
    assert {one.appointment_id for one in grouped} == {daughter.appointment.appointment_id}


@pytest.fixture
async def family(service, world):
    """A mother and a child on one phone and one day, told in one message; the child's visit."""
    await put(service, world, {"family_messaging": True})
    mother, child = world.patient(PHONE, "Дана"), world.patient(PHONE, "Арман")
    first, second = await two_visits(service, world, card=mother, other=child)
    return mother, first, second


async def reminded_alone(service, world, provider, second):
    """That the child's visit is reminded of by itself."""
    asking = [one for one in await service.messages(second) if one.step == "confirm"]
    assert [(one.outcome, one.due_at) for one in asking] == [("planned", almaty(10, 15))]
    count = len(provider.sent)
    await service.at(almaty(10, 15))
    assert len(provider.sent) == count + 1
    assert "Арман" in provider.texts()[-1]


async def test_when_the_leading_visit_of_a_family_is_cancelled_the_other_is_told_of(
    service, world, provider, family
):
    _, first, second = family
    await service.apply(world.cancel(first))
    await service.send()
    await service.delivered()
    await reminded_alone(service, world, provider, second)


async def test_when_the_leading_message_may_not_go_out_the_other_visit_is_told_of(
    service, world, provider, family
):
    mother, _, second = family
    world.refused[mother.patient_id, "service"] = "service-refused"
    await service.at(almaty(10, 11))
    await reminded_alone(service, world, provider, second)


async def test_when_the_leading_patient_is_erased_the_other_visit_is_told_of(
    service, world, provider, family
):
    mother, first, second = family
    await service.apply(
        PatientErased(network_id=world.network_id, occurred_at=NOW, version=2, patient_id=mother.patient_id)
    )
    await reminded_alone(service, world, provider, second)
    assert {one.outcome for one in await service.messages(first)} <= {"cancelled", "delivered"}


# --- explaining and simulating ----------------------------------------------------------------------------


async def test_what_is_answered_is_what_was_stored_to_the_byte(service, world):
    await service.apply(world.booked(world.patient(), almaty(12, 10)))
    short = await service.step("short")
    caller = Caller(network_id=world.network_id, actor="staff:1", roles=("manager",))
    told = await handlers.explain(ExplainMessage(message_id=short.message_id), caller, service.parts)
    assert told.stored
    assert told.policy_digest == packs.pack("KZ").digest
    for reason in told.reasons:
        assert reason.model_dump_json() in told.model_dump_json()
    assert [one.result for one in told.reasons if one.rule == "quiet-hours"] == [
        "closed",
        "moved-before-closing",
    ]


async def test_a_simulation_predicts_what_then_happens_and_writes_nothing(service, world, provider):
    willing, refusing, capped = world.patient(), world.patient("+77010000002"), world.patient("")
    world.refused[refusing.patient_id, "marketing"] = "no-permission"
    night = almaty(3, 23)
    query = SimulateMessages(
        message_class="marketing", template="recall", branch_id=world.branch.branch_id,
        patient_ids=[willing.patient_id, refusing.patient_id, capped.patient_id], instants=[NOW, night],
    )  # fmt: skip
    caller = Caller(network_id=world.network_id, actor="service:recall", roles=("system",))
    told = await handlers.simulate(query, caller, service.parts)
    assert [(one.verdict, one.reason) for one in told.messages] == [
        ("send", "chosen"), ("wait", "chosen"), ("drop", "no-permission"), ("drop", "no-permission"),
        ("drop", "no-address"), ("drop", "no-address"),
    ]  # fmt: skip
    assert told.messages[1].send_at == almaty(4, 9)
    assert await service.messages() == []
    assert provider.sent == []


async def test_a_simulation_of_an_unknown_text_is_refused(service, world):
    query = SimulateMessages(
        message_class="marketing", template="no-such-text", branch_id=world.branch.branch_id,
        patient_ids=[new_id()], instants=[NOW],
    )  # fmt: skip
    caller = Caller(network_id=world.network_id, actor="service:recall", roles=("system",))
    with pytest.raises(Refused, match="template"):
        await handlers.simulate(query, caller, service.parts)


async def test_a_networks_limits_of_cost_choose_a_cheaper_channel_or_none(service, world, provider):
    await put(service, world, {"most_per_message": 1})
    card = world.patient(PHONE, preferences=Preferences(channel="sms"))
    await service.apply(world.booked(card, almaty(12, 15)))
    await service.send()
    assert [one["channel"] for one in provider.sent] == ["whatsapp"]
    nothing_else = world.patient("+77010000002", preferences=Preferences(no_smartphone=True))
    await service.apply(world.booked(nothing_else, almaty(13, 15)))
    await service.send()
    assert len(provider.sent) == 1
    reasons = {one.reason for one in await service.messages() if one.step == "confirmation"}
    assert reasons == {None, "too-dear"}


async def test_a_simulation_says_what_an_sms_would_cost(service, world):
    card = world.patient(PHONE, preferences=Preferences(channel="sms"))
    query = SimulateMessages(
        message_class="marketing", template="recall", branch_id=world.branch.branch_id,
        patient_ids=[card.patient_id], instants=[NOW],
    )  # fmt: skip
    caller = Caller(network_id=world.network_id, actor="service:recall", roles=("system",))
    (told,) = (await handlers.simulate(query, caller, service.parts)).messages
    assert told.channel == "sms"
    assert told.cost is not None
    assert told.cost % 2200 == 0, "a price for each segment"
    await put(service, world, {"most_per_month": 100})
    (told,) = (await handlers.simulate(query, caller, service.parts)).messages
    assert told.channel == "whatsapp"


async def test_a_conversation_that_a_person_holds_is_not_disturbed(service, world, provider):
    card = world.patient(PHONE)
    await service.apply(world.booked(card, almaty(12, 15)))
    await service.send()
    await service.delivered()
    async with service.parts.database.transaction(world.network_id) as tx:
        held = {
            "network_id": world.network_id, "thread_id": new_id(), "channel": "whatsapp",
            "address_index": b"1", "address": b"1", "patient_ids": [card.patient_id], "heard_at": NOW,
            "paused_at": NOW,
        }  # fmt: skip
        await tx.execute(sa.insert(threads), held)
    await service.at(almaty(10, 15))
    assert [one["channel"] for one in provider.sent] == ["whatsapp", "sms"], "not into that conversation"
