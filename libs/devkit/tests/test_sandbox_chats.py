"""Telegram, LINE and Instagram: who may be written to, what a send answers, and what is told of a patient's acts."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from devkit.sandbox.apps import INSTAGRAM, LINE, TELEGRAM
from devkit.sandbox.testing import Gateway, Sandbox, gateway, sandbox, settings_for

PHONE = "+77010000001"
CHATS = ("telegram", "line", "instagram")
HANDLES = {
    "telegram": TELEGRAM.handle(PHONE),
    "line": LINE.handle(PHONE),
    "instagram": INSTAGRAM.handle(PHONE),
}


@pytest.fixture
async def clinic() -> AsyncIterator[Gateway]:
    async with gateway() as stand_in:
        yield stand_in


@pytest.fixture
async def provider(tmp_path: Path, clinic: Gateway) -> AsyncIterator[Sandbox]:
    async with sandbox(settings_for(tmp_path, clinic)) as running:
        yield running


async def send(provider: Sandbox, channel: str, text: str, *, key: str | None = None) -> httpx.Response:
    button = {"title": "Приду", "payload": "confirm:1"}
    match channel:
        case "telegram":
            keyboard = [[{"text": button["title"], "callback_data": button["payload"]}]]
            body: dict[str, Any] = {
                "chat_id": HANDLES[channel], "text": text, "reply_markup": {"inline_keyboard": keyboard},
            }  # fmt: skip
            return await provider.http.post("/telegram/botdemo-kz:secret/sendMessage", json=body)
        case "line":
            action = {"type": "postback", "label": "Приду", "displayText": "Приду", "data": "confirm:1"}
            quick = {"items": [{"type": "action", "action": action}]}
            return await provider.http.post(
                "/line/v2/bot/message/push",
                json={
                    "to": HANDLES[channel],
                    "messages": [{"type": "text", "text": text, "quickReply": quick}],
                },
                headers={"Authorization": "Bearer demo-kz.secret"}
                | ({"X-Line-Retry-Key": key} if key else {}),
            )
    body = {
        "recipient": {"id": HANDLES[channel]},
        "messaging_type": "RESPONSE",
        "message": {"text": text, "quick_replies": [{"content_type": "text", **button}]},
    }
    return await provider.http.post(
        "/instagram/v23.0/me/messages", json=body, headers={"Authorization": "Bearer demo-kz.secret"}
    )


@pytest.mark.parametrize("channel", CHATS)
async def test_whoever_has_never_written_cannot_be_written_to(provider: Sandbox, channel: str):
    assert (await send(provider, channel, "Hello")).status_code == 400
    await provider.reply(PHONE, channel=channel, text="Hello", account="demo-kz")
    assert (await send(provider, channel, "Hello")).status_code == 200
    assert [each["channel"] for each in await provider.messages(PHONE)] == [channel]


@pytest.mark.parametrize("channel", CHATS)
async def test_a_press_comes_back_with_its_payload_signed(provider: Sandbox, clinic: Gateway, channel: str):
    await provider.reply(PHONE, channel=channel, text="Hello", account="demo-kz")
    await send(provider, channel, "Will you come?")
    pressed = await provider.reply(PHONE, channel=channel, button=1)
    assert pressed.status_code == 201, pressed.text
    assert b"confirm:1" in clinic.received[channel][-1].body
    assert clinic.refused == []


@pytest.mark.parametrize("channel", CHATS)
async def test_a_link_into_the_chat_carries_its_code_there(provider: Sandbox, clinic: Gateway, channel: str):
    await provider.reply(PHONE, channel=channel, code="a-code", account="demo-kz")
    assert b"a-code" in clinic.received[channel][-1].body


@pytest.mark.parametrize("channel", CHATS)
async def test_a_wrong_secret_in_the_token_is_refused(tmp_path: Path, channel: str):
    taken: dict[str, Any] = {f"{channel}_secret": "another"}
    settings = settings_for(tmp_path, **taken)
    async with sandbox(settings) as provider:
        assert (await send(provider, channel, "Hello")).status_code == 401


async def test_line_takes_a_retry_key_once_even_after_a_restart(tmp_path: Path):
    key = str(uuid4())
    settings = settings_for(tmp_path)
    async with sandbox(settings) as provider:
        await provider.reply(PHONE, channel="line", text="Hello", account="demo-kz")
        first = await send(provider, "line", "Hello", key=key)
        assert first.status_code == 200
    async with sandbox(settings) as provider:
        again = await send(provider, "line", "Hello", key=key)
        assert again.status_code == 409
        assert again.headers["x-line-accepted-request-id"] == first.headers["x-line-request-id"]
        assert again.json()["sentMessages"][0]["id"] == first.json()["sentMessages"][0]["id"]
        assert len(await provider.ledger()) == 1


async def test_instagram_may_be_answered_for_a_day_and_by_a_person_for_a_week(provider: Sandbox):
    await provider.reply(PHONE, channel="instagram", text="Hello", account="demo-kz")
    await provider.http.post("/clock", json={"advance": "P2D"})
    late = await send(provider, "instagram", "Hello")
    assert (late.json()["error"]["code"], late.json()["error"]["error_subcode"]) == (10, 2534022)
    by_person = {
        "recipient": {"id": HANDLES["instagram"]},
        "messaging_type": "MESSAGE_TAG",
        "tag": "HUMAN_AGENT",
        "message": {"text": "Hello"},
    }
    headers = {"Authorization": "Bearer demo-kz.secret"}
    answer = await provider.http.post("/instagram/v23.0/me/messages", json=by_person, headers=headers)
    assert answer.status_code == 200


async def test_what_was_seen_on_instagram_is_told(provider: Sandbox, clinic: Gateway):
    await provider.reply(PHONE, channel="instagram", text="Hello", account="demo-kz")
    sent = (await send(provider, "instagram", "Hello")).json()["message_id"]
    await provider.http.post(f"/phones/{PHONE}/read", json={"channel": "instagram"})
    await provider.reply(PHONE, channel="instagram", text="after")
    events = [
        event
        for one in clinic.received["instagram"]
        for entry in json.loads(one.body)["entry"]
        for event in entry["messaging"]
    ]
    assert [event["read"]["mid"] for event in events if "read" in event] == [sent]


async def test_a_press_on_telegram_is_answered_once_it_is_known(provider: Sandbox):
    await provider.reply(PHONE, channel="telegram", text="/start", account="demo-kz")
    await send(provider, "telegram", "Will you come?")
    pressed = (await provider.reply(PHONE, channel="telegram", button=1)).json()["id"]
    path = "/telegram/botdemo-kz:secret/answerCallbackQuery"
    assert (await provider.http.post(path, json={"callback_query_id": pressed})).json() == {
        "ok": True,
        "result": True,
    }
    assert (await provider.http.post(path, json={"callback_query_id": "unknown"})).status_code == 400


async def asked_for_contact(provider: Sandbox) -> None:
    """A bot's key that shares the phone of whoever presses it."""
    await provider.reply(PHONE, channel="telegram", text="/start", account="demo-kz")
    keyboard = [[{"text": "My number", "request_contact": True}]]
    body = {"chat_id": HANDLES["telegram"], "text": "Who are you?", "reply_markup": {"keyboard": keyboard}}
    sent = await provider.http.post("/telegram/botdemo-kz:secret/sendMessage", json=body)
    assert sent.status_code == 200, sent.text
    assert "reply_markup" not in sent.json()["result"]
    assert 'data-button="My number"' in (await provider.http.get("/fragments/phones")).text


