"""Invitations by telephone in France: what its law counts, from the rows that calls and refusals leave behind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx
import pytest

from common.contracts.consents import PermissionChanged, WithdrawPermission
from common.contracts.notifications import ContinueCall, RecordCall, ReplyUnderstood, TaskRaised
from common.contracts.patient_profile import Preferences
from common.contracts.recall import OutreachDue
from common.ids import new_id
from notifications import packs
from notifications.channels.voice import Voice
from notifications.operations.calls import dialogue, following
from notifications.rules.decide import decide
from notifications.tables import touches

from .test_calls import Telephony, sentences, waits
from .test_packs import marketing
from .world import make_world

PHONE = "+33142000001"
DAY = timedelta(days=1)


def paris(month: int, day: int, hour: int) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)


MONDAY = paris(11, 2, 11)


@pytest.fixture
def world(network_id):
    return make_world(network_id, zone="Europe/Paris", preset="fr", country="FR")


class Exchange(Telephony):
    """A telephony that can refuse a number."""

    refuses = False

    def _take(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, json={"code": 21211}) if self.refuses else super()._take(request)


@pytest.fixture
def telephony() -> Exchange:
    return Exchange()


@pytest.fixture
def parts(parts, telephony):
    voice = Voice(telephony.client(), "http://telephony/twilio", "AC1", "token", parts.public_url)
    parts.adapters["voice"] = voice
    return parts


@pytest.fixture
def card(world):
    """Somebody who is called before anything is written to them."""
    return world.patient(PHONE, locale="fr", preferences=Preferences(no_smartphone=True))


@pytest.fixture
def by_telephone_alone(parts):
    parts.adapters.pop("sms")


async def invite(service, card, at: datetime):
    """An invitation that is due at once; returns how it stands then."""
    world, outreach_id = service.world, new_id()
    service.clock.put(at)
    await service.apply(
        OutreachDue(
            network_id=world.network_id, occurred_at=at, version=1, outreach_id=outreach_id,
            patient_id=card.patient_id, template="recall", branch_id=world.branch.branch_id,
            service_id=world.service.service_id, practitioner_id=world.practitioner.practitioner_id,
            last_visit_at=at - 165 * DAY, expires_at=at + 14 * DAY,
        )
    )  # fmt: skip
    await service.send()
    (message,) = await service.messages(outreach_id)
    return message


async def permission(service, card, state, at: datetime, version: int) -> None:
    """What consents tells of the patient's invitations."""
    service.clock.put(at)
    await service.apply(
        PermissionChanged(
            network_id=service.world.network_id, occurred_at=at, version=version, patient_id=card.patient_id,
            purpose="marketing", state=state,
        )
    )  # fmt: skip


async def told(service, telephony, status: str) -> None:
    command = RecordCall(
        provider_id=f"CA{len(telephony.ordered)}", direction="outbound", status=status, patient_number=PHONE,
        reference=telephony.reference,
    )  # fmt: skip
    await following.record_call(service.parts, command, service.world.network_id, now=service.clock.now())
    await service.send()


async def turn(service, telephony, step: int, digits: str = "", *, machine: bool = False) -> str:
    command = ContinueCall(
        provider_id=f"CA{len(telephony.ordered)}", reference=telephony.reference, step=step, digits=digits,
        machine=machine,
    )  # fmt: skip
    said = await dialogue.continue_call(
        service.parts, command, service.world.network_id, now=service.clock.now()
    )
    await service.send()
    return said.document


async def rang(service, telephony, how: str) -> None:
    if how == "machine":
        await turn(service, telephony, 0, machine=True)
    else:
        await told(service, telephony, how)


async def stored(service, card, now: datetime):
    async with service.parts.database.transaction(service.world.network_id) as tx:
        found = await touches.of_patients(
            tx, service.world.network_id, [card.patient_id], since=now - 60 * DAY
        )
    return found.get(card.patient_id, ())


