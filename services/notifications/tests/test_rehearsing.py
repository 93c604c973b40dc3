"""What managers look at before and while messages go out: a visit rehearsed, and how sending stands."""

from datetime import timedelta
from typing import Any

import pytest

from common.caller import Caller
from common.contracts.notifications import (
    DescribePolicies,
    DescribeSending,
    PauseSending,
    Policy,
    Rehearsal,
    RehearseVisit,
    ResumeSending,
)
from common.errors import Refused
from common.ids import new_id
from notifications.handlers import messages as handlers
from notifications.rules.limits import Limit
from notifications.tables import limits as limit_rows

from .world import NOW, almaty

LATE = {
    "id": "late", "classes": ["service"], "source": "nobody is there before eleven",
    "open": [{"days": [1, 2, 3, 4, 5, 6, 7], "hours": [["11:00", "20:00"]]}],
}  # fmt: skip


@pytest.fixture
def manager(world: Any) -> Caller:
    return Caller(network_id=world.network_id, actor="staff:1", roles=("manager",))


async def rehearsed(service: Any, manager: Caller, **more: Any) -> Rehearsal:
    query = RehearseVisit(branch_id=service.world.branch.branch_id, starts_at=almaty(12, 10), **more)
    return await handlers.rehearse(query, manager, service.parts)


def dues(rehearsal: Rehearsal) -> dict[str, Any]:
    return {one.step: one.due_at for one in rehearsal.steps}


async def test_a_rehearsal_is_what_a_real_visit_gets_and_leaves_nothing_behind(service, world, manager):
    told = dues(await rehearsed(service, manager))
    assert await service.messages() == []
    await service.apply(world.booked(world.patient(), almaty(12, 10)))
    planned = {one.step: one.due_at for one in await service.messages()}
    assert {step: planned[step] for step in ("confirm", "details", "short")} == {
        step: told[step] for step in ("confirm", "details", "short")
    }


@pytest.mark.parametrize("of_branch", [False, True])
async def test_a_supposed_window_moves_the_instants_and_stays_a_supposition(service, manager, of_branch):
    supposed = await rehearsed(
        service, manager, policy=Policy.model_validate({"windows": [LATE]}), of_branch=of_branch
    )
    assert dues(supposed)["confirm"] == almaty(10, 11)
    assert supposed.policy_version.endswith("branch-1" if of_branch else "network-1")
    assert dues(await rehearsed(service, manager))["confirm"] == almaty(10, 10)


async def test_a_policy_that_could_not_be_saved_cannot_be_supposed(service, manager):
    with pytest.raises(Refused):
        await rehearsed(service, manager, policy=Policy(family_messaging=True), of_branch=True)
    with pytest.raises(Refused, match="branch"):
        await handlers.rehearse(
            RehearseVisit(branch_id=new_id(), starts_at=almaty(12, 10)), manager, service.parts
        )


async def test_windows_and_caps_of_the_country_are_told_with_their_hours(service, manager):
    lines = {
        one.id: one
        for one in (await handlers.describe_policies(DescribePolicies(), manager, service.parts)).pack.lines
    }
    assert lines["kz-sms-weekdays"].open[0].days == [1, 2, 3, 4, 5]
    assert lines["kz-sms-weekdays"].holidays is False
    cap = lines["kz-marketing-month"].cap
    assert cap is not None
    assert (cap.limit, cap.days) == (4, 30)


async def test_it_is_told_who_put_the_brake_on_and_what_waits(service, world, manager):
    await handlers.pause(PauseSending(template="confirmation"), manager, service.parts)
    await service.apply(world.booked(world.patient(), almaty(12, 10)))
    await service.send()
    state = await handlers.describe_sending(DescribeSending(), manager, service.parts)
    (brake,) = state.brakes
    assert (brake.channel, brake.template, brake.paused_at, brake.paused_by) == (
        None, "confirmation", NOW, "staff:1",
    )  # fmt: skip
    assert [(one.why, one.template, one.count) for one in state.blocked] == [("paused", "confirmation", 1)]
    await handlers.resume(ResumeSending(template="confirmation"), manager, service.parts)
    state = await handlers.describe_sending(DescribeSending(), manager, service.parts)
    assert (state.brakes, state.blocked) == ([], [])


async def test_what_will_come_due_under_a_brake_is_told_ahead(service, world, manager):
    await service.apply(world.booked(world.patient(), almaty(12, 10)))
    await service.send()
    await handlers.pause(PauseSending(template="confirm-request"), manager, service.parts)
    soon = await handlers.describe_sending(DescribeSending(), manager, service.parts)
    later = await handlers.describe_sending(DescribeSending(hours=336), manager, service.parts)
    assert soon.blocked == []
    assert [(one.why, one.template) for one in later.blocked] == [("paused", "confirm-request")]


async def test_a_limit_that_is_over_is_no_longer_told(service, world, manager):
    async with service.parts.database.transaction(world.network_id) as tx:
        await limit_rows.put(tx, world.network_id, "whatsapp", Limit(NOW + timedelta(minutes=5), 3))
        await limit_rows.put(tx, world.network_id, "sms", Limit(NOW, 1))
    state = await handlers.describe_sending(DescribeSending(), manager, service.parts)
    assert [(one.channel, one.strikes) for one in state.limits] == [("whatsapp", 3)]


async def test_what_the_provider_holds_back_and_what_nobody_decides_are_told_apart(service, world, manager):
    service.provider.channel_faults["whatsapp"] = 429
    await service.apply(world.booked(world.patient(), almaty(12, 10)))
    await service.send()
    state = await handlers.describe_sending(DescribeSending(), manager, service.parts)
    assert [(one.why, one.template) for one in state.blocked] == [("provider-busy", "confirmation")]
    service.provider.channel_faults.clear()
    await service.at(NOW + timedelta(hours=1))
    await service.apply(world.booked(world.patient("+77010000002"), almaty(13, 10)))
    service.clock.put(service.clock.now() + timedelta(minutes=10))
    state = await handlers.describe_sending(DescribeSending(), manager, service.parts)
    assert [(one.why, one.template) for one in state.blocked] == [("overdue", "confirmation")]
