"""Subjects to operations and queries; no decisions."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from common import directory
from common.caller import Caller, system
from common.clock import Clock
from common.contracts.consents import (
    ConsentTexts,
    ContactAnswers,
    DescribeConsentTexts,
    GrantPermissions,
    MayContact,
    Permissions,
    PermissionsOf,
    WithdrawPermission,
)
from common.contracts.directory import DescribeDirectory, NetworkOpened
from common.database import Database
from common.delivery import Readers
from common.errors import Refused, Unavailable
from common.rpc import Answers, Asks
from common.sealed import Sealer
from consents import operations, queries
from consents.rules import access, texts

HOME_SECONDS = 1.0
"""How long booking has to say whether data stays at home: somebody waits for our own answer meanwhile."""


@dataclass(frozen=True)
class Parts:
    """What handlers work with."""

    database: Database
    asks: Asks
    clock: Clock
    sealer: Sealer


answers = Answers[Parts]()
readers = Readers[Parts]()


@answers.to(GrantPermissions)
async def grant(command: GrantPermissions, caller: Caller, parts: Parts) -> Permissions:
    now = parts.clock.now()

    async def read(tx: AsyncConnection) -> Permissions:
        return await queries.permissions_of(tx, caller.network_id, [command.patient_id], parts.sealer)

    async def work(tx: AsyncConnection) -> Permissions:
        await operations.grant(tx, command, caller, parts.sealer, now=now)
        return await read(tx)

    return await parts.database.once(command, caller.network_id, work, again=read)


@answers.to(WithdrawPermission)
async def withdraw(command: WithdrawPermission, caller: Caller, parts: Parts) -> Permissions:
    now = parts.clock.now()

    async def work(tx: AsyncConnection) -> Permissions:
        patient_id = await operations.withdraw(tx, command, caller, parts.sealer, now=now)
        return await queries.permissions_of(tx, caller.network_id, [patient_id], parts.sealer)

    # Withdrawing twice changes nothing the second time, so that a repeated command is simply carried out again.
    return await parts.database.once(command, caller.network_id, work, again=work)


@answers.to(MayContact)
async def may_contact(query: MayContact, caller: Caller, parts: Parts) -> ContactAnswers:
    access.require(caller, "ask")
    async with parts.database.reading(caller.network_id) as tx:
        at_home = await queries.keeps_data_at_home(tx, caller.network_id)
        if at_home is not None or not any(question.abroad for question in query.questions):
            return await queries.may_contact(tx, caller.network_id, query, data_at_home=at_home is True)
    at_home = await ask_about_home(caller.network_id, parts)
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.may_contact(tx, caller.network_id, query, data_at_home=at_home)


async def ask_about_home(network_id: str, parts: Parts) -> bool:
    """Whether a network that no event told of keeps its data at home; yes, while nobody can say."""
    try:
        told = await parts.asks.ask(
            DescribeDirectory(), caller=system("consents", network_id), timeout=HOME_SECONDS
        )
    except (Unavailable, Refused):
        return True
    return told.network.data_at_home


@answers.to(PermissionsOf)
async def permissions_of(query: PermissionsOf, caller: Caller, parts: Parts) -> Permissions:
    for patient_id in query.patient_ids:
        access.require(caller, "read", patient_id)
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.permissions_of(tx, caller.network_id, query.patient_ids, parts.sealer)


@answers.to(DescribeConsentTexts)
async def describe_texts(query: DescribeConsentTexts, caller: Caller, parts: Parts) -> ConsentTexts:
    del caller, parts
    return ConsentTexts(texts=texts.asked(query.locale))


@readers.of(NetworkOpened, durable="consents-directory")
async def keep_directory(event: NetworkOpened, parts: Parts) -> None:
    async with parts.database.applying(event, "consents-directory") as tx:
        await directory.keep(tx, event)
