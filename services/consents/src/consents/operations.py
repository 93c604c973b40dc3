"""What consents does: records what patients agree to, refuse and take back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.caller import Caller
from common.contracts.consents import GrantPermissions, Permission, PermissionChanged, WithdrawPermission
from common.errors import UnknownThing
from common.ids import new_id
from common.sealed import Sealer
from consents import tables
from consents.rules import access, permissions


async def grant(
    tx: AsyncConnection, command: GrantPermissions, caller: Caller, sealer: Sealer, *, now: datetime
) -> None:
    """Record what a patient agreed to and refused, with the evidence."""
    access.require(caller, "give", command.patient_id)
    given = access.attested(command.given, caller)
    book = await tables.lock_book(tx, caller.network_id, command.patient_id, sealer)
    acts = permissions.granted(book, command, given, now=now, mint=new_id)
    await _record(tx, acts, caller, sealer)


async def withdraw(
    tx: AsyncConnection, command: WithdrawPermission, caller: Caller, sealer: Sealer, *, now: datetime
) -> UUID:
    """Take a permission back: the very next answer knows. Returns whose it was."""
    patient_id = command.patient_id
    if patient_id is None and command.permission_id is not None:
        patient_id = await tables.patient_of(tx, caller.network_id, command.permission_id)
    if patient_id is None:
        raise UnknownThing("permission", command.permission_id or "")
    access.require(caller, "withdraw", patient_id)
    book = await tables.lock_book(tx, caller.network_id, patient_id, sealer)
    await _record(tx, permissions.withdrawn(book, command, now=now, mint=new_id), caller, sealer)
    return patient_id


async def _record(tx: AsyncConnection, acts: Sequence[Permission], caller: Caller, sealer: Sealer) -> None:
    await tables.record(tx, caller.network_id, acts, sealer, by=caller.actor)
    await outbox.record(
        tx,
        *(
            PermissionChanged(
                network_id=caller.network_id,
                occurred_at=act.changed_at,
                version=act.version,
                patient_id=act.patient_id,
                purpose=act.purpose,
                state=act.state,
            )
            for act in acts
        ),
    )
