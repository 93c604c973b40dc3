"""What has become of referrals."""

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.permissions import agendas_of, expect_may, may
from booking.tables import referrals as rows
from common.caller import Caller
from common.contracts.booking import ListReferrals, Referrals


async def listed(tx: AsyncConnection, query: ListReferrals, caller: Caller) -> Referrals:
    """Newest first; doctors and delegates see what concerns the agendas that are theirs."""
    expect_may(caller, "read-referrals")
    named = None if query.practitioner_id is None else [query.practitioner_id]
    found = await rows.listed(
        tx,
        caller.network_id,
        patient_ids=query.patient_ids,
        concerning=named or agendas_of(caller),
        status=query.status,
        limit=query.limit,
    )
    return Referrals(
        referrals=[
            one.referral
            for one in found
            if any(may(caller, "read-referrals", practitioner_id=who) for who in one.concerns)
        ]
    )