@pytest.mark.usefixtures("by_telephone_alone")
@pytest.mark.parametrize("how", ["no-answer", "busy", "machine"])
async def test_the_law_counts_calls_that_nobody_took(service, telephony, card, how):
    for day in (0, 1, 2, 3):
        await invite(service, card, MONDAY + day * DAY)
        await rang(service, telephony, how)
    fifth = await invite(service, card, MONDAY + 4 * DAY)
    assert (fifth.outcome, fifth.reason) == ("suppressed", "touches-reached")
    assert len(telephony.ordered) == 4
    now = MONDAY + 4 * DAY
    law = packs.pack("FR")
    law = replace(law, caps=tuple(one for one in law.caps if one.layer == "law"))
    verdict = decide(marketing(law, now, "voice", touches=await stored(service, card, now)), now=now)
    assert verdict.because == "touches-reached"
    assert verdict.reasons[-2].detail["entry"] == "fr-voice-calls"


async def test_a_call_that_the_telephony_would_not_place_was_none(service, telephony, card):
    telephony.refuses = True
    await invite(service, card, MONDAY)
    (touch,) = await stored(service, card, MONDAY + DAY)
    assert touch.channels == {"sms"}


async def test_a_call_that_fell_back_to_a_message_is_one_touch_by_both(service, telephony, card):
    await invite(service, card, MONDAY)
    await told(service, telephony, "no-answer")
    (touch,) = await stored(service, card, MONDAY + DAY)
    assert touch.channels == {"voice", "sms"}


async def test_whoever_refused_by_sms_is_not_called_for_sixty_days_even_if_they_agree_again(
    service, world, telephony, card
):
    await invite(service, card, MONDAY - 7 * DAY)
    await told(service, telephony, "no-answer")
    service.clock.put(MONDAY)
    stop = {"MessageSid": "SM1", "From": PHONE, "To": world.network_id, "Body": "STOP"}
    await service.webhook(urlencode(stop), provider="sms")
    assert [type(command) for _, command in world.commands] == [WithdrawPermission]
    await permission(service, card, "withdrawn", MONDAY, 2)
    await permission(service, card, "granted", MONDAY + DAY, 3)
    before = await invite(service, card, paris(12, 31, 11))
    assert [one.channel for one in await service.attempts() if one.message_id == before.message_id] == ["sms"]
    assert "refusals-reached" in before.verdict
    after = await invite(service, card, paris(12, 31, 11) + 5 * DAY)
    assert [one.channel for one in await service.attempts() if one.message_id == after.message_id] == [
        "voice"
    ]


@pytest.mark.parametrize(("purpose", "state"), [("service", "refused"), ("marketing", "granted")])
async def test_other_words_of_consents_are_no_refusal_of_invitations(service, card, purpose, state):
    await service.apply(
        PermissionChanged(
            network_id=service.world.network_id, occurred_at=MONDAY, version=2, patient_id=card.patient_id,
            purpose=purpose, state=state,
        )
    )  # fmt: skip
    assert await stored(service, card, MONDAY + DAY) == ()


async def test_nine_refuses_invitations_and_says_so(service, world, telephony, card):
    await invite(service, card, MONDAY)
    said = await turn(service, telephony, 0)
    assert waits(said)
    assert sentences(said)[-1] == "Pour ne plus recevoir d’invitations, tapez 9."
    for _ in range(2):  # the telephony asks again
        over = await turn(service, telephony, 1, "9")
    assert sentences(over) == ["Vous ne recevrez plus d’invitations. Au revoir."]
    assert not waits(over)
    ((actor, command),) = world.commands
    assert actor == "system:notifications"
    assert isinstance(command, WithdrawPermission)
    assert (command.patient_id, command.purpose, command.how) == (card.patient_id, "marketing", "voice")
    assert [one.intent for one in await service.told(ReplyUnderstood)] == ["stop"]


@pytest.mark.parametrize("digits", ["", "1"])
async def test_an_invitation_by_telephone_asks_for_nothing_and_needs_nobody(
    service, world, telephony, card, digits
):
    await invite(service, card, MONDAY)
    await turn(service, telephony, 0)
    over = await turn(service, telephony, 1, digits)
    await told(service, telephony, "completed")
    assert (sentences(over), waits(over)) == ([], False)
    assert world.commands == []
    assert await service.told(TaskRaised) == []


async def test_whoever_hangs_up_on_an_invitation_is_not_called_back(service, telephony, card):
    await invite(service, card, MONDAY)
    await turn(service, telephony, 0)
    await told(service, telephony, "completed")
    assert await service.told(TaskRaised) == []
