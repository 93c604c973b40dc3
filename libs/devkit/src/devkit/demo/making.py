"""Sends a demo network's commands to the services, as far as its things are missing."""

import asyncio
from collections.abc import Iterable

from common.contracts.directory import DescribeDirectory, OpenNetwork
from common.contracts.gateway import CreateStaff, Role
from common.errors import Refused, Unavailable
from common.rpc import Asks
from devkit.asking import acting, asking
from devkit.demo import LOGINS
from devkit.demo.elsewhere import BRAZIL, FRANCE, IRAN, TAIWAN
from devkit.demo.kazakhstan import PLAN as KAZAKHSTAN
from devkit.demo.plan import Plan

PLANS: tuple[Plan, ...] = (KAZAKHSTAN, BRAZIL, IRAN, FRANCE, TAIWAN)
PATIENCE_SECONDS = 20.0
TITLES: dict[Role, str] = {
    "reception": "Reception",
    "delegate": "Remote secretary",
    "doctor": "Doctor",
    "manager": "Manager",
    "accounting": "Accounting",
    "admin": "Administrator",
}


async def ensure_demo(nats_url: str, signing_key: str, plans: Iterable[Plan] = PLANS) -> None:
    """Make every network, all at once; `signing_key` is the gateway's."""
    async with asking(nats_url, signing_key) as asks, asyncio.TaskGroup() as group:
        for plan in plans:
            group.create_task(_ensure(asks, plan))


async def _ensure(asks: Asks, plan: Plan) -> None:
    known = await _known(asks, plan)
    caller = acting(plan.network_id)
    if known is None:
        await asks.ask(OpenNetwork(network=plan.network()), caller=caller, timeout=PATIENCE_SECONDS)
    for thing_id, command in plan.commands():
        if str(thing_id) not in (known or {}):
            await asks.ask(command, caller=caller, timeout=PATIENCE_SECONDS)
    await _ensure_staff(asks, plan)


async def _known(asks: Asks, plan: Plan) -> dict[str, int] | None:
    """The versions of what is there; None where the network is not."""
    try:
        directory = await asks.ask(
            DescribeDirectory(), caller=acting(plan.network_id), timeout=PATIENCE_SECONDS
        )
    except Refused as refusal:
        if refusal.refusal == "unknown-network":
            return None
        raise
    return directory.versions


async def _ensure_staff(asks: Asks, plan: Plan) -> None:
    for login in LOGINS:
        if login.network_id == plan.network_id:
            command = CreateStaff(
                command_id=plan.id_of("create-staff", login.role),
                staff_id=plan.id_of("staff", login.role),
                email=login.email,
                display_name=TITLES[login.role],
                password=login.password,
                roles=[login.role],
                practitioner_id=plan.first_practitioners()[0] if login.role == "doctor" else None,
                practitioner_ids=plan.first_practitioners()[:2] if login.role == "delegate" else [],
            )
            await _create(asks, command, plan.network_id)


async def _create(asks: Asks, command: CreateStaff, network_id: str) -> None:
    """The gateway learns of a new network by an event, so it may have to be asked again for a while."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        try:
            await asks.ask(command, caller=acting(network_id), timeout=PATIENCE_SECONDS)
        except Refused as refusal:
            if refusal.refusal == "email-taken":
                return  # made by an earlier version, under another id
            if refusal.refusal != "unknown-network" or asyncio.get_running_loop().time() > deadline:
                raise
        except Unavailable:
            if asyncio.get_running_loop().time() > deadline:
                raise
        else:
            return
        await asyncio.sleep(0.2)
