"""Telephone calls: what the telephony tells and asks, and what staff see of them."""

from common.caller import Caller
from common.contracts.messages import Done
from common.contracts.notifications import (
    Calls,
    CallTurn,
    CallView,
    ContinueCall,
    GetCall,
    ListCalls,
    RecordCall,
)
from notifications import queries
from notifications.handlers.registry import answers, of_a_provider
from notifications.operations.calls import dialogue, following
from notifications.operations.parts import Parts


@answers.to(RecordCall)
async def record_call(command: RecordCall, caller: Caller, parts: Parts) -> Done:
    of_a_provider(caller)
    return await following.record_call(parts, command, caller.network_id, now=parts.clock.now())


@answers.to(ContinueCall)
async def continue_call(command: ContinueCall, caller: Caller, parts: Parts) -> CallTurn:
    of_a_provider(caller)
    return await dialogue.continue_call(parts, command, caller.network_id, now=parts.clock.now())


@answers.to(ListCalls)
async def calls(query: ListCalls, caller: Caller, parts: Parts) -> Calls:
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.calls(tx, caller.network_id, query, parts.sealer)


@answers.to(GetCall)
async def call(query: GetCall, caller: Caller, parts: Parts) -> CallView:
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.call(tx, caller.network_id, query.call_id, parts.sealer)
