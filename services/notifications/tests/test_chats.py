"""Chats end to end against the sandbox: a link makes them known, reminders and replies go by them, nothing goes twice."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from common.caller import Caller
from common.contracts.booking import BookAppointment, ConfirmAppointment
from common.contracts.patient_profile import Card, LinkHandle, PatientChanged, Registered
from common.links import Link
from common.rpc import Answers
from common.testing import PATIENCE, Answering
from devkit.sandbox.apps import LINE, TELEGRAM
from devkit.sandbox.testing import Gateway, Sandbox, eventually, gateway, sandbox, settings_for
from notifications.channels.line import Line
from notifications.channels.telegram import Telegram
from notifications.operations.parts import Parts
from notifications.tables import conversations
from notifications.tables.messages import Message

from .chat_world import make_chat_world
from .conftest import Service
from .kits import giving_up
from .world import NOW, World, almaty, make_world

PHONE = "+77010000001"


@dataclass
class Chats:
    """The service with its chats at the sandbox, and the patient's phone."""

    service: Service
    sandbox: Sandbox
    gateway: Gateway
    client: httpx.AsyncClient
    """What chats are called by."""

    async def reply(self, channel: str, **reply: Any) -> None:
        """The patient writes or presses; the gateway hands it on."""
        network_id = self.service.world.network_id
        answer = await self.sandbox.reply(PHONE, channel=channel, account=network_id, **reply)
        assert answer.status_code == 201, answer.text
        (told,) = self.gateway.received.pop(channel)
        await self.service.webhook(told.body.decode(), provider=channel)

    async def shown(self, channel: str) -> list[dict[str, Any]]:
        return await self.sandbox.messages(PHONE, channel=channel)

    def code(self, appointment_id: UUID, **changes: Any) -> str:
        """As the page of the appointment shows it."""
        link = Link(self.service.world.network_id, "handle", appointment_id, NOW + timedelta(days=1))
        return self.service.parts.links.code(replace(link, **changes))


def linking(world: World) -> Answers[Any]:
    """Patient-profile remembers handles."""
    answers = Answers[Any]()

    @answers.to(LinkHandle)
    async def link(command: LinkHandle, caller: Caller, _: Any) -> Registered:
        world.commands.append((caller.actor, command))
        card = world.cards[command.patient_id]
        assert command.handle is not None
        handles = {**card.handles, command.channel: command.handle}
        world.cards[card.patient_id] = card.model_copy(
            update={"handles": handles, "version": card.version + 1}
        )
        return Registered(patient_id=card.patient_id, created=False, version=card.version + 1)

    return answers


@pytest.fixture
def world(network_id: str, request: pytest.FixtureRequest) -> World:
    make: Callable[[str], World] = getattr(request, "param", make_world)
    return make(network_id)


in_taiwan = pytest.mark.parametrize("world", [partial(make_world, country="TW")], indirect=True, ids=["tw"])
where_chats_book = pytest.mark.parametrize("world", [make_chat_world], indirect=True, ids=["bookable"])


@pytest.fixture
async def providers(tmp_path: Path) -> AsyncIterator[tuple[Sandbox, Gateway]]:
    async with (
        gateway() as stand_in,
        sandbox(settings_for(tmp_path, stand_in)) as running,
    ):
        yield running, stand_in


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
        yield client


@pytest.fixture
def parts(parts: Parts, providers: tuple[Sandbox, Gateway], client: httpx.AsyncClient) -> Parts:
    """The service's parts with chats beside its other channels."""
    url = providers[0].url
    telegram = Telegram(client, f"{url}/telegram", {"*": "{network}:secret"})
    line = Line(client, f"{url}/line", {"*": "{network}.secret"})
    return replace(parts, adapters={**parts.adapters, "telegram": telegram, "line": line})


@pytest.fixture
async def chats(
    service: Service,
    world: World,
    answering: Answering,
    providers: tuple[Sandbox, Gateway],
    client: httpx.AsyncClient,
) -> AsyncIterator[Chats]:
    async with answering(linking(world), None):
        yield Chats(service, *providers, client)


async def booked(chats: Chats, **more: Any) -> tuple[Card, UUID]:
    card = chats.service.world.patient(PHONE, **more)
    event = chats.service.world.booked(card, almaty(10, 10))
    await chats.service.apply(event)
    await chats.service.send()
    return card, event.appointment.appointment_id


