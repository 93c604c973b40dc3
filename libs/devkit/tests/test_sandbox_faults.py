"""Faults that a tester orders, each seen from both sides: the sender's answer and the reports."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from common.testing import PATIENCE
from devkit.sandbox.faults import FaultOrder, Faults
from devkit.sandbox.testing import Gateway, Sandbox, eventually, gateway, sandbox, settings_for

PHONE = "+77010000001"
OTHER = "+77010000002"
UNANSWERED = httpx.Timeout(PATIENCE, read=1)
"""So patient is the sender with an answer that does not come: it is long for arriving, on whatever machine."""


@pytest.fixture
async def clinic() -> AsyncIterator[Gateway]:
    async with gateway() as stand_in:
        yield stand_in


@pytest.fixture
async def provider(tmp_path: Path, clinic: Gateway) -> AsyncIterator[Sandbox]:
    async with sandbox(settings_for(tmp_path, clinic)) as running:
        yield running


async def all_told(clinic: Gateway, provider: Sandbox) -> list[str]:
    """The statuses told about PHONE, once a message sent after it has been reported, too."""
    await provider.template(OTHER, "after")
    await eventually(
        lambda: len([each for each in clinic.statuses() if each["recipient_id"] == OTHER[1:]]) >= 2
    )
    return [each["status"] for each in clinic.statuses() if each["recipient_id"] == PHONE[1:]]


@pytest.mark.parametrize(("kind", "status", "code"), [(429, 429, 130429), ("500", 500, 131000)])
async def test_a_refused_message_is_not_accepted(provider: Sandbox, kind: object, status: int, code: int):
    await provider.http.post(
        "/faults", json={"kind": kind, "channel": "whatsapp", "phone": PHONE, "count": 1}
    )

    refused = await provider.template(PHONE, "text")

    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert await provider.ledger() == []
    assert (await provider.template(PHONE, "text")).status_code == 200, "a counted fault strikes no more"


@pytest.mark.parametrize(("kind", "status", "code"), [("429", 429, 20429), ("500", 500, 20500)])
async def test_an_sms_is_refused_in_twilios_words(provider: Sandbox, kind: str, status: int, code: int):
    await provider.fault(kind, channel="sms", count=1)

    refused = await provider.sms(To=PHONE, From="demo-kz", Body="x")

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert (await provider.sms(To=PHONE, From="demo-kz", Body="x")).status_code == 201


async def test_a_time_out_before_accepting_leaves_nothing(provider: Sandbox):
    await provider.fault("timeout_before", phone=PHONE)

    with pytest.raises(httpx.ReadTimeout):
        await provider.template(PHONE, "text", timeout=UNANSWERED)

    assert await provider.ledger() == []


async def test_a_time_out_after_accepting_leaves_a_message_that_the_sender_knows_nothing_of(
    provider: Sandbox, clinic: Gateway
):
    await provider.fault("timeout_after", phone=PHONE)

    with pytest.raises(httpx.ReadTimeout):
        await provider.template(PHONE, "text", reference="step-1", timeout=UNANSWERED)

    await eventually(provider.ledger)
    assert [entry["reference"] for entry in await provider.ledger()] == ["step-1"]
    await eventually(lambda: [each["status"] for each in clinic.statuses()] == ["sent", "delivered"])


async def test_a_message_without_reports_is_on_the_phone_all_the_same(provider: Sandbox, clinic: Gateway):
    await provider.fault("no_report", phone=PHONE)

    await provider.template(PHONE, "text")

    assert await all_told(clinic, provider) == []
    assert len(await provider.messages(PHONE)) == 1


async def test_an_undelivered_message_fails_and_is_not_on_the_phone(provider: Sandbox, clinic: Gateway):
    await provider.fault("undelivered", phone=PHONE)
    url = f"{clinic.url}/webhooks/sms/demo-kz"

    await provider.template(PHONE, "text")
    await provider.sms(To=PHONE, From="demo-kz", Body="x", StatusCallback=url)

    assert await all_told(clinic, provider) == ["failed"]
    assert clinic.statuses()[0]["errors"][0]["code"] == 131026
    await eventually(lambda: [state for _, state in clinic.sms_statuses()] == ["sent", "undelivered"])
    assert clinic.sms[-1]["ErrorCode"] == "30003"
    assert await provider.messages(PHONE) == []
    assert [entry["status"] for entry in await provider.ledger()][:2] == ["failed", "undelivered"]


async def test_reports_can_come_twice_and_in_the_wrong_order(provider: Sandbox, clinic: Gateway):
    await provider.fault("duplicate_reports", phone=PHONE)
    await provider.fault("out_of_order_reports", phone=PHONE)

    await provider.template(PHONE, "text")

    assert await all_told(clinic, provider) == ["delivered", "delivered", "sent", "sent"]


async def test_a_late_report_comes_when_the_development_clock_gets_there(provider: Sandbox, clinic: Gateway):
    await provider.http.post("/clock", json={"now": "2030-05-01T09:00:00Z"})
    await provider.fault("late_report", phone=PHONE, delay=3600)
    await provider.template(PHONE, "text")

    await provider.http.post("/clock", json={"advance": "PT59M"})
    assert await all_told(clinic, provider) == []

    await provider.http.post("/clock", json={"advance": "PT2H"})
    late = [each for each in clinic.statuses() if each["recipient_id"] == PHONE[1:]]
    assert [(each["status"], each["timestamp"]) for each in late] == [
        ("sent", "1903860000"),
        ("delivered", "1903860000"),
    ], "at their own time, before the clock went on"


async def test_a_fault_can_be_listed_and_lifted(provider: Sandbox):
    fault = await provider.fault("429", channel="sms")
    await provider.fault("500", channel="email")

    listed = (await provider.http.get("/faults")).json()["faults"]
    assert [(each["kind"], each["channel"], each["struck"]) for each in listed] == [
        ("429", "sms", 0),
        ("500", "email", 0),
    ]
    assert (await provider.http.delete(f"/faults/{fault}")).json() == {"lifted": 1}
    assert (await provider.http.delete("/faults")).json() == {"lifted": 1}
    assert (await provider.sms(To=PHONE, From="demo-kz", Body="x")).status_code == 201
    assert (await provider.http.post("/faults", json={"kind": "earthquake"})).status_code == 422


async def test_webhooks_wait_for_a_gateway_that_is_down_and_keep_their_order(
    provider: Sandbox, clinic: Gateway
):
    clinic.answers = 503
    await provider.http.post("/clock", json={"now": "2030-05-01T09:00:00Z"})
    await provider.template(PHONE, "text")
    reply = asyncio.create_task(
        provider.http.post(f"/phones/{PHONE}/replies", json={"channel": "whatsapp", "text": "да"})
    )
    await eventually(lambda: clinic.posts >= 2)
    assert not reply.done()

    clinic.answers = 200

    assert (await reply).status_code == 201
    assert [each["status"] for each in clinic.statuses()] == ["sent", "delivered"]


async def test_a_reply_to_a_gateway_that_stays_down_is_accepted_and_brought_later(
    tmp_path: Path, clinic: Gateway
):
    clinic.answers = 503
    async with sandbox(settings_for(tmp_path, clinic, reply_seconds=0.1)) as provider:
        await provider.template(PHONE, "text")
        answer = await provider.http.post(
            f"/phones/{PHONE}/replies", json={"channel": "whatsapp", "text": "да"}
        )
        assert (answer.status_code, answer.json()["state"]) == (202, "waiting")

        clinic.answers = 200
        await eventually(clinic.heard)


async def test_a_webhook_that_is_refused_for_good_is_given_up(tmp_path: Path, clinic: Gateway):
    clinic.answers = 404
    async with sandbox(settings_for(tmp_path, clinic)) as provider:
        await provider.http.post("/clock", json={"now": "2030-05-01T09:00:00Z"})
        await provider.template(PHONE, "text")

        moved = await provider.http.post("/clock", json={"advance": "PT1M"})

        assert moved.status_code == 200
        assert clinic.posts >= 10


def test_a_fault_strikes_only_what_it_names():
    faults = Faults()
    fault = faults.order(FaultOrder(kind="429", channel="sms", phone=PHONE, account="demo-kz"))

    assert faults.answer_fault("sms", PHONE, "demo-kz") is fault
    assert faults.answer_fault("whatsapp", PHONE, "demo-kz") is None
    assert faults.answer_fault("sms", OTHER, "demo-kz") is None
    assert faults.answer_fault("sms", PHONE, "demo-br") is None


def test_a_probable_fault_strikes_about_that_often():
    faults = Faults()
    faults.order(FaultOrder(kind="500", probability=0.3))

    struck = sum(faults.answer_fault("sms", PHONE, "demo-kz") is not None for _ in range(2000))

    assert 450 < struck < 750


async def test_on_a_ticking_clock_a_late_report_comes_by_itself(provider: Sandbox, clinic: Gateway):
    await provider.fault("late_report", phone=PHONE.lstrip("+"), delay=0.3)
    sent = time.monotonic()
    await provider.template(PHONE, "text")

    await eventually(lambda: PHONE[1:] in {each["recipient_id"] for each in clinic.statuses()})
    assert time.monotonic() - sent >= 0.3
