"""Referrals inside the network."""

from booking.handlers.parts import Parts, answers
from booking.operations import referrals
from booking.queries import referrals as queries
from common.caller import Caller
from common.contracts.booking import CreateReferral, DeclineReferral, ListReferrals, Referral, Referrals


@answers.to(CreateReferral)
async def create_referral(command: CreateReferral, caller: Caller, parts: Parts) -> Referral:
    return await parts.carry_out(referrals.create, command, caller)


@answers.to(DeclineReferral)
async def decline_referral(command: DeclineReferral, caller: Caller, parts: Parts) -> Referral:
    return await parts.carry_out(referrals.decline, command, caller)


@answers.to(ListReferrals)
async def list_referrals(query: ListReferrals, caller: Caller, parts: Parts) -> Referrals:
    async with parts.database.reading(caller.network_id) as tx:
        return await queries.listed(tx, query, caller)
