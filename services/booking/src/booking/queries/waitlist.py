"""Who waits."""

from sqlalchemy.ext.asyncio import AsyncConnection

from booking.rules.permissions import expect_may
from booking.tables import waitlist as rows
from common.caller import Caller
from common.contracts.booking import ListWaitlist, Waitlist


async def listed(tx: AsyncConnection, query: ListWaitlist, caller: Caller) -> Waitlist:
    """In the order in which they joined."""
    expect_may(caller, "waitlist", branch_id=query.branch_id, patient_id=query.patient_id)
    found = await rows.listed(
        tx,
        caller.network_id,
        branch_id=query.branch_id,
        patient_id=query.patient_id,
        only_open=query.open,
        limit=query.limit,
    )
    return Waitlist(entries=[entry.told() for entry in found])