@pytest.mark.parametrize(
    ("shared", "whose"),
    [({"button": "My number"}, PHONE), ({"contact": "+77010000002"}, "+77010000002")],
    ids=["their own by the key", "somebody else's out of the address book"],
)
async def test_a_shared_contact_names_the_user_whose_phone_it_is(
    provider: Sandbox, clinic: Gateway, shared: dict[str, Any], whose: str
):
    await asked_for_contact(provider)
    assert (await provider.reply(PHONE, channel="telegram", **shared)).status_code == 201
    told = json.loads(clinic.received["telegram"][-1].body)["message"]
    assert "text" not in told
    assert told["from"]["id"] == int(TELEGRAM.handle(PHONE))
    assert told["contact"]["phone_number"] == whose.lstrip("+")
    assert told["contact"]["user_id"] == int(TELEGRAM.handle(whose))
    (written,) = [one for one in await provider.messages(PHONE, all=True) if "contact" in one]
    assert written["contact"] == whose


@pytest.mark.parametrize("channel", ["line", "instagram"])
async def test_no_contact_can_be_shared_where_the_app_has_none(provider: Sandbox, channel: str):
    answer = await provider.reply(PHONE, channel=channel, contact=PHONE, account="demo-kz")
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("no-contacts")


@pytest.mark.parametrize("channel", CHATS)
async def test_a_limit_says_how_long_to_wait_where_the_fault_does(provider: Sandbox, channel: str):
    await provider.reply(PHONE, channel=channel, text="Hello", account="demo-kz")
    await provider.fault("429", channel=channel, retry_after=7, count=1)
    limited = await send(provider, channel, "Hello")
    assert limited.status_code == 429
    told = (
        limited.json()["parameters"]["retry_after"]
        if channel == "telegram"
        else limited.headers["Retry-After"]
    )
    assert int(told) == 7
    assert await provider.ledger() == []


@pytest.mark.parametrize("phone", [PHONE, "+5511987654321", "+886912345678"])
@pytest.mark.parametrize("app", [TELEGRAM, LINE, INSTAGRAM])
def test_a_handle_stands_for_one_phone(app: Any, phone: str):
    assert app.phone(app.handle(phone)) == phone
    assert app.phone("Uabc") is None


async def test_a_link_into_a_chat_opens_a_page_that_asks_for_the_phone(provider: Sandbox):
    page = (await provider.http.get("/open/telegram/demo-kz", params={"code": "a&b"})).text
    assert 'data-channel="telegram"' in page
    assert 'data-code="a&amp;b"' in page
