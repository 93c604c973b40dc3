"""Mail on the wire: what a mailbox receives, and what a server's answers mean."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import icalendar
import pytest

from common.ids import new_id
from devkit.sandbox.testing import Sandbox, sandbox, settings_for
from notifications.channels import Accepted, Enclosure, Letter, NotReached, Outcome, Refused, Unsure
from notifications.channels import mail as wire
from notifications.channels.mail import Mail, Server
from notifications.rules.texts import Button, Text

MAILBOX = "ana@example.test"
LINK = "https://clinic.example/l/abc"
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"


def letter(
    *, locale="pt-BR", lines=("Olá, Ana!", f"Sua consulta: {LINK}."), asks=False, **enclosed
) -> Letter:
    buttons = (Button("Confirmar", "confirm:1"), Button("Cancelar", "cancel:1")) if asks else ()
    given = {"sender_name": "Clínica Sorriso", "subject": "Sua consulta: quinta-feira", "thread": "visit-1",
             "link": LINK, "calendar": CALENDAR, "calendar_method": "REQUEST"}  # fmt: skip
    return Letter(
        str(new_id()), "demo-br", MAILBOX, "confirmation", Text(lines, locale, buttons),
        enclosure=Enclosure(**{**given, **enclosed}),
    )  # fmt: skip


def made(sent: Letter):
    raw = wire.compose(sent, domain="clinic.example", at=datetime(2026, 11, 2, 9, tzinfo=UTC)).as_bytes()
    return message_from_bytes(raw, policy=policy.default)


@pytest.fixture
async def provider(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with sandbox(settings_for(tmp_path, hang_seconds=1)) as running:
        yield running


def adapter(provider: Sandbox) -> Mail:
    return Mail(f"smtp://127.0.0.1:{provider.smtp_port}", "clinic.example")


async def received(provider: Sandbox) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await provider.http.get(f"/mailboxes/{MAILBOX}/messages")).json()[
        "messages"
    ]
    return found


async def test_a_mail_arrives_as_text_and_as_html_with_the_calendar_file(provider):
    sent = letter(asks=True)
    outcome = await adapter(provider).send(sent)
    assert outcome == Accepted(f"<{sent.reference}@clinic.example>", final=True)
    (shown,) = await received(provider)
    assert (shown["reference"], shown["subject"]) == (sent.reference, "Sua consulta: quinta-feira")
    assert shown["from"] == "demo-br@clinic.example"
    assert "Confirmar / Cancelar: " + LINK in shown["text"]
    assert f'<a href="{LINK}">Confirmar</a>' in shown["html"]
    (file,) = shown["attachments"]
    assert (file["name"], file["type"]) == ("appointment.ics", "text/calendar")
    calendar = icalendar.Calendar.from_ical((await provider.http.get(file["url"])).content)
    assert calendar["METHOD"] == "REQUEST"


async def test_what_is_stopped_before_its_text_is_offered_does_not_arrive(provider):
    async def stop():
        raise LookupError("withdrawn")

    with pytest.raises(LookupError):
        await adapter(provider).send(letter(), stop)
    assert await received(provider) == []


def test_the_calendar_part_says_what_it_asks_of_a_calendar():
    (file,) = made(letter(calendar_method="CANCEL")).iter_attachments()
    assert file.get_content_type() == "text/calendar"
    assert file["Content-Type"].params["method"] == "CANCEL"


def test_mails_about_one_visit_are_one_thread_under_ids_of_their_own():
    first, second = (made(letter()) for _ in range(2))
    assert first["Message-ID"] != second["Message-ID"]
    assert first["In-Reply-To"] == second["In-Reply-To"] == "<visit-1@clinic.example>"
    assert made(letter(thread="visit-2"))["References"] == "<visit-2@clinic.example>"


def test_a_copy_of_a_mail_has_the_same_id():
    sent = letter()
    assert made(sent)["Message-ID"] == made(sent)["Message-ID"] == f"<{sent.reference}@clinic.example>"


def test_an_invitation_can_be_ended_by_one_press_and_a_reminder_has_nothing_to_end():
    end = f"{LINK}/unsubscribe"
    invitation = made(letter(unsubscribe=end, unsubscribe_title="Não receber mais convites"))
    assert invitation["List-Unsubscribe"] == f"<{end}>"
    assert invitation["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"Não receber mais convites: {end}" in invitation.get_body(("plain",)).get_content()
    assert made(letter())["List-Unsubscribe"] is None


@pytest.mark.parametrize(("locale", "direction"), [("fa", "rtl"), ("pt-BR", "ltr")])
def test_html_says_its_language_and_direction(locale, direction):
    html = made(letter(locale=locale)).get_body(("html",)).get_content()
    assert f'<html lang="{locale}" dir="{direction}">' in html


def test_what_stands_in_a_text_is_never_markup_nor_a_header():
    mail = made(letter(lines=("<script>alert(1)</script>",), subject="One\r\nBcc: all@example.test"))
    assert "<script>" not in mail.get_body(("html",)).get_content()
    assert mail["Subject"] == "One Bcc: all@example.test"
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    ("fault", "outcome", "arrived"),
    [("429", NotReached(), 0), ("500", NotReached(), 0), ("undelivered", Refused("smtp-550"), 0)],
)
async def test_a_servers_answer_means_this(provider, fault, outcome, arrived):
    await provider.fault(fault, channel="email", count=1)
    assert await adapter(provider).send(letter()) == outcome
    assert len(await received(provider)) == arrived


@asynccontextmanager
async def server_that_says(*answers: bytes) -> AsyncIterator[str]:
    """A mail server that gives these answers to the commands in turn, and then hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        for answer in answers:
            line = await reader.readline()
            if not line:
                break
            if answer == b"":  # the text is read to its end, and nobody answers
                await reader.readuntil(b"\r\n.\r\n")
                break
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


HELLO, FINE = b"250 here\r\n", b"250 ok\r\n"


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ((HELLO, b"450 busy\r\n"), NotReached()),
        ((HELLO, FINE, b"550 no such mailbox\r\n"), Refused("smtp-550")),
        ((HELLO, FINE, b"452 full\r\n"), NotReached()),
        ((HELLO, FINE, FINE, b"554 refused\r\n"), Refused("smtp-554")),
        ((HELLO, FINE), NotReached()),
    ],
)
async def test_before_the_text_was_taken_it_is_certain_that_nothing_left(answers, outcome):
    async with server_that_says(*answers) as url:
        assert await Mail(url, "clinic.example").send(letter()) == outcome


async def test_a_connection_lost_after_the_text_leaves_it_unsure():
    async with server_that_says(HELLO, FINE, FINE, b"354 go on\r\n", b"") as url:
        outcome: Outcome = await Mail(url, "clinic.example").send(letter())
    assert isinstance(outcome, Unsure)


async def test_a_server_that_is_not_there_was_not_reached():
    assert await Mail("smtp://127.0.0.1:1", "clinic.example").send(letter()) == NotReached()


def test_a_server_is_given_by_its_address():
    assert Server.at("smtps://user:p%40ss@mail.example") == Server("mail.example", 465, "user", "p@ss", True)
    assert Server.at("smtp://localhost:2525") == Server("localhost", 2525)
    with pytest.raises(ValueError, match="smtp://"):
        Server.at("https://mail.example")
