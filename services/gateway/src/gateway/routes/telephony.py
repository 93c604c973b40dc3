"""What telephony and Kavenegar send: verified here, answered with what notifications decided."""

import hmac
from typing import Annotated, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from common import caller
from common.accounts import account_of
from common.contracts.notifications import ContinueCall, IngestWebhook, RecordCall, Telephony
from gateway.handlers import Parts
from gateway.routes.access import AuditedRoute, PartsHere, carry_out
from gateway.routes.webhooks import TWIML, MalformedWebhook, signed_form, text_of
from gateway.rules import webhooks as rules

router = APIRouter(route_class=AuditedRoute, tags=["machines"])


@router.post("/webhooks/voice/{network}")
async def voice(
    network: str,
    request: Request,
    parts: PartsHere,
    ref: UUID | None = None,
    step: Annotated[int, Query(ge=0, le=100)] = 0,
) -> Response:
    """A call of ours asks what to say next; one that comes in tells how it stands, and rings where it rings."""
    form = await _told(parts, network, request)
    if ref is None:
        await _record(parts, network, form, ref)
        return Response(TWIML, media_type="text/xml")
    command = ContinueCall(
        provider_id=form["CallSid"],
        reference=ref,
        step=step,
        digits=form.get("Digits", "")[:20],
        machine=_machine(form),
    )
    turn = await carry_out(parts, command, caller.system("gateway", network))
    return Response(turn.document, media_type="text/xml")


@router.post("/webhooks/voice/{network}/status")
async def voice_status(network: str, request: Request, parts: PartsHere, ref: UUID | None = None) -> Response:
    """How a call of ours stands."""
    await _record(parts, network, await _told(parts, network, request), ref)
    return Response(TWIML, media_type="text/xml")


async def _told(parts: Parts, network: str, request: Request) -> dict[str, str]:
    """The form, signed by the telephony. Refused: `bad-signature`, `malformed`."""
    await parts.public_directory.network(network)
    form = await signed_form(parts, request, parts.secrets.voice_auth_token)
    if not {"CallSid", "From", "To"} <= form.keys() or form.get("CallStatus") not in get_args(Telephony):
        raise MalformedWebhook("This tells of no call")
    return form


async def _record(parts: Parts, network: str, form: dict[str, str], ref: UUID | None) -> None:
    inbound = form.get("Direction", "inbound") == "inbound"
    seconds = form.get("CallDuration", "")
    try:
        command = RecordCall.model_validate(
            {
                "provider_id": form["CallSid"],
                "direction": "inbound" if inbound else "outbound",
                "status": form["CallStatus"],
                "patient_number": form["From" if inbound else "To"],
                "clinic_number": form["To" if inbound else "From"],
                "reference": ref,
                "machine": _machine(form),
                "seconds": int(seconds) if seconds.isdecimal() else None,
            }
        )
    except ValidationError as error:
        raise MalformedWebhook("This tells of no call") from error
    await carry_out(parts, command, caller.system("gateway", network))


def _machine(form: dict[str, str]) -> bool:
    return form.get("AnsweredBy", "").startswith(("machine", "fax"))


@router.get("/webhooks/kavenegar/{network}")
@router.post("/webhooks/kavenegar/{network}")
async def kavenegar(network: str, request: Request, parts: PartsHere, key: str = "") -> Response:
    """Kavenegar signs nothing: the address that it was given holds a key. What it tells stands in a form or in the
    query, by either method; the key is kept nowhere."""
    await parts.public_directory.network(network)
    expected = account_of(parts.secrets.kavenegar_webhook_key, network)
    if not expected or not hmac.compare_digest(key.encode(), expected.encode()):
        raise rules.BadSignature("This is not the address that was agreed")
    body = await request.body()
    query = {name: value for name, value in request.query_params.items() if name != "key"}
    command = IngestWebhook(
        command_id=rules.command_id(network, "kavenegar", urlencode(sorted(query.items())), body),
        provider="kavenegar",
        content_type=request.headers.get("content-type", "")[:200],
        query=query,
        body=text_of(body),
    )
    await carry_out(parts, command, caller.system("gateway", network))
    return Response(status_code=200)
