"""Mail that came back: how reports are read, and the next channel has its turn."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage, Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from typing import Any

import pytest

from common.contracts.notifications import TaskRaised
from common.contracts.patient_profile import Preferences
from devkit.sandbox.testing import Gateway, Sandbox, eventually, gateway, sandbox, settings_for
from notifications.channels import Status, returned
from notifications.channels.mail import Mail
from notifications.operations.parts import Parts

from .conftest import Service
from .world import NOW, almaty

MAILBOX = "marat@example.test"
REFERENCE = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
MESSAGE_ID = f"<{REFERENCE}@clinic.example>"

# --- reading ----------------------------------------------------------------------------------------------


def ours() -> EmailMessage:
    mail = EmailMessage()
    mail["Message-ID"] = MESSAGE_ID
    mail["X-Vinculo-Reference"] = REFERENCE
    mail.set_content("Ждём вас завтра.")
    return mail


def states(**fields: str) -> Message:
    of_mail, of_recipient, part = Message(), Message(), Message()
    of_mail["Reporting-MTA"] = "dns; mx.example.test"
    for name, value in fields.items():
        of_recipient[name.replace("_", "-")] = value
    part["Content-Type"] = "message/delivery-status"
    part.set_payload([of_mail, of_recipient])
    return part


def report(*parts: Message, kind: str = "delivery-status", **headers: str) -> bytes:
    made = MIMEMultipart("report")
    made.set_param("report-type", kind)
    made["From"] = "MAILER-DAEMON@mx.example.test"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    for part in (MIMEText("Sorry."), *parts):
        made.attach(part)
    return made.as_bytes()


def read(mail: bytes) -> list[Status]:
    """As the gateway hands it on: each byte a character."""
    told, written = returned.webhook(mail.decode("latin-1").encode(), {})
    assert written == []
    return told


FAILED = states(Action="failed", Status="5.1.1", Diagnostic_Code="smtp; 550 No such user")


@pytest.mark.parametrize(
    "given_back",
    [MIMEMessage(ours()), MIMEText(ours().as_string(), "rfc822-headers", "utf-8")],
    ids=["the whole mail", "its headers"],
)
def test_a_mail_that_came_back_names_ours_and_says_why(given_back):
    assert read(report(FAILED, given_back)) == [
        Status("email", MESSAGE_ID, REFERENCE, "failed", "returned-5.1.1", comes_late=True)
    ]


def test_without_the_mail_itself_what_the_report_answers_names_it():
    (told,) = read(report(FAILED, In_Reply_To=MESSAGE_ID))
    assert (told.provider_id, told.reference, told.delivery) == (MESSAGE_ID, None, "failed")


def test_what_was_given_up_after_days_has_failed_too():
    (told,) = read(report(states(Action="failed", Status="4.4.7"), MIMEMessage(ours())))
    assert (told.delivery, told.reason) == ("failed", "returned-4.4.7")


def test_a_delivery_that_is_told_is_one():
    (told,) = read(report(states(Action="delivered", Status="2.0.0"), MIMEMessage(ours())))
    assert (told.delivery, told.reason) == ("delivered", None)


@pytest.mark.parametrize(
    "mail",
    [
        report(states(Action="delayed", Status="4.4.1"), MIMEMessage(ours())),
        report(states(Action="relayed", Status="2.0.0"), MIMEMessage(ours())),
        report(FAILED),
        report(FAILED, MIMEMessage(ours()), kind="disposition-notification"),
        report(MIMEMessage(ours())),
        ours().as_bytes(),
        b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\nno parts at all",
        "Subject: нет\r\n\r\nЯ в отпуске".encode(),
        b"",
    ],
    ids=[
        "still tried", "handed on elsewhere", "of nobody knows which mail", "that it was read", "without a state",
        "no report", "broken", "an automatic answer", "nothing",
    ],
)  # fmt: skip
def test_what_does_not_say_how_a_mail_of_ours_ended_is_passed_over(mail):
    assert read(mail) == []


# --- what follows -----------------------------------------------------------------------------------------


@dataclass
class Post:
    """The service with mail at the sandbox, whose bounces the test hands on."""

    service: Service
    sandbox: Sandbox
    gateway: Gateway

    async def confirmed_by_mail(self) -> None:
        """Somebody who prefers mail has booked."""
        card = self.service.world.patient(email=MAILBOX, preferences=Preferences(channel="email"))
        await self.service.apply(self.service.world.booked(card, almaty(10, 10)))
        await self.service.send()

    async def comes_back(self) -> bytes:
        """The report of the sandbox's mail server, taken by the service."""
        await eventually(lambda: self.gateway.received["email"])
        assert self.gateway.refused == []
        (told,) = self.gateway.received["email"]
        assert told.url.endswith(f"/webhooks/email/{self.service.world.network_id}")
        await self.take(told.body)
        return told.body

    async def take(self, mail: bytes) -> None:
        await self.service.webhook(mail.decode("latin-1"), provider="email")

    async def tried(self) -> list[tuple[str, str, str | None]]:
        return [(one.channel, one.outcome, one.reason) for one in await self.service.attempts()]


