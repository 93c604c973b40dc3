"""Mail over SMTP into invented mailboxes."""

import asyncio
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from devkit.sandbox.testing import Sandbox, eventually, gateway, sandbox, settings_for

MAILBOX = "ana@example.test"


def letter(reference: str = "step-1") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Clínica Demo <clinic@example.test>"
    message["To"] = f"Ana <{MAILBOX}>"
    message["Subject"] = "Consulta amanhã às 10h"
    message["Message-ID"] = f"<{reference}@vinculo.test>"
    message["X-Vinculo-Reference"] = reference
    message.set_content("Até amanhã! https://v.br/m/1")
    message.add_alternative("<p>Até <b>amanhã</b>!</p>", subtype="html")
    message.add_attachment("BEGIN:VCALENDAR", subtype="calendar", filename="visit.ics")
    return message


async def send(provider: Sandbox, message: EmailMessage, **options) -> None:
    await aiosmtplib.send(message, hostname="127.0.0.1", port=provider.smtp_port, **options)


async def test_a_letter_is_in_its_mailbox_with_its_attachment(tmp_path: Path):
    async with sandbox(settings_for(tmp_path)) as provider:
        await send(provider, letter())

        [shown] = (await provider.http.get(f"/mailboxes/{MAILBOX}/messages")).json()["messages"]
        assert (shown["channel"], shown["from"], shown["reference"]) == (
            "email",
            "clinic@example.test",
            "step-1",
        )
        assert shown["subject"] == "Consulta amanhã às 10h"
        assert shown["text"] == "Até amanhã! https://v.br/m/1"
        assert shown["html"] == "<p>Até <b>amanhã</b>!</p>"
        assert shown["links"] == ["https://v.br/m/1"]
        [file] = shown["attachments"]
        assert (file["name"], file["type"]) == ("visit.ics", "text/calendar")
        calendar = await provider.http.get(file["url"])
        assert calendar.text.strip() == "BEGIN:VCALENDAR"
        assert (await provider.http.get("/mailboxes")).json()["mailboxes"][0]["mailbox"] == MAILBOX


async def test_the_same_letter_again_is_accepted_again_and_shows_in_the_ledger(tmp_path: Path):
    async with sandbox(settings_for(tmp_path)) as provider:
        await send(provider, letter())
        await send(provider, letter())

        assert [entry["reference"] for entry in await provider.ledger()] == ["step-1", "step-1"]
        [repeated] = (await provider.http.get("/ledger/repeated")).json()["repeated"]
        assert (repeated["channel"], repeated["to"], repeated["times"]) == ("email", MAILBOX, 2)


@pytest.mark.parametrize(("kind", "code"), [("429", 451), ("500", 451), ("undelivered", 550)])
async def test_mail_is_refused_in_smtps_words(tmp_path: Path, kind: str, code: int):
    async with sandbox(settings_for(tmp_path)) as provider:
        await provider.fault(kind, channel="email", phone=MAILBOX)

        with pytest.raises(aiosmtplib.SMTPDataError) as refusal:
            await send(provider, letter())

        assert refusal.value.code == code
        assert await provider.ledger() == []
        assert (await provider.http.get(f"/mailboxes/{MAILBOX}/messages")).json()["messages"] == []


async def test_a_letter_can_be_accepted_without_an_answer(tmp_path: Path):
    async with sandbox(settings_for(tmp_path, hang_seconds=60)) as provider:
        await provider.fault("timeout_after", channel="email", count=1)

        sending = asyncio.create_task(send(provider, letter()))
        await eventually(provider.ledger)

        answered, _ = await asyncio.wait([sending], timeout=1)
        assert not answered
        sending.cancel()
        assert len(await provider.ledger()) == 1


async def test_a_letter_that_was_taken_can_come_back_as_a_report_about_it(tmp_path: Path):
    async with gateway() as clinic, sandbox(settings_for(tmp_path, clinic)) as provider:
        await provider.fault("undelivered", channel="email")
        await provider.fault("late_report", channel="email", delay="PT10M")
        await send(provider, letter())
        assert [entry["reference"] for entry in await provider.ledger()] == ["step-1"]
        assert (await provider.http.get(f"/mailboxes/{MAILBOX}/messages")).json()["messages"] == []
        assert clinic.posts == 0

        await provider.http.post("/clock", json={"advance": "PT10M"})
        await eventually(lambda: clinic.received["email"])
        assert clinic.refused == []
        (told,) = clinic.received["email"]
        assert told.url.endswith("/webhooks/email/clinic")
        report = message_from_bytes(told.body)
        assert (report.get_content_type(), report.get_param("report-type")) == (
            "multipart/report",
            "delivery-status",
        )
        assert b"Action: failed\nStatus: 5.1.1" in told.body
        headers = next(part for part in report.walk() if part.get_content_type() == "text/rfc822-headers")
        assert "X-Vinculo-Reference: step-1" in bytes(headers.get_payload(decode=True)).decode()
