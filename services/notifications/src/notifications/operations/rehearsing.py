"""The chain of a visit that nobody has booked: planned by the very rules of real ones, and never written."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from common import directory
from common.contracts.notifications import Rehearsal, RehearsedStep, RehearseVisit
from common.contracts.patient_profile import Channel
from common.errors import UnknownThing
from notifications.operations import policies, verdicts
from notifications.operations.planning.places import Place, Reach, governed, planning_facts
from notifications.rules import chains
from notifications.rules.chains import Aim, Planned
from notifications.rules.values import Facts
from notifications.tables.policies import NETWORK


async def rehearse(
    tx: AsyncConnection, query: RehearseVisit, network_id: str, offered: tuple[Channel, ...], *, now: datetime
) -> Rehearsal:
    """Plan for somebody of whom nothing is known. Raises `unknown-branch` and `malformed-policy`."""
    place = await _place(tx, query, network_id, now=now)
    reach = Reach(card=None, offered=(query.channel,) if query.channel is not None else offered)
    chain = place.governing.chain(place.network, query.branch_id, query.service_kind, reach.tags)
    visit = chains.Visit(now, query.starts_at, place.branch.zone, visited_at=query.starts_at)

    def facts_of(aim: Aim) -> Facts:
        starts_at = None if aim.step.target.anchor == "visit" else query.starts_at
        return planning_facts(reach, place, aim, asked_at=now, starts_at=starts_at)

    planned = chains.plan(chains.aims(chain.steps, visit), facts_of, now=now)
    return Rehearsal(steps=[_told(one) for one in planned], policy_version=place.pack.policy_version)


async def _place(tx: AsyncConnection, query: RehearseVisit, network_id: str, *, now: datetime) -> Place:
    network = await directory.network(tx, network_id)
    branches = await directory.branches(tx, network_id, [query.branch_id])
    if not branches:
        raise UnknownThing("branch", query.branch_id)
    place = await governed(tx, network, branches[str(query.branch_id)])
    if query.policy is None:
        return place
    policies.check(query.policy, of_branch=query.of_branch)
    scope = str(query.branch_id) if query.of_branch else NETWORK
    supposed = place.governing.with_policy(scope, query.policy, now=now)
    return replace(place, governing=supposed, pack=supposed.pack(network, place.branch))


def _told(planned: Planned) -> RehearsedStep:
    step, verdict = planned.step, planned.verdict
    return RehearsedStep(
        step=step.name, template=step.template, message_class=step.message_class, asks=planned.asks,
        target_at=planned.target_at, due_at=planned.due_at, channel=verdict.channel,
        merged_into=planned.merged_into,
        reasons=verdicts.told(verdict),
    )  # fmt: skip