@pytest.fixture
async def providers(tmp_path: Path) -> AsyncIterator[tuple[Sandbox, Gateway]]:
    async with gateway() as stand_in, sandbox(settings_for(tmp_path, stand_in, hang_seconds=1)) as running:
        yield running, stand_in


@pytest.fixture
def parts(parts: Parts, providers: tuple[Sandbox, Gateway]) -> Parts:
    """The service's parts with mail beside its other channels."""
    mail = Mail(f"smtp://127.0.0.1:{providers[0].smtp_port}", "clinic.example")
    return replace(parts, adapters={**parts.adapters, "email": mail})


@pytest.fixture
def post(service: Service, providers: tuple[Sandbox, Gateway]) -> Post:
    return Post(service, *providers)


@pytest.fixture
async def giving_back(providers: tuple[Sandbox, Gateway]) -> None:
    """A mail server that takes everything, and gives it back at once."""
    for kind in ("undelivered", "late_report"):
        order: dict[str, Any] = {"delay": 0} if kind == "late_report" else {}
        await providers[0].fault(kind, channel="email", **order)


@pytest.mark.usefixtures("giving_back")
async def test_the_next_channel_has_its_turn_when_a_mail_comes_back(post: Post):
    await post.confirmed_by_mail()
    assert await post.tried() == [("email", "accepted", None)]
    await post.comes_back()
    assert await post.tried() == [("email", "failed", "returned-5.1.1"), ("whatsapp", "accepted", None)]
    assert (await post.service.step("confirmation")).outcome == "accepted"


@pytest.mark.usefixtures("giving_back")
async def test_the_same_report_again_changes_nothing(post: Post):
    await post.confirmed_by_mail()
    mail = await post.comes_back()
    before = await post.tried()
    await post.take(mail)
    assert await post.tried() == before


@pytest.mark.usefixtures("giving_back")
async def test_what_comes_back_when_it_is_of_no_use_any_more_is_not_sent_by_another_channel(post: Post):
    await post.confirmed_by_mail()
    post.service.clock.put(almaty(10, 11))
    await post.comes_back()
    assert await post.tried() == [("email", "failed", "returned-5.1.1")]
    assert (await post.service.step("confirmation")).outcome == "failed"


@pytest.mark.usefixtures("giving_back")
async def test_staff_are_asked_where_no_channel_is_left(post: Post):
    card = post.service.world.patient(phone="", email=MAILBOX)
    await post.service.apply(post.service.world.booked(card, almaty(10, 10)))
    await post.service.send()
    await post.comes_back()
    assert await post.tried() == [("email", "failed", "returned-5.1.1")]
    (task,) = await post.service.told(TaskRaised)
    assert task.patient_id == card.patient_id


async def test_a_mail_that_arrives_is_told_of_no_more(post: Post):
    await post.confirmed_by_mail()
    await post.service.at(NOW + timedelta(hours=1))
    assert await post.tried() == [("email", "accepted", None)]
    assert post.gateway.posts == 0
