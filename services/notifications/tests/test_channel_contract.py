"""What every channel keeps to, against the sandbox's real servers: a channel is added by a line in `kits.py`."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.ids import new_id
from common.testing import PATIENCE
from devkit.sandbox.testing import Gateway, Sandbox, eventually, gateway, sandbox, settings_for
from notifications.channels import (
    Accepted,
    Adapter,
    Known,
    Letter,
    Outcome,
    Refused,
    Status,
    TooMany,
    Unsure,
    Written,
)
from notifications.rules.dialogue.values import SHARE_PHONE
from notifications.rules.texts import Button, Text
from notifications.tables.attempts import FORWARD

from .kits import KITS, NETWORK, Kit, giving_up

PHONE = "+77010000001"
TEXT = ("Здравствуйте!", "Ждём вас завтра в 10:00.")
APPOINTMENT = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"


@dataclass
class Line:
    """One channel, all the way to a patient's phone and back."""

    kit: Kit
    adapter: Adapter
    sandbox: Sandbox
    gateway: Gateway
    client: httpx.AsyncClient

    def letter(self, *, asks: bool = False) -> Letter:
        buttons = (Button("Приду", f"confirm:{APPOINTMENT}"), Button("Отменить", f"cancel:{APPOINTMENT}"))
        return Letter(
            str(new_id()), NETWORK, self.kit.handle(PHONE), "confirm-request",
            Text(TEXT, "ru", buttons if asks else ()),
        )  # fmt: skip

    async def reply(self, **reply: Any) -> str:
        """The patient writes or presses; the sandbox's id of it."""
        answer = await self.sandbox.reply(PHONE, channel=self.kit.channel, account=NETWORK, **reply)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def heard(self) -> tuple[list[Status], list[Written]]:
        """What all webhooks so far tell."""
        statuses: list[Status] = []
        written: list[Written] = []
        for one in self.gateway.received[self.kit.name]:
            told, said = self.kit.hook(one.body, one.query)
            statuses += told
            written += said
        return statuses, written

    async def accepted(self) -> list[str | None]:
        """Our references of everything that the provider accepted, in order."""
        return [entry["reference"] for entry in await self.sandbox.ledger()]

    async def fault(self, kind: str, **order: Any) -> None:
        await self.sandbox.fault(kind, channel=self.kit.channel, **order)

    async def lose(self, letter: Letter, fault: str) -> Outcome:
        """Send it to a provider that does not answer, whether it accepts it or not."""
        await self.fault(fault, count=1)
        with giving_up(self.client):
            outcome = await self.adapter.send(letter)
        if fault == "timeout_after":
            await eventually(self.accepted)
        return outcome


def only(wanted: Callable[[Kit], bool]) -> pytest.MarkDecorator:
    """A test of those channels alone that can do it."""
    return pytest.mark.parametrize("channel", [kit for kit in KITS if wanted(kit)], indirect=True, ids=str)


@pytest.fixture(params=KITS, ids=str)
async def channel(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Line]:
    kit: Kit = request.param
    async with (
        gateway() as stand_in,
        sandbox(settings_for(tmp_path, stand_in, **kit.settings)) as running,
        httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client,
    ):
        line = Line(kit, kit.make(client, running, stand_in.url), running, stand_in, client)
        if kit.conversation:
            await line.reply(text="Здравствуйте")
            stand_in.received.clear()
        yield line


async def test_what_is_accepted_arrives_with_its_text_and_under_our_reference(channel: Line) -> None:
    letter = channel.letter()
    outcome = await channel.adapter.send(letter)
    assert isinstance(outcome, Accepted)
    (shown,) = await channel.sandbox.messages(PHONE)
    assert (shown["channel"], shown["account"], shown["text"]) == (
        channel.kit.channel,
        NETWORK,
        "\n".join(TEXT),
    )
    assert await channel.accepted() == [letter.reference]
    assert outcome.final == (set(channel.kit.deliveries) <= {"read"})


async def test_an_address_that_the_provider_does_not_know_is_refused(channel: Line) -> None:
    outcome = await channel.adapter.send(replace(channel.letter(), to=channel.kit.nobody))
    assert isinstance(outcome, Refused)
    assert await channel.accepted() == []


class StoppedError(Exception):
    """Somebody has withdrawn."""


async def test_what_is_stopped_at_the_last_look_never_reaches_the_provider(channel: Line) -> None:
    async def stop() -> None:
        raise StoppedError

    letter = channel.letter()
    with pytest.raises(StoppedError):
        await channel.adapter.send(letter, stop)
    assert await channel.accepted() == []
    assert isinstance(await channel.adapter.send(letter), Accepted)


async def test_a_limit_is_told_with_the_seconds_to_wait(channel: Line) -> None:
    await channel.fault("429", count=1, retry_after=7)
    assert await channel.adapter.send(channel.letter()) == TooMany(7.0)
    assert await channel.accepted() == []


async def test_an_error_of_the_provider_leaves_it_unsure(channel: Line) -> None:
    await channel.fault("500", count=1)
    assert await channel.adapter.send(channel.letter()) == Unsure("http-500")


@pytest.mark.parametrize(("fault", "arrived"), [("timeout_before", False), ("timeout_after", True)])
async def test_a_lost_answer_is_unsure_whether_it_was_accepted_or_not(
    channel: Line, fault: str, arrived: bool
) -> None:
    letter = channel.letter()
    assert isinstance(await channel.lose(letter, fault), Unsure)
    assert await channel.accepted() == ([letter.reference] if arrived else [])


