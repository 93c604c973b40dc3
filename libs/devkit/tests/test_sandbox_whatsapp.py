"""WhatsApp at Meta's wire format: what is answered, what comes back by webhook, what the phone shows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from devkit.sandbox.testing import Gateway, Sandbox, eventually, gateway, sandbox, settings_for

PHONE = "+77010000001"


@pytest.fixture
async def clinic() -> AsyncIterator[Gateway]:
    async with gateway() as stand_in:
        yield stand_in


@pytest.fixture
async def provider(tmp_path: Path, clinic: Gateway) -> AsyncIterator[Sandbox]:
    async with sandbox(settings_for(tmp_path, clinic)) as running:
        yield running


async def test_an_accepted_template_is_answered_as_meta_does_and_shown_on_the_phone(provider: Sandbox):
    answer = await provider.template(
        PHONE, "Айгуль, ждём вас: https://v.kz/a/1.", reference="step-1", payloads=("confirm:1",)
    )

    assert answer.status_code == 200
    body = answer.json()
    assert body["messaging_product"] == "whatsapp"
    assert body["contacts"] == [{"input": PHONE, "wa_id": "77010000001"}]
    [accepted] = body["messages"]
    assert accepted["id"].startswith("wamid.")
    assert accepted["message_status"] == "accepted"
    [shown] = await provider.messages(PHONE)
    assert shown["id"] == accepted["id"]
    assert (shown["channel"], shown["from"], shown["reference"]) == ("whatsapp", "demo-kz", "step-1")
    assert shown["text"] == "Айгуль, ждём вас: https://v.kz/a/1."
    assert shown["links"] == ["https://v.kz/a/1"]
    assert shown["buttons"] == [
        {"index": 1, "kind": "reply", "title": "confirm:1", "payload": "confirm:1", "url": None}
    ]


async def test_sent_and_delivered_come_back_signed_with_our_reference(provider: Sandbox, clinic: Gateway):
    sent = (await provider.template(PHONE, "text", reference="step-1")).json()["messages"][0]["id"]

    await eventually(lambda: len(clinic.statuses()) == 2)
    assert [(each["id"], each["status"]) for each in clinic.statuses()] == [
        (sent, "sent"),
        (sent, "delivered"),
    ]
    assert {each["biz_opaque_callback_data"] for each in clinic.statuses()} == {"step-1"}
    assert {each["recipient_id"] for each in clinic.statuses()} == {"77010000001"}
    assert clinic.whatsapp[0]["metadata"]["phone_number_id"] == "demo-kz"
    assert clinic.refused == []


async def test_statuses_of_several_messages_share_a_post(provider: Sandbox, clinic: Gateway):
    clinic.answers = 503
    await provider.http.post("/clock", json={"now": "2030-05-01T09:00:00Z"})
    await asyncio.gather(*(provider.template(f"+7701000{n:04}", "text") for n in range(40)))

    clinic.answers = 200
    await eventually(lambda: len(clinic.statuses()) == 80)
    assert len(clinic.whatsapp) <= 3
    assert max(len(value["statuses"]) for value in clinic.whatsapp) <= 50


async def test_a_registered_template_is_shown_with_its_text_and_its_buttons(provider: Sandbox):
    registered = {
        "name": "visit_reminder",
        "language": "pt_BR",
        "category": "UTILITY",
        "components": [
            {"type": "BODY", "text": "Olá {{1}}, até {{2}}!"},
            {"type": "FOOTER", "text": "Clínica Demo"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Confirmar"},
                    {"type": "URL", "text": "Mudar", "url": "https://v.br/m/{{1}}"},
                ],
            },
        ],
    }
    headers = {"Authorization": "Bearer token"}
    made = await provider.http.post(
        "/whatsapp/v23.0/waba-1/message_templates", json=registered, headers=headers
    )
    again = await provider.http.post(
        "/whatsapp/v23.0/waba-1/message_templates", json=registered, headers=headers
    )
    assert made.json()["status"] == "APPROVED"
    assert (again.status_code, again.json()["error"]["code"]) == (400, 100)

    await provider.whatsapp(
        {
            "to": "5511999990001",
            "type": "template",
            "template": {
                "name": "visit_reminder",
                "language": {"code": "pt_BR"},
                "components": [
                    {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "10h"}]},
                    {"type": "button", "sub_type": "quick_reply", "index": "0",
                     "parameters": [{"type": "payload", "payload": "confirm:9"}]},
                    {"type": "button", "sub_type": "url", "index": "1",
                     "parameters": [{"type": "text", "text": "abc"}]},
                ],
            },
        }
    )  # fmt: skip
    [shown] = await provider.messages("+5511999990001")
    assert (shown["text"], shown["footer"]) == ("Olá Ana, até 10h!", "Clínica Demo")
    assert [(each["title"], each["payload"], each["url"]) for each in shown["buttons"]] == [
        ("Confirmar", "confirm:9", None),
        ("Mudar", None, "https://v.br/m/abc"),
    ]
    short = await provider.whatsapp(
        {
            "to": PHONE,
            "type": "template",
            "template": {"name": "visit_reminder", "language": {"code": "pt_BR"}},
        }
    )
    assert (short.status_code, short.json()["error"]["code"]) == (400, 132000)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"to": PHONE, "type": "carrier-pigeon"}, 100),
        ({"to": "not a phone", "type": "text", "text": {"body": "hi"}}, 100),
        ({"to": PHONE, "type": "template", "template": {"name": "x"}}, 100),
        ({"to": PHONE, "type": "text", "text": {"body": "hi"}}, 131047),
    ],
)
async def test_a_refusal_has_metas_shape_and_leaves_no_trace(
    provider: Sandbox, body: dict[str, Any], code: int
):
    answer = await provider.whatsapp(body)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["type"] == "OAuthException"
    assert set(error) == {"message", "type", "code", "error_data", "fbtrace_id"}
    assert await provider.ledger() == []


async def test_no_token_or_a_wrong_one_is_190(tmp_path: Path):
    async with sandbox(settings_for(tmp_path, whatsapp_token="right")) as provider:
        answer = await provider.template(PHONE, "text")

        assert (answer.status_code, answer.json()["error"]["code"]) == (401, 190)


async def test_free_text_is_taken_for_24_hours_after_the_patient_wrote(provider: Sandbox, clinic: Gateway):
    await provider.http.post("/clock", json={"now": "2030-05-01T09:00:00Z"})
    first = await provider.http.post(
        f"/phones/{PHONE}/replies", json={"channel": "whatsapp", "text": "Здравствуйте", "account": "demo-kz"}
    )
    assert first.status_code == 201
    assert (
        await provider.whatsapp({"to": PHONE, "type": "text", "text": {"body": "Чем помочь?"}})
    ).status_code == 200

    await provider.http.post("/clock", json={"advance": "P1D"})
    late = await provider.whatsapp({"to": PHONE, "type": "text", "text": {"body": "Вы ещё здесь?"}})
    assert late.json()["error"]["code"] == 131047
    assert clinic.heard()[0]["timestamp"] == "1903856400"


async def test_meta_can_refuse_free_text_afterwards_instead(tmp_path: Path, clinic: Gateway):
    async with sandbox(settings_for(tmp_path, clinic, whatsapp_window_refusal="report")) as provider:
        answer = await provider.whatsapp({"to": PHONE, "type": "text", "text": {"body": "hi"}})

        assert answer.status_code == 200
        await eventually(clinic.statuses)
        [failed] = clinic.statuses()
        assert (failed["status"], failed["errors"][0]["code"]) == ("failed", 131047)
        assert await provider.messages(PHONE) == []


async def test_a_pressed_button_comes_back_with_its_payload_and_the_message_it_answers(
    provider: Sandbox, clinic: Gateway
):
    sent = (await provider.template(PHONE, "text", payloads=("confirm:1", "cancel:1"))).json()["messages"][0][
        "id"
    ]
    await provider.template(PHONE, "a later one without buttons")

    for button in ("confirm:1", 2):
        answer = await provider.http.post(
            f"/phones/{PHONE}/replies", json={"channel": "whatsapp", "button": button}
        )
        assert (answer.status_code, answer.json()["state"]) == (201, "taken")

    assert [each["button"]["payload"] for each in clinic.heard()] == ["confirm:1", "cancel:1"]
    assert {each["context"]["id"] for each in clinic.heard()} == {sent}
    assert {each["from"] for each in clinic.heard()} == {"77010000001"}
    assert len(await provider.messages(PHONE)) == 2, "the phone's own words are shown on demand only"
    assert len(await provider.messages(PHONE, all=True)) == 4


async def test_buttons_of_an_interactive_message_come_back_as_button_replies(
    provider: Sandbox, clinic: Gateway
):
    await provider.http.post(
        f"/phones/{PHONE}/replies", json={"channel": "whatsapp", "text": "hi", "account": "demo-kz"}
    )
    await provider.whatsapp(
        {
            "to": PHONE,
            "type": "interactive",
            "interactive": {
                "type": "button",
                "body": {"text": "Придёте?"},
                "action": {"buttons": [{"type": "reply", "reply": {"id": "yes:1", "title": "Да"}}]},
            },
        }
    )

    await provider.http.post(f"/phones/{PHONE}/replies", json={"channel": "whatsapp", "button": "да"})

    assert clinic.heard()[-1]["interactive"] == {
        "type": "button_reply",
        "button_reply": {"id": "yes:1", "title": "Да"},
    }


async def test_plain_text_names_no_message_unless_it_was_written_under_one(
    provider: Sandbox, clinic: Gateway
):
    sent = (await provider.template(PHONE, "text")).json()["messages"][0]["id"]

    await provider.http.post(f"/phones/{PHONE}/replies", json={"channel": "whatsapp", "text": "1"})
    await provider.http.post(
        f"/phones/{PHONE}/replies", json={"channel": "whatsapp", "text": "2", "message_id": sent}
    )

    bare, under = clinic.heard()
    assert "context" not in bare
    assert under["context"]["id"] == sent


async def test_what_a_phone_cannot_do_is_refused(provider: Sandbox):
    replies = f"/phones/{PHONE}/replies"
    assert (await provider.http.post(replies, json={"channel": "whatsapp", "text": "hi"})).status_code == 409
    await provider.template(PHONE, "text", payloads=("a",))

    for wrong, code in [
        ({"channel": "whatsapp", "button": "no such"}, "no-such-button"),
        ({"channel": "pigeon", "text": "hi"}, "no-such-channel"),
        ({"channel": "whatsapp", "text": "hi", "message_id": "wamid.nobody"}, "no-such-message"),
        ({"channel": "whatsapp"}, "invalid"),
    ]:
        answer = await provider.http.post(replies, json=wrong)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == f"/problems/{code}"


async def test_read_is_reported_when_the_ticks_are_pressed_and_only_once(provider: Sandbox, clinic: Gateway):
    await provider.template(PHONE, "text")

    first = await provider.http.post(f"/phones/{PHONE}/read", json={})
    second = await provider.http.post(f"/phones/{PHONE}/read", json={})

    assert (first.json(), second.json()) == ({"read": 1}, {"read": 0})
    await eventually(lambda: len(clinic.statuses()) == 3)
    assert [each["status"] for each in clinic.statuses()] == ["sent", "delivered", "read"]
    assert (await provider.messages(PHONE))[0]["status"] == "read"


async def test_a_phone_can_be_set_to_read_at_once(tmp_path: Path, clinic: Gateway):
    async with sandbox(settings_for(tmp_path, clinic, read_receipts="at_once")) as provider:
        url = f"{clinic.url}/webhooks/sms/demo-kz"
        await provider.template(PHONE, "text")
        await provider.sms(To=PHONE, From="demo-kz", Body="x", StatusCallback=url)

        await eventually(lambda: len(clinic.statuses()) == 3 and len(clinic.sms) == 2)
        assert [each["status"] for each in clinic.statuses()] == ["sent", "delivered", "read"]
        assert [state for _, state in clinic.sms_statuses()] == ["sent", "delivered"]


async def test_opening_a_phone_reads_it_only_where_that_is_set(tmp_path: Path):
    for setting, read in (("opened", 1), ("pressed", 0)):
        async with sandbox(settings_for(tmp_path / setting, read_receipts=setting)) as provider:
            await provider.template(PHONE, "text")
            answer = await provider.http.post(f"/phones/{PHONE}/read", json={"by": "opening"})
            assert answer.json() == {"read": read}
