"""The queue of those who come without an appointment."""

from booking.handlers.parts import Parts, answers
from booking.operations import queue
from booking.queries import queue as queries
from common.caller import Caller
from common.contracts.booking import CallTicket, EndTicket, GetTicket, Queue, ShowQueue, TakeTicket, Ticket


@answers.to(TakeTicket)
async def take_ticket(command: TakeTicket, caller: Caller, parts: Parts) -> Ticket:
    return await parts.carry_out(queue.take, command, caller)


@answers.to(CallTicket)
async def call_ticket(command: CallTicket, caller: Caller, parts: Parts) -> Ticket:
    return await parts.carry_out(queue.call, command, caller)


@answers.to(EndTicket)
async def end_ticket(command: EndTicket, caller: Caller, parts: Parts) -> Ticket:
    return await parts.carry_out(queue.end, command, caller)


@answers.to(ShowQueue)
async def show_queue(query: ShowQueue, caller: Caller, parts: Parts) -> Queue:
    async with parts.looking(caller) as (tx, catalogue):
        return await queries.show(tx, query, caller, catalogue, now=parts.clock.now())


@answers.to(GetTicket)
async def get_ticket(query: GetTicket, caller: Caller, parts: Parts) -> Ticket:
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.one(tx, query.ticket_id, caller, now=parts.clock.now())