async def test_a_code_sent_in_a_chat_makes_it_the_patients_and_says_so_there(chats: Chats):
    card, appointment_id = await booked(chats)
    await chats.reply("telegram", code=chats.code(appointment_id))
    assert chats.service.world.cards[card.patient_id].handles == {"telegram": TELEGRAM.handle(PHONE)}
    (welcome,) = await chats.shown("telegram")
    assert "напоминания" in welcome["text"]
    actors = [actor for actor, command in chats.service.world.commands if isinstance(command, LinkHandle)]
    assert actors == ["system:notifications"]


async def test_line_takes_the_code_as_a_text_and_the_same_webhook_again_changes_nothing(chats: Chats):
    _, appointment_id = await booked(chats)
    network_id = chats.service.world.network_id
    await chats.sandbox.reply(PHONE, channel="line", account=network_id, code=chats.code(appointment_id))
    (told,) = chats.gateway.received["line"]
    for _ in range(2):
        await chats.service.webhook(told.body.decode(), provider="line")
    assert len(await chats.shown("line")) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"expires_at": NOW}, {"network_id": "another"}, {"purpose": "manage"}, {"thing_id": uuid4()}],
    ids=["expired", "of another network", "for something else", "of no appointment"],
)
async def test_a_code_that_does_not_hold_links_nobody(chats: Chats, wrong: dict[str, Any]):
    card, appointment_id = await booked(chats)
    network_id = chats.service.world.network_id
    await chats.sandbox.reply(PHONE, channel="telegram", account=network_id, text="/start")
    chats.gateway.received.clear()
    await chats.reply("telegram", code=chats.code(appointment_id, **wrong))
    assert chats.service.world.cards[card.patient_id].handles == {}


async def test_reminders_go_by_the_chat_from_then_on_and_a_press_there_confirms(chats: Chats):
    card, appointment_id = await booked(chats)
    await chats.reply("telegram", code=chats.code(appointment_id))
    changed = PatientChanged(
        network_id=chats.service.world.network_id, occurred_at=NOW, version=2, patient_id=card.patient_id
    )
    await chats.service.apply(changed)
    request = await chats.service.step("confirm")
    assert request.due_at is not None
    await chats.service.at(request.due_at)
    asked = (await chats.shown("telegram"))[-1]
    assert asked["buttons"][0]["payload"] == f"confirm:{appointment_id}"
    await chats.reply("telegram", button=1)
    commands = [command for _, command in chats.service.world.commands]
    assert [one.appointment_id for one in commands if isinstance(one, ConfirmAppointment)] == [appointment_id]
    sent = await chats.service.step("confirm")
    assert (sent.outcome, sent.due_at) == ("accepted", None), (
        "nothing more is told, and no other channel is tried"
    )


async def unsure_on_line(chats: Chats, fault: str) -> tuple[Message, UUID]:
    """A request to confirm by LINE, whose answer is lost."""
    await chats.sandbox.reply(PHONE, channel="line", account=chats.service.world.network_id, text="你好")
    chats.gateway.received.clear()
    _, appointment_id = await booked(chats, handles={"line": LINE.handle(PHONE)})
    request = await chats.service.step("confirm")
    assert request.due_at is not None
    await chats.sandbox.fault(fault, channel="line", count=1)
    with giving_up(chats.client):
        await chats.service.at(request.due_at)
    if fault == "timeout_after":
        await eventually(lambda: chats.shown("line"))
    return await chats.service.step("confirm"), appointment_id


@in_taiwan
@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "500"])
async def test_an_unsure_message_by_line_is_sent_again_under_its_key_and_arrives_once(
    chats: Chats, fault: str
):
    unsure, appointment_id = await unsure_on_line(chats, fault)
    assert unsure.outcome == "unknown"
    await chats.service.at(chats.service.clock.now() + timedelta(minutes=1))
    assert (await chats.service.step("confirm")).outcome == "accepted"
    attempt = (await chats.service.attempts())[-1]
    ledger = [entry["reference"] for entry in await chats.sandbox.ledger()]
    assert ledger.count(str(attempt.attempt_id)) == 1
    asked = (await chats.shown("line"))[-1]
    assert asked["buttons"][0]["payload"] == f"confirm:{appointment_id}", (
        "with its buttons, sent again or not"
    )


@in_taiwan
async def test_an_unsure_message_that_is_not_wanted_any_more_is_not_sent_again(chats: Chats):
    unsure, appointment_id = await unsure_on_line(chats, "timeout_before")
    before = len(await chats.sandbox.ledger())
    chats.service.world.cancel(appointment_id)  # booking knows, its event is still on the way
    await chats.service.at(chats.service.clock.now() + timedelta(minutes=1))
    assert len(await chats.sandbox.ledger()) == before
    attempts = await chats.service.attempts()
    assert [one.outcome for one in attempts if one.message_id == unsure.message_id] == ["unknown"]


