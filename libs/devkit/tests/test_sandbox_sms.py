"""SMS at Twilio's wire format."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkit.sandbox.sms.segments import BASIC, segments
from devkit.sandbox.testing import ACCOUNT_SID, Gateway, Sandbox, eventually, gateway, sandbox, settings_for

PHONE = "+77010000001"
MESSAGES = f"/twilio/2010-04-01/Accounts/{ACCOUNT_SID}/Messages"
AUTH = (ACCOUNT_SID, "token")


@pytest.fixture
async def clinic() -> AsyncIterator[Gateway]:
    async with gateway() as stand_in:
        yield stand_in


@pytest.fixture
async def provider(tmp_path: Path, clinic: Gateway) -> AsyncIterator[Sandbox]:
    async with sandbox(settings_for(tmp_path, clinic)) as running:
        yield running


def callback(clinic: Gateway, reference: str) -> str:
    return f"{clinic.url}/webhooks/sms/demo-kz?ref={reference}"


async def test_an_accepted_sms_is_queued_and_its_states_are_called_back_signed(
    provider: Sandbox, clinic: Gateway
):
    url = callback(clinic, "step-1")

    answer = await provider.sms(To=PHONE, From="demo-kz", Body="Ваш приём завтра в 10:00", StatusCallback=url)

    assert answer.status_code == 201
    queued = answer.json()
    assert queued["sid"].startswith("SM")
    assert len(queued["sid"]) == 34
    assert (queued["status"], queued["direction"], queued["num_segments"]) == ("queued", "outbound-api", "1")
    await eventually(lambda: len(clinic.sms) == 2)
    assert clinic.sms_statuses() == [(queued["sid"], "sent"), (queued["sid"], "delivered")]
    assert {form["url"] for form in clinic.sms} == {url}
    assert clinic.refused == []
    [shown] = await provider.messages(PHONE)
    assert (shown["channel"], shown["reference"], shown["segments"]) == ("sms", "step-1", 1)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": "demo-kz", "Body": "x"}, 21604),
        ({"To": PHONE, "Body": "x"}, 21603),
        ({"To": PHONE, "From": "demo-kz"}, 21602),
        ({"To": "87010000001", "From": "demo-kz", "Body": "x"}, 21211),
        ({"To": PHONE, "From": "demo-kz", "Body": "x" * 1601}, 21617),
    ],
)
async def test_a_refusal_has_twilios_shape(provider: Sandbox, form: dict[str, str], code: int):
    answer = await provider.sms(**form)

    assert answer.status_code == 400
    error = answer.json()
    assert error == {
        "code": code,
        "message": error["message"],
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": 400,
    }
    assert await provider.ledger() == []


async def test_a_wrong_password_is_20003(tmp_path: Path):
    async with sandbox(settings_for(tmp_path, sms_token="right")) as provider:
        answer = await provider.sms(To=PHONE, From="demo-kz", Body="x")

        assert (answer.status_code, answer.json()["code"]) == (401, 20003)


async def test_a_message_can_be_looked_up_by_its_sid_and_by_whom_it_went_to_on_a_day(provider: Sandbox):
    await provider.http.post("/clock", json={"now": "2030-05-01T09:00:00Z"})
    first = (await provider.sms(To=PHONE, From="demo-kz", Body="one")).json()["sid"]
    await provider.http.post("/clock", json={"advance": "P1D"})
    second = (await provider.sms(To=PHONE, From="demo-kz", Body="two")).json()["sid"]
    await provider.sms(To="+77010000002", From="demo-kz", Body="three")

    async def listed(**query: str) -> list[str]:
        answer = await provider.http.get(f"{MESSAGES}.json", params={"To": PHONE, **query}, auth=AUTH)
        return [each["sid"] for each in answer.json()["messages"]]

    one = (await provider.http.get(f"{MESSAGES}/{first}.json", auth=AUTH)).json()
    assert (one["body"], one["status"], one["date_sent"]) == (
        "one",
        "delivered",
        "Wed, 01 May 2030 09:00:00 +0000",
    )
    assert await listed() == [second, first]
    assert await listed(DateSent="2030-05-01") == [first]
    assert await listed(**{"DateSent>": "2030-05-01T10:00:00Z"}) == [second]
    assert await listed(**{"DateSent<": "2030-05-01"}) == [first]
    assert await listed(PageSize="1", Page="1") == [first]
    missing = await provider.http.get(f"{MESSAGES}/SM0.json", auth=AUTH)
    assert (missing.status_code, missing.json()["code"]) == (404, 20404)


async def test_what_has_expired_when_its_phone_is_on_again_never_arrives(tmp_path: Path, clinic: Gateway):
    settings = settings_for(tmp_path, clinic)
    async with sandbox(settings) as provider:
        await provider.http.post("/clock", json={"now": "2030-05-01T09:00:00Z"})
        await provider.fault("phone_off", channel="sms", delay="PT2H")
        url = callback(clinic, "step-1")
        short = await provider.sms(
            To=PHONE, From="demo-kz", Body="in an hour", StatusCallback=url, ValidityPeriod="3600"
        )
        long = await provider.sms(To=PHONE, From="demo-kz", Body="tomorrow", StatusCallback=url)
        await eventually(lambda: len(clinic.sms) == 2)
        assert await provider.messages(PHONE) == []

        await provider.http.post("/clock", json={"now": "2030-05-01T10:00:00Z"})
        await eventually(lambda: len(clinic.sms) == 3)
        assert (clinic.sms[-1]["MessageStatus"], clinic.sms[-1]["ErrorCode"]) == ("undelivered", "30036")
        await provider.http.post("/clock", json={"now": "2030-05-01T11:00:00Z"})
        await eventually(lambda: len(clinic.sms) == 4)
        assert clinic.sms_statuses()[-1] == (long.json()["sid"], "delivered")
        [shown] = await provider.messages(PHONE)
        assert shown["text"] == "tomorrow"
    async with sandbox(settings) as provider:
        expired = (await provider.http.get(f"{MESSAGES}/{short.json()['sid']}.json", auth=AUTH)).json()
        assert (expired["status"], expired["error_code"]) == ("undelivered", 30036)
        assert len(await provider.messages(PHONE)) == 1


@pytest.mark.parametrize("seconds", ["0", "36001", "soon"])
async def test_a_validity_that_twilio_does_not_take_is_21624(provider: Sandbox, seconds: str):
    refused = await provider.sms(To=PHONE, From="demo-kz", Body="x", ValidityPeriod=seconds)

    assert (refused.status_code, refused.json()["code"]) == (400, 21624)


async def test_an_sms_written_by_a_patient_arrives_as_twilio_brings_it(provider: Sandbox, clinic: Gateway):
    await provider.sms(To=PHONE, From="demo-kz", Body="Придёте? 1 да, 3 нет")

    answer = await provider.http.post(f"/phones/{PHONE}/replies", json={"channel": "sms", "digits": "1"})

    assert answer.status_code == 201
    [form] = clinic.sms
    assert (form["From"], form["To"], form["Body"], form["SmsStatus"]) == (PHONE, "demo-kz", "1", "received")
    assert form["AccountSid"] == ACCOUNT_SID


async def test_a_carrier_that_minds_stop_words_blocks_until_start(tmp_path: Path, clinic: Gateway):
    settings = settings_for(tmp_path, clinic, sms_stop_words="STOP, UNSUBSCRIBE")
    async with sandbox(settings) as provider:
        await provider.sms(To=PHONE, From="demo-kz", Body="x")
        await provider.http.post(f"/phones/{PHONE}/replies", json={"channel": "sms", "text": "stop"})
    async with sandbox(settings) as provider:
        refused = await provider.sms(To=PHONE, From="demo-kz", Body="x")
        assert (refused.status_code, refused.json()["code"]) == (400, 21610)
        assert (await provider.sms(To=PHONE, From="demo-br", Body="x")).status_code == 201

        await provider.http.post(
            f"/phones/{PHONE}/replies", json={"channel": "sms", "text": "START", "account": "demo-kz"}
        )
        assert (await provider.sms(To=PHONE, From="demo-kz", Body="x")).status_code == 201


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("ã" + "a" * 69, "UCS-2", 1),
        ("ç" + "a" * 70, "UCS-2", 2),
        ("ж" * 134, "UCS-2", 2),
        ("ж" * 135, "UCS-2", 3),
        ("🦷" * 35, "UCS-2", 1),
        ("🦷" * 67, "UCS-2", 3),
    ],
)
def test_segments_are_counted_as_carriers_bill_them(text: str, encoding: str, count: int):
    counted = segments(text)

    assert (counted.encoding, counted.count) == (encoding, count)


@given(st.text(alphabet=sorted(BASIC), max_size=700))
def test_plain_characters_fill_segments_without_a_gap(text: str):
    expected = 1 if len(text) <= 160 else -(-len(text) // 153)
    assert segments(text).count == expected