async def test_a_channel_is_what_it_says(channel: Line) -> None:
    adapter, kit = channel.adapter, channel.kit
    assert (adapter.channel, adapter.buttons) == (kit.channel, kit.presses)
    assert (adapter.looks_up, adapter.repeatable) == (kit.looks_up, kit.repeatable)
    assert adapter.shares_phone == kit.shares_phone


@only(lambda kit: kit.shares_phone)
async def test_a_phone_that_its_button_shares_comes_in_as_the_writers_own(channel: Line) -> None:
    button = Button("Мой номер", SHARE_PHONE)
    await channel.adapter.send(replace(channel.letter(), text=Text(("Кто вы?",), "ru", (button,))))
    await channel.reply(button="Мой номер")
    _, (written,) = channel.heard()
    assert (written.sender, written.contact, written.text) == (channel.kit.handle(PHONE), PHONE, "")


@only(lambda kit: kit.looks_up)
async def test_a_look_up_tells_whether_the_provider_has_it(channel: Line) -> None:
    letter, since = channel.letter(), datetime.now(UTC) - timedelta(minutes=1)
    assert await channel.adapter.find(letter, since) is None
    await channel.lose(letter, "timeout_after")
    assert isinstance(await channel.adapter.find(letter, since), Known)


@only(lambda kit: not kit.looks_up)
async def test_without_a_look_up_nobody_can_tell(channel: Line) -> None:
    letter = channel.letter()
    await channel.adapter.send(letter)
    assert await channel.adapter.find(letter, datetime.now(UTC)) == "cannot-tell"


@only(lambda kit: kit.repeatable)
async def test_a_repeated_send_is_taken_once_and_answered_alike(channel: Line) -> None:
    letter = channel.letter()
    assert isinstance(await channel.lose(letter, "timeout_after"), Unsure)
    again = await channel.adapter.send(letter)
    assert isinstance(again, Accepted)
    assert await channel.adapter.send(letter) == again
    assert await channel.accepted() == [letter.reference]


async def test_news_of_a_delivery_name_the_message(
    channel: Line,
) -> None:
    letter = channel.letter()
    outcome = await channel.adapter.send(letter)
    assert isinstance(outcome, Accepted)
    await channel.sandbox.http.post(f"/phones/{PHONE}/read", json={"channel": channel.kit.channel})
    await eventually(lambda: len(channel.heard()[0]) >= len(channel.kit.deliveries))
    statuses, _ = channel.heard()
    assert [one.delivery for one in statuses] == list(channel.kit.deliveries)
    assert {one.provider_id for one in statuses} <= {outcome.provider_id}
    assert {one.reference for one in statuses} <= {letter.reference, None}


@only(lambda kit: len(kit.deliveries) > 1)
async def test_news_in_the_wrong_order_still_tell_which_is_the_furthest(channel: Line) -> None:
    await channel.fault("out_of_order_reports", count=1)
    await channel.adapter.send(channel.letter())
    await eventually(lambda: len(channel.heard()[0]) >= 2)
    told = [one.delivery for one in channel.heard()[0]]
    assert told != sorted(told, key=FORWARD.__getitem__)
    assert max(told, key=FORWARD.__getitem__) == "delivered"


async def test_what_a_patient_writes_comes_in_under_their_address_once(channel: Line) -> None:
    await channel.reply(text="Да, приду")
    _, (written,) = channel.heard()
    assert (written.channel, written.sender, written.text, written.payload) == (
        channel.kit.channel, channel.kit.handle(PHONE), "Да, приду", None,
    )  # fmt: skip
    await channel.reply(text="Да, приду")
    _, twice = channel.heard()
    assert len({one.provider_id for one in twice}) == 2


async def test_a_word_of_opting_out_comes_in_as_it_was_written(channel: Line) -> None:
    await channel.reply(text="СТОП")
    _, (written,) = channel.heard()
    assert written.text == "СТОП"


@only(lambda kit: kit.presses)
async def test_a_press_carries_the_payload_of_its_button(channel: Line) -> None:
    outcome = await channel.adapter.send(channel.letter(asks=True))
    assert isinstance(outcome, Accepted)
    await channel.reply(button=1)
    _, (written,) = channel.heard()
    assert (written.sender, written.payload) == (channel.kit.handle(PHONE), f"confirm:{APPOINTMENT}")
    assert written.answers in {outcome.provider_id, None}
    await channel.adapter.took(NETWORK, written)


async def test_webhooks_are_signed_as_the_provider_publishes_it(channel: Line) -> None:
    await channel.reply(text="Да")
    assert channel.gateway.refused == []


async def test_a_webhook_signed_with_another_secret_is_found_out(channel: Line, tmp_path: Path) -> None:
    other: dict[str, Any] = {**channel.kit.settings, channel.kit.secret: "another secret"}
    forged = settings_for(tmp_path / "forged", channel.gateway, reply_seconds=0.2, **other)
    async with sandbox(forged) as stranger:
        await stranger.reply(PHONE, channel=channel.kit.channel, account=NETWORK, text="Да")
        await eventually(lambda: channel.gateway.refused)
    assert channel.heard() == ([], [])
