"""The network's public directory."""

from booking.handlers.parts import Parts, answers
from booking.operations import directory
from booking.rules.catalogue import Thing
from booking.rules.permissions import expect_may
from common.caller import Caller
from common.contracts.directory import (
    DescribeDirectory,
    Directory,
    OpenNetwork,
    PutBranch,
    PutPractitioner,
    PutRoom,
    PutService,
)
from common.contracts.messages import Done


@answers.to(OpenNetwork)
async def open_network(command: OpenNetwork, caller: Caller, parts: Parts) -> Done:
    expect_may(caller, "open-network")
    now = parts.clock.now()
    return await parts.database.once(
        command,
        caller.network_id,
        lambda tx: directory.open_network(tx, caller.network_id, command.network, now=now),
    )


@answers.to(PutBranch)
async def put_branch(command: PutBranch, caller: Caller, parts: Parts) -> Done:
    return await _put(command, command.branch, caller, parts)


@answers.to(PutPractitioner)
async def put_practitioner(command: PutPractitioner, caller: Caller, parts: Parts) -> Done:
    return await _put(command, command.practitioner, caller, parts)


@answers.to(PutRoom)
async def put_room(command: PutRoom, caller: Caller, parts: Parts) -> Done:
    return await _put(command, command.room, caller, parts)


@answers.to(PutService)
async def put_service(command: PutService, caller: Caller, parts: Parts) -> Done:
    return await _put(command, command.service, caller, parts)


async def _put(
    command: PutBranch | PutPractitioner | PutRoom | PutService, thing: Thing, caller: Caller, parts: Parts
) -> Done:
    expect_may(caller, "set-up")
    return await parts.database.once(
        command,
        caller.network_id,
        lambda tx: directory.put(tx, parts.acting(caller), thing, if_version=command.if_version),
    )


@answers.to(DescribeDirectory)
async def describe_directory(_: DescribeDirectory, caller: Caller, parts: Parts) -> Directory:
    expect_may(caller, "read-directory")
    async with parts.database.reading(caller.network_id) as tx:
        return (await parts.directories.current(tx, caller.network_id)).describe()
