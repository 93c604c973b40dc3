"""The wire: what is registered with WhatsApp, and what the answers of providers mean."""

from typing import Any

import httpx
import orjson
import pytest

from notifications.channels import Accepted, Letter, NotReached, Refused, TooMany, Unsure
from notifications.channels.registration import ASKING, MOST_LINES, register
from notifications.channels.sms import Sms
from notifications.channels.whatsapp import WhatsApp, message
from notifications.rules.texts import Button, Text
from notifications.rules.texts.compose import OFFERS
from notifications.templates import texts

LETTER = Letter(
    "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "demo-kz", "+77010000001", "confirm-request",
    Text(("Здравствуйте!", "Ждём вас."), "ru", (Button("Приду", "confirm:1"),)),
)  # fmt: skip


def client(answer: Any) -> httpx.AsyncClient:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, type):
            raise answer("as ordered", request=request)
        assert isinstance(answer, httpx.Response)
        return answer

    return httpx.AsyncClient(transport=httpx.MockTransport(handle))


def channel(name: str, answer):
    if name == "whatsapp":
        return WhatsApp(client(answer), "http://provider/whatsapp", "t")
    return Sms(client(answer), "http://provider/twilio", "AC1", "t", "https://clinic.example")


@pytest.mark.parametrize("name", ["whatsapp", "sms"])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (httpx.Response(200, json={"messages": [{"id": "m1"}], "sid": "m1"}), Accepted("m1")),
        (httpx.Response(429, headers={"Retry-After": "7"}), TooMany(7.0)),
        (httpx.Response(429, headers={"Retry-After": "soon"}), TooMany(None)),
        (httpx.Response(500, text="oops"), Unsure("http-500")),
        (httpx.Response(503), Unsure("http-503")),
        (httpx.Response(200, text="<html>"), Unsure("unreadable-answer")),
        (httpx.Response(200, json={}), Unsure("unreadable-answer")),
        (httpx.ConnectError, NotReached()),
        (httpx.ConnectTimeout, NotReached()),
        (httpx.ReadTimeout, Unsure("ReadTimeout")),
        (httpx.RemoteProtocolError, Unsure("RemoteProtocolError")),
    ],
)
async def test_an_answer_means_this(name, answer, outcome):
    assert await channel(name, answer).send(LETTER) == outcome


async def test_a_refusal_carries_the_providers_code():
    meta = httpx.Response(400, json={"error": {"code": 131047}})
    assert await channel("whatsapp", meta).send(LETTER) == Refused("whatsapp-131047")
    twilio = httpx.Response(400, json={"code": 21211})
    assert await channel("sms", twilio).send(LETTER) == Refused("sms-21211")


def test_a_conversation_is_opened_by_a_template_and_answered_freely():
    opened = message(LETTER)
    assert opened["type"] == "template"
    assert opened["biz_opaque_callback_data"] == LETTER.reference
    assert opened["template"]["name"] == "confirm_request_ask_2"
    free = message(
        Letter(LETTER.reference, "demo-kz", LETTER.to, "thanks", Text(("Спасибо!",), "ru"), free=True)
    )
    assert free["text"]["body"] == "Спасибо!"


async def test_only_missing_templates_are_registered():
    held: list[dict[str, object]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"data": held})
        held.append(orjson.loads(request.content))
        return httpx.Response(200, json={"id": "1"})

    meta = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    languages = [texts("ru"), texts("pt-BR")]
    assert await register(meta, "http://provider/whatsapp", "t", languages) == 2 * (
        len(ASKING) + len(OFFERS)
    ) * (MOST_LINES - 1)
    assert await register(meta, "http://provider/whatsapp", "t", languages) == 0
    assert {one["language"] for one in held} == {"ru", "pt_BR"}
