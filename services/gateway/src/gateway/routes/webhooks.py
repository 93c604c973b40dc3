"""What providers send: verified here, stored by notifications, and answered 200 only after that."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import PlainTextResponse

from common import caller
from common.accounts import account_of
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


def _whatsapp(parts: Parts, _: str, request: Request, body: bytes) -> None:
    rules.check_meta(parts.secrets.whatsapp_app_secret, body, request.headers.get("x-hub-signature-256"))


def _instagram(parts: Parts, _: str, request: Request, body: bytes) -> None:
    rules.check_meta(parts.secrets.instagram_app_secret, body, request.headers.get("x-hub-signature-256"))


def _telegram(parts: Parts, network: str, request: Request, _: bytes) -> None:
    secret = account_of(parts.secrets.telegram_webhook_secret, network) or ""
    rules.check_telegram(secret, request.headers.get("x-telegram-bot-api-secret-token"))


def _line(parts: Parts, network: str, request: Request, body: bytes) -> None:
    secret = account_of(parts.secrets.line_secrets, network) or ""
    rules.check_line(secret, body, request.headers.get("x-line-signature"))


CHECKS: Mapping[str, Callable[[Parts, str, Request, bytes], None]] = {
    "whatsapp": _whatsapp,
    "instagram": _instagram,
    "telegram": _telegram,
    "line": _line,
}
"""Providers whose webhooks are signed as a whole and answered with nothing, and how the signature is checked."""


def _taking(provider: str) -> Callable[..., Awaitable[Response]]:
    async def take(network: str, request: Request, parts: PartsHere) -> Response:
        await parts.public_directory.network(network)
        body = await request.body()
        CHECKS[provider](parts, network, request, body)
        await _ingest(parts, network, provider, request, text_of(body))
        return Response(status_code=200)

    return take


for provider in CHECKS:
    router.add_api_route(
        f"/webhooks/{provider}/{{network}}", _taking(provider), methods=["POST"], name=provider,
        description="States of our messages, and what patients wrote and pressed.",
    )  # fmt: skip


@router.get("/webhooks/instagram/{network}")
@router.get("/webhooks/whatsapp/{network}")
async def verify_meta(
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


@router.post("/webhooks/sms/{network}")
async def sms(network: str, request: Request, parts: PartsHere) -> Response:
    """Statuses and messages of the Twilio-compatible provider."""
    await parts.public_directory.network(network)
    await signed_form(parts, request, parts.secrets.sms_auth_token)
    await _ingest(parts, network, "sms", request, text_of(await request.body()))
    return Response(TWIML, media_type="text/xml")


@router.post("/webhooks/email/{network}")
async def email(network: str, request: Request, parts: PartsHere) -> Response:
    """Mail that came back to where ours are sent from, as it arrived (RFC 822): from a mail server or a provider."""
    await parts.public_directory.network(network)
    secret = account_of(parts.secrets.email_webhook_secret, network) or ""
    rules.check_password(secret, request.headers.get("authorization"))
    each_byte_a_character = (await request.body()).decode("latin-1")
    await _ingest(parts, network, "email", request, each_byte_a_character)
    return Response(status_code=200)


async def signed_form(parts: Parts, request: Request, auth_token: str) -> dict[str, str]:
    """A form of the Twilio-compatible provider, verified over our public address. Refused: `bad-signature`."""
    form = parse_qsl(text_of(await request.body()), keep_blank_values=True)
    query = request.url.query
    address = f"{parts.public_url}{request.url.path}" + (f"?{query}" if query else "")
    rules.check_twilio(auth_token, address, form, request.headers.get("x-twilio-signature"))
    return dict(form)


async def _ingest(parts: Parts, network: str, provider: str, request: Request, body: str) -> None:
    command = IngestWebhook.model_validate(
        {
            "command_id": rules.command_id(network, provider, request.url.query, body.encode()),
            "provider": provider,
            "content_type": request.headers.get("content-type", "")[:200],
            "query": dict(request.query_params),
            "body": body,
        }
    )
    await carry_out(parts, command, caller.system("gateway", network))


def text_of(body: bytes) -> str:
    """The body of a webhook. Refused where it is no text: `malformed`."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise MalformedWebhook("The body of a webhook is text in UTF-8") from error