@in_taiwan
async def test_an_answer_in_a_line_chat_whose_fate_is_unsure_is_said_once(chats: Chats):
    await chats.sandbox.fault("timeout_after", channel="line", count=1)
    with giving_up(chats.client):
        await chats.reply("line", text="你好")
    await eventually(lambda: chats.shown("line"))
    (before,) = await chats.shown("line")
    await chats.service.at(NOW + timedelta(seconds=5))
    assert [one["id"] for one in await chats.shown("line")] == [before["id"]]
    async with chats.service.parts.database.transaction(chats.service.world.network_id) as tx:
        outcomes = (await tx.execute(sa.select(conversations.utterances.c.outcome))).scalars().all()
    assert outcomes == ["accepted"]


async def test_a_limit_that_a_conversation_met_holds_back_reminders_too(chats: Chats):
    await chats.sandbox.fault("429", channel="telegram", retry_after=60, count=1)
    await chats.reply("telegram", text="Здравствуйте")
    assert await chats.shown("telegram") == []
    await booked(chats, handles={"telegram": TELEGRAM.handle(PHONE)})
    assert await chats.shown("telegram") == []
    await chats.service.at(NOW + timedelta(seconds=60))
    assert len(await chats.shown("telegram")) == 2


async def test_a_network_without_an_account_is_not_offered_the_channel(chats: Chats):
    parts = chats.service.parts
    one = Telegram(httpx.AsyncClient(), "http://provider", {"clinic": "1:token"})
    parts = replace(parts, adapters={**parts.adapters, "telegram": one})
    assert "telegram" in parts.offered("clinic")
    assert "telegram" not in parts.offered("another")
    assert set(parts.offered("another")) >= {"whatsapp", "sms"}


async def asked_for_phone(chats: Chats) -> None:
    """Somebody whom Telegram does not name has chosen a time, and is asked who they are."""
    for text in ("гигиена в Астане завтра", "1"):
        await chats.reply("telegram", text=text)
    (button,) = (await chats.shown("telegram"))[-1]["buttons"]
    assert (button["kind"], button["title"]) == ("contact", "Отправить мой номер")


def bookings(chats: Chats) -> list[BookAppointment]:
    return [command for _, command in chats.service.world.commands if isinstance(command, BookAppointment)]


@where_chats_book
async def test_sharing_their_phone_makes_a_patient_known_who_books_and_is_reached_there(chats: Chats):
    card = chats.service.world.patient(PHONE)
    await asked_for_phone(chats)
    await chats.reply("telegram", button=1)
    (booked,) = bookings(chats)
    assert (booked.patient_id, booked.source) == (card.patient_id, "telegram")
    handles = chats.service.world.cards[card.patient_id].handles
    assert handles == {"telegram": TELEGRAM.handle(PHONE)}
    await chats.reply("telegram", text="нет")
    await chats.reply("telegram", text="мои записи")
    assert "3 ноября" in (await chats.shown("telegram"))[-1]["text"]


@where_chats_book
async def test_a_stranger_who_shares_their_phone_is_registered_with_it_as_verified(chats: Chats):
    await asked_for_phone(chats)
    await chats.reply("telegram", button=1)
    assert "Как вас зовут" in (await chats.shown("telegram"))[-1]["text"]
    await chats.reply("telegram", text="Марат Ержанов")
    (booked,) = bookings(chats)
    (contact,) = chats.service.world.cards[booked.patient_id].phones
    assert (contact.phone, contact.verified) == (PHONE, True)


@where_chats_book
async def test_somebody_elses_contact_makes_nobody_known_and_is_asked_about_again(chats: Chats):
    chats.service.world.patient("+77019999999", "Чужой")
    await asked_for_phone(chats)
    await chats.reply("telegram", contact="+77019999999")
    again = (await chats.shown("telegram"))[-1]
    assert [one["kind"] for one in again["buttons"]] == ["contact"]
    assert bookings(chats) == []
    async with chats.service.parts.database.transaction(chats.service.world.network_id) as tx:
        assert (await tx.execute(sa.select(conversations.threads.c.patient_ids))).scalar_one() == []


@where_chats_book
async def test_visits_are_shown_to_whoever_shares_the_phone_they_were_booked_with(chats: Chats):
    world = chats.service.world
    world.booked(world.patient(PHONE), almaty(12, 15))
    await chats.reply("telegram", text="мои записи")
    (asked,) = await chats.shown("telegram")
    assert "12 ноября" not in asked["text"]
    await chats.reply("telegram", button="Отправить мой номер")
    assert "12 ноября" in (await chats.shown("telegram"))[-1]["text"]
