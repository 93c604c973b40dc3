"""What providers send reaches notifications if it is theirs, and is answered only after that."""

import base64
import hashlib
import hmac
from urllib.parse import urlencode

import pytest

from gateway.rules import webhooks as rules

from .conftest import Api
from .owners import Owners


def meta(body: bytes, secret: bytes = b"whatsapp-secret") -> dict[str, str]:
    signature = hmac.new(secret, body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json"}


def twilio(url: str, form: dict[str, str], token: bytes = b"sms-token") -> dict[str, str]:
    signed = url + "".join(name + form[name] for name in sorted(form))
    mac = hmac.new(token, signed.encode(), hashlib.sha1).digest()
    return {
        "X-Twilio-Signature": base64.b64encode(mac).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }


async def test_a_signed_webhook_of_whatsapp_is_handed_on_as_it_came(api: Api, owners: Owners) -> None:
    body = '{"entry": [{"text": "Да"}]}'.encode()
    answer = await api.post(f"/webhooks/whatsapp/{owners.network_id}", content=body, headers=meta(body))
    assert answer.status_code == 200
    told = owners.webhooks[0]
    assert (told.provider, told.body) == ("whatsapp", body.decode())
    assert owners.callers[-1][1].actor == "system:gateway"


async def test_a_repeated_webhook_is_the_same_command(api: Api, owners: Owners) -> None:
    body = b'{"entry": []}'
    for _ in range(2):
        await api.post(f"/webhooks/whatsapp/{owners.network_id}", content=body, headers=meta(body))
    assert len({one.command_id for one in owners.webhooks}) == 1


async def test_a_wrong_signature_is_403_and_nothing_is_handed_on(api: Api, owners: Owners) -> None:
    body = b'{"entry": []}'
    path = f"/webhooks/whatsapp/{owners.network_id}"
    for headers in ({}, meta(body, b"another secret"), meta(b"another body")):
        answer = await api.post(path, content=body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/bad-signature")
    assert owners.webhooks == []


async def test_an_sms_webhook_is_verified_over_the_public_address_with_its_query(
    api: Api, owners: Owners
) -> None:
    path = f"/webhooks/sms/{owners.network_id}?ref=abc-1"
    form = {"From": "+77010000001", "Body": "Да, буду", "MessageSid": "SM1"}
    headers = twilio(f"http://gateway.test{path}", form)
    answer = await api.post(path, content=urlencode(form), headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/xml")
    assert owners.webhooks[0].query == {"ref": "abc-1"}
    other = await api.post(path.replace("abc-1", "abc-2"), content=urlencode(form), headers=headers)
    assert other.status_code == 403


async def test_a_webhook_is_not_answered_200_while_notifications_is_silent(api: Api, owners: Owners) -> None:
    owners.unavailable.add("notifications")
    body = b'{"entry": []}'
    answer = await api.post(f"/webhooks/whatsapp/{owners.network_id}", content=body, headers=meta(body))
    assert answer.status_code == 503


async def test_a_webhook_for_an_unknown_network_is_404(api: Api) -> None:
    body = b'{"entry": []}'
    answer = await api.post("/webhooks/whatsapp/nowhere", content=body, headers=meta(body))
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-network")


async def test_meta_is_told_that_this_address_is_ours(api: Api, owners: Owners) -> None:
    path = f"/webhooks/whatsapp/{owners.network_id}"
    question = {"hub.mode": "subscribe", "hub.verify_token": "verify-token", "hub.challenge": "12345"}
    answer = await api.get(path, params=question)
    assert (answer.status_code, answer.text) == (200, "12345")
    assert (await api.get(path, params={**question, "hub.verify_token": "guess"})).status_code == 403


async def test_a_megabyte_is_too_much_for_a_webhook(api: Api, owners: Owners) -> None:
    body = b"x" * (1024 * 1024 + 1)
    answer = await api.post(f"/webhooks/whatsapp/{owners.network_id}", content=body, headers=meta(body))
    assert answer.status_code == 413


# --- chats ------------------------------------------------------------------------------------------------


def line(body: bytes, secret: bytes = b"line-secret") -> dict[str, str]:
    mac = hmac.new(secret, body, hashlib.sha256).digest()
    return {"x-line-signature": base64.b64encode(mac).decode()}


def telegram(_: bytes, secret: bytes = b"telegram-secret") -> dict[str, str]:
    return {"X-Telegram-Bot-Api-Secret-Token": secret.decode()}


def instagram(body: bytes, secret: bytes = b"instagram-secret") -> dict[str, str]:
    return meta(body, secret)


CHATS = {"line": line, "telegram": telegram, "instagram": instagram}


@pytest.mark.parametrize("chat", CHATS)
async def test_a_signed_webhook_of_a_chat_is_handed_on_as_it_came(
    api: Api, owners: Owners, chat: str
) -> None:
    body = '{"events": ["Да"]}'.encode()
    answer = await api.post(f"/webhooks/{chat}/{owners.network_id}", content=body, headers=CHATS[chat](body))
    assert answer.status_code == 200, answer.text
    told = owners.webhooks[0]
    assert (told.provider, told.body) == (chat, body.decode())


@pytest.mark.parametrize("chat", CHATS)
async def test_a_chats_webhook_under_another_secret_is_refused(api: Api, owners: Owners, chat: str) -> None:
    body = b'{"events": []}'
    for headers in ({}, CHATS[chat](body, b"another-secret")):
        answer = await api.post(f"/webhooks/{chat}/{owners.network_id}", content=body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/bad-signature")
    assert owners.webhooks == []


# --- mail -------------------------------------------------------------------------------------------------


def basic(password: str, name: str = "mail") -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


async def test_mail_that_came_back_is_handed_on_byte_by_byte(api: Api, owners: Owners) -> None:
    body = b"Content-Type: multipart/report\r\n\r\nn\xe3o existe, \xd0\xbd\xd0\xb5\xd1\x82\r\n"
    path = f"/webhooks/email/{owners.network_id}"
    for name in ("mail", "another"):
        answer = await api.post(path, content=body, headers=basic("email-webhook-secret", name))
        assert answer.status_code == 200, answer.text
    first, again = owners.webhooks
    assert (first.provider, first.body.encode("latin-1")) == ("email", body)
    assert first.command_id == again.command_id


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("another-secret"),
        {"Authorization": "Basic email-webhook-secret"},
        {"Authorization": "Bearer x"},
    ],
    ids=["nothing", "another", "not encoded", "another scheme"],
)
async def test_mail_without_the_password_is_refused(
    api: Api, owners: Owners, headers: dict[str, str]
) -> None:
    answer = await api.post(f"/webhooks/email/{owners.network_id}", content=b"From: x", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/bad-signature")
    assert owners.webhooks == []


def test_without_a_secret_no_signature_holds() -> None:
    for forged in (
        lambda: rules.check_meta("", b"{}", meta(b"{}", b"")["X-Hub-Signature-256"]),
        lambda: rules.check_line("", b"{}", line(b"{}", b"")["x-line-signature"]),
        lambda: rules.check_telegram("", ""),
        lambda: rules.check_password("", basic("")["Authorization"]),
    ):
        with pytest.raises(rules.BadSignature):
            forged()


async def test_meta_is_told_that_the_address_for_instagram_is_ours_too(api: Api, owners: Owners) -> None:
    question = {"hub.mode": "subscribe", "hub.verify_token": "verify-token", "hub.challenge": "7"}
    answer = await api.get(f"/webhooks/instagram/{owners.network_id}", params=question)
    assert (answer.status_code, answer.text) == (200, "7")
