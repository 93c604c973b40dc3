"""A patient's word that they want no invitations, or nothing at all: told to consents, and remembered once it has it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common import telemetry
from common.contracts.consents import Given, GrantPermissions, PermissionChanged, WithdrawPermission
from common.errors import Refused
from notifications.operations.parts import Parts, ourselves
from notifications.tables import refusals


async def refuse_invitations(
    parts: Parts, network_id: str, patient_id: UUID, *, command_id: UUID, how: str
) -> None:
    """Take the permission back. Raises `Unavailable` where consents does not answer."""
    command = WithdrawPermission(command_id=command_id, patient_id=patient_id, purpose="marketing", how=how)
    await _tell_consents(parts, network_id, command)


async def refuse_everything(
    parts: Parts, network_id: str, patient_id: UUID, *, command_id: UUID, given: Given
) -> None:
    """Reminders too, which nobody had to agree to. Raises `Unavailable` where consents does not answer."""
    command = GrantPermissions(
        command_id=command_id, patient_id=patient_id, refusals=["service", "marketing"], given=given
    )
    await _tell_consents(parts, network_id, command)


async def _tell_consents(
    parts: Parts, network_id: str, command: WithdrawPermission | GrantPermissions
) -> None:
    try:
        await parts.asks.ask(command, caller=ourselves(network_id))
    except Refused as refusal:
        telemetry.log().info("nothing to withdraw", code=refusal.refusal)


async def remember(tx: AsyncConnection, event: PermissionChanged) -> None:
    """Keep when invitations were refused: some laws let nobody call for a while after it, whatever is agreed to then."""
    if event.purpose == "marketing" and event.state != "granted":
        await refusals.add(tx, event.network_id, event.patient_id, event.occurred_at)
