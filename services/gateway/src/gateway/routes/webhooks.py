"""What providers send: verified here, stored by notifications, and answered 200 only after that."""

import hmac
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import PlainTextResponse

from common import caller
from common.contracts.notifications import IngestWebhook
from common.errors import NotAllowed, Refused
from gateway.handlers import Parts
from gateway.routes.access import AuditedRoute, PartsHere, carry_out
from gateway.rules import webhooks as rules

router = APIRouter(route_class=AuditedRoute, tags=["machines"])
TWIML = "<?xml version='1.0' encoding='UTF-8'?><Response/>"


class MalformedWebhook(Refused):
    """Not text in UTF-8."""

    code = "malformed"


@router.get("/webhooks/whatsapp/{network}")
async def verify_whatsapp(
    network: str,
    parts: PartsHere,
    mode: Annotated[str, Query(alias="hub.mode")] = "",
    token: Annotated[str, Query(alias="hub.verify_token")] = "",
    challenge: Annotated[str, Query(alias="hub.challenge", max_length=200)] = "",
) -> Response:
    """Meta asks once whether this address is ours."""
    await parts.public_directory.network(network)
    expected = parts.secrets.whatsapp_verify_token
    if mode != "subscribe" or not hmac.compare_digest(token.encode(), expected.encode()):
        raise NotAllowed("This is not the token that was agreed")
    return PlainTextResponse(challenge)


@router.post("/webhooks/whatsapp/{network}")
async def whatsapp(network: str, request: Request, parts: PartsHere) -> Response:
    """Statuses and messages of the WhatsApp Business Cloud API."""
    await parts.public_directory.network(network)
    body = await request.body()
    rules.check_meta(parts.secrets.whatsapp_app_secret, body, request.headers.get("x-hub-signature-256"))
    await _ingest(parts, network, "whatsapp", request, body)
    return Response(status_code=200)


@router.post("/webhooks/sms/{network}")
async def sms(network: str, request: Request, parts: PartsHere) -> Response:
    """Statuses and messages of the Twilio-compatible provider."""
    await parts.public_directory.network(network)
    await signed_form(parts, request, parts.secrets.sms_auth_token)
    await _ingest(parts, network, "sms", request, await request.body())
    return Response(TWIML, media_type="text/xml")


async def signed_form(parts: Parts, request: Request, auth_token: str) -> dict[str, str]:
    """A form of the Twilio-compatible provider, verified over our public address. Refused: `bad-signature`."""
    form = parse_qsl(text_of(await request.body()), keep_blank_values=True)
    query = request.url.query
    address = f"{parts.public_url}{request.url.path}" + (f"?{query}" if query else "")
    rules.check_twilio(auth_token, address, form, request.headers.get("x-twilio-signature"))
    return dict(form)


async def _ingest(parts: Parts, network: str, provider: str, request: Request, body: bytes) -> None:
    command = IngestWebhook.model_validate(
        {
            "command_id": rules.command_id(network, provider, request.url.query, body),
            "provider": provider,
            "content_type": request.headers.get("content-type", "")[:200],
            "query": dict(request.query_params),
            "body": text_of(body),
        }
    )
    await carry_out(parts, command, caller.system("gateway", network))


def text_of(body: bytes) -> str:
    """The body of a webhook. Refused where it is no text: `malformed`."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise MalformedWebhook("The body of a webhook is text in UTF-8") from error
