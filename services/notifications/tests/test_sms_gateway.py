"""The gateway of SMS at its wire: what a look-up may conclude, and how long a message is let wait for its phone."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest

from common.contracts.patient_profile import Preferences
from common.ids import new_id
from common.testing import PATIENCE
from devkit.sandbox.testing import ACCOUNT_SID, eventually, gateway, sandbox, settings_for
from notifications.channels import Accepted, Known, Letter, Status
from notifications.channels.sms import Sms, webhook
from notifications.rules.texts import Text

from .world import NOW, almaty

TO = "+77010000001"
TEXT = "Приём «завтра» — в 10:00, кабинет № 5"
MINUTE = timedelta(minutes=1)


def letter(**more):
    return Letter(str(new_id()), "demo-kz", TO, "confirm-request", Text((TEXT,), "ru"), **more)


def listed(sid, *, body=TEXT, after=timedelta(seconds=2), status="delivered"):
    return {"sid": sid, "body": body, "status": status, "date_created": format_datetime(NOW + after)}


def adapter(handle):
    client = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    return Sms(client, "http://provider", "AC1", "token", "https://clinic.example", now=lambda: NOW)


async def look_up(*messages, others=()):
    found = adapter(lambda _: httpx.Response(200, json={"messages": list(messages)}))
    return await found.find(letter(), NOW, others)


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        ([], None),
        ([listed("SM1")], Known("SM1", "delivered")),
        ([listed("SM1", after=-4 * MINUTE)], Known("SM1", "delivered")),
        ([listed("SM1", after=-6 * MINUTE)], None),
        ([listed("SM1", body='Прием "завтра" - в  10:00, кабинет No 5')], Known("SM1", "delivered")),
        ([listed("SM1", body="Priem zavtra v 10:00")], "cannot-tell"),
        ([listed("SM2", after=4 * MINUTE), listed("SM1", status="queued")], Known("SM1", None)),
    ],
    ids=[
        "nothing", "the same", "by a clock that is behind", "long before", "rewritten", "another text",
        "the nearest of two",
    ],
)  # fmt: skip
async def test_a_look_up_binds_what_is_surely_ours_and_denies_only_what_is_surely_not_there(messages, found):
    assert await look_up(*messages) == found


async def test_what_is_known_to_be_anothers_is_not_taken_for_ours():
    assert await look_up(listed("SM1"), others={"SM1"}) is None
    assert await look_up(listed("SM2"), listed("SM1"), others={"SM1"}) == Known("SM2", "delivered")


@pytest.mark.parametrize(
    ("left", "validity"),
    [
        (None, None),
        (90 * MINUTE, "5400"),
        (timedelta(seconds=90.9), "90"),
        (timedelta(days=3), "36000"),
        (timedelta(0), "1"),
    ],
)
async def test_an_sms_is_given_up_when_it_is_of_no_more_use(left, validity):
    forms = []

    def take(request):
        forms.append(dict(parse_qsl(request.content.decode())))
        return httpx.Response(201, json={"sid": "SM1"})

    expires_at = None if left is None else NOW + left
    assert await adapter(take).send(letter(expires_at=expires_at)) == Accepted("SM1")
    assert forms[0].get("ValidityPeriod") == validity


async def test_what_expires_before_its_phone_is_on_again_is_told_as_failed(tmp_path: Path):
    async with (
        gateway() as stand_in,
        sandbox(settings_for(tmp_path, stand_in)) as running,
        httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client,
    ):
        sms = Sms(client, f"{running.url}/twilio", ACCOUNT_SID, "token", stand_in.url)
        await running.fault("phone_off", channel="sms", delay="PT1H")
        wanted = letter(expires_at=datetime.now(UTC) + timedelta(seconds=1.5))
        assert isinstance(await sms.send(wanted), Accepted)
        await eventually(lambda: len(stand_in.sms) == 2)
        told = [webhook(one.body, one.query)[0][0] for one in stand_in.received["sms"]]
        assert [(one.delivery, one.reason) for one in told] == [("sent", None), ("failed", "sms-30036")]
        assert {type(one) for one in told} == {Status}
        assert await running.messages(TO) == []


async def test_two_equal_texts_to_one_phone_are_bound_to_a_message_each(service, world, provider):
    provider.channel_faults["sms"] = "lost-after"
    for _ in range(2):
        card = world.patient(preferences=Preferences(no_smartphone=True))
        await service.apply(world.booked(card, almaty(12, 15)))
    await service.send()
    assert len(set(provider.texts())) == 1
    await service.at(NOW + MINUTE)
    attempts = await service.attempts()
    assert [one.outcome for one in attempts] == ["accepted", "accepted"]
    assert len({one.provider_id for one in attempts}) == 2


async def test_a_reminder_by_sms_is_given_up_before_its_visit_starts(service, world, provider):
    card = world.patient(preferences=Preferences(no_smartphone=True))
    visit = NOW + 90 * MINUTE
    await service.apply(world.booked(card, visit))
    await service.send()
    (sms,) = provider.sent
    confirmation = await service.step("confirmation")
    validity = timedelta(seconds=int(sms["validity"]))
    assert NOW + validity == min(confirmation.latest_at, visit)


async def test_what_expired_at_the_providers_is_not_sent_again_when_it_is_too_late(service, world, provider):
    card = world.patient(preferences=Preferences(no_smartphone=True))
    visit = NOW + 90 * MINUTE
    await service.apply(world.booked(card, visit))
    await service.send()
    expired = {"MessageSid": provider.sent[0]["id"], "MessageStatus": "undelivered", "ErrorCode": "30036"}
    service.clock.put(visit)
    await service.webhook(urlencode(expired), provider="sms")
    (attempt,) = await service.attempts()
    assert (attempt.outcome, attempt.reason) == ("failed", "sms-30036")
    assert len(provider.sent) == 1
