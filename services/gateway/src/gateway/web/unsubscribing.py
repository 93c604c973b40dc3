"""The end of invitations by one press, the mail program's (RFC 8058) or the patient's own: without logging in."""

from fastapi import APIRouter, Request, Response
from starlette.responses import PlainTextResponse

from common import caller
from common.contracts.consents import WithdrawPermission
from common.errors import Refused
from common.links import Purpose
from gateway.routes.access import AuditedRoute, PartsHere, carry_out, to_be_audited
from gateway.rules import manage_links
from gateway.web import languages

router = APIRouter(route_class=AuditedRoute, tags=["patients"])

_UNSUBSCRIBE: frozenset[Purpose] = frozenset({"unsubscribe"})


@router.post("/l/{token}/unsubscribe")
async def unsubscribe(token: str, request: Request, parts: PartsHere) -> Response:
    """Withdraw the consent to invitations; whoever has withdrawn it already is answered the same."""
    link = parts.links.read(token[:400], now=parts.clock.now())
    manage_links.check_purpose(link.purpose, _UNSUBSCRIBE)
    to_be_audited(
        request,
        network_id=link.network_id,
        actor="patient-by-link",
        action="links.unsubscribe",
        purpose="link",
        patient_id=link.thing_id,
    )
    command = WithdrawPermission(patient_id=link.thing_id, purpose="marketing", how="unsubscribe-link")
    try:
        await carry_out(parts, command, caller.system("gateway", link.network_id))
    except Refused as refusal:
        if refusal.refusal != "unknown-permission":
            raise
    codes = languages.offered("public", languages.AREAS["public"])
    chosen = languages.choose(codes, request.headers.get("accept-language"))
    return PlainTextResponse(languages.language("public", chosen).text("unsubscribed"))
