"""E-mail over SMTP: plain text and simple HTML, the calendar file, and headers by which mail programs sort it."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from html import escape
from urllib.parse import unquote, urlsplit

import aiosmtplib

from common.clock import wall
from common.contracts.patient_profile import Channel
from notifications.channels.protocol import (
    Accepted,
    Adapter,
    Enclosure,
    Leaving,
    Letter,
    NotReached,
    Outcome,
    Refused,
    Unsure,
    nothing_stops_it,
)
from notifications.rules.texts import Text

SECONDS = 8.0
RIGHT_TO_LEFT = frozenset({"fa"})
LINK = re.compile(r"https?://[^\s<>\"'«»]+[^\s<>\"'«».,;:!?)]")


@dataclass(frozen=True)
class Server:
    """Where mail is handed in: `smtp://[user:password@]host[:port]`, or `smtps://` for TLS from the first byte."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    tls: bool = False

    @classmethod
    def at(cls, url: str) -> "Server":
        """The server of an address. Raises `ValueError` for any other scheme."""
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("an SMTP server is given as smtp://host:port or smtps://host:port")
        tls = parts.scheme == "smtps"
        user, password = (unquote(each) if each else None for each in (parts.username, parts.password))
        return cls(parts.hostname, parts.port or (465 if tls else 587), user, password, tls)


class Mail(Adapter):
    """Sends from `<network>@<domain>`. A server that has taken a mail tells nothing more about it; one that
    comes back is read by `returned`."""

    channel: Channel = "email"
    buttons = True

    def __init__(self, url: str, domain: str) -> None:
        self._server = Server.at(url)
        self._domain = domain

    async def send(self, letter: Letter, leaving: Leaving = nothing_stops_it) -> Outcome:
        """In three parts: before the text was offered nothing has left; after it only the server's word tells."""
        server = self._server
        smtp = aiosmtplib.SMTP(
            hostname=server.host, port=server.port, username=server.user, password=server.password,
            use_tls=server.tls, timeout=SECONDS, local_hostname=self._domain,
        )  # fmt: skip
        made = compose(letter, domain=self._domain, at=wall())
        try:
            await smtp.connect()
            await smtp.mail(f"{letter.network_id}@{self._domain}")
            await smtp.rcpt(letter.to, encoding="utf-8")
            await leaving()
        except aiosmtplib.SMTPResponseException as error:
            smtp.close()
            return _answered(error)
        except (aiosmtplib.SMTPException, OSError, ValueError):
            smtp.close()
            return NotReached()
        except Exception:
            smtp.close()
            raise
        return await self._hand_over(smtp, made)

    async def _hand_over(self, smtp: aiosmtplib.SMTP, made: EmailMessage) -> Outcome:
        try:
            await smtp.data(made.as_bytes())
        except aiosmtplib.SMTPDataError as error:
            return _answered(error)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Unsure(type(error).__name__)
        finally:
            smtp.close()
        return Accepted(made["Message-ID"], final=True)


def _answered(error: aiosmtplib.SMTPResponseException) -> Outcome:
    """4xx: not now. 5xx: never."""
    return NotReached() if 400 <= error.code < 500 else Refused(f"smtp-{error.code}")


def compose(letter: Letter, *, domain: str, at: datetime) -> EmailMessage:
    """The mail as it is handed over. Its Message-ID is our reference, so that a copy of it can be recognised."""
    about = letter.enclosure or Enclosure(letter.network_id, letter.network_id, letter.reference)
    mail = EmailMessage()
    mail["From"] = formataddr((about.sender_name, f"{letter.network_id}@{domain}"))
    mail["To"] = letter.to
    mail["Subject"] = " ".join(about.subject.split())
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{letter.reference}@{domain}>"
    mail["In-Reply-To"] = mail["References"] = f"<{about.thread}@{domain}>"
    mail["Content-Language"] = letter.text.locale
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Vinculo-Reference"] = letter.reference
    if about.unsubscribe:
        mail["List-Unsubscribe"] = f"<{about.unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(_plain(letter.text, about))
    mail.add_alternative(_html(letter.text, about), subtype="html")
    if about.calendar:
        mail.add_attachment(
            about.calendar, maintype="text", subtype="calendar", filename="appointment.ics",
            params={"method": about.calendar_method, "charset": "utf-8"},
        )  # fmt: skip
    return mail


def _plain(text: Text, about: Enclosure) -> str:
    lines = list(text.lines)
    if text.buttons:
        lines.append(f"{' / '.join(button.title for button in text.buttons)}: {about.link}")
    if about.unsubscribe:
        lines += ["", f"{about.unsubscribe_title}: {about.unsubscribe}"]
    return "\n".join(lines) + "\n"


def _html(text: Text, about: Enclosure) -> str:
    """One column of paragraphs that a screen reader reads in order, at any width and size of type."""
    direction = "rtl" if text.locale in RIGHT_TO_LEFT else "ltr"
    paragraphs = [f"<p>{_linked(line)}</p>" for line in text.lines if line]
    if text.buttons:
        links = [_anchor(about.link, button.title) for button in text.buttons]
        paragraphs.append(f"<p>{' &nbsp; '.join(links)}</p>")
    if about.unsubscribe:
        paragraphs.append(f"<hr><p>{_anchor(about.unsubscribe, about.unsubscribe_title)}</p>")
    return (
        f'<!doctype html>\n<html lang="{text.locale}" dir="{direction}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(about.subject)}</title></head>\n"
        '<body style="font: 1rem/1.5 sans-serif; max-width: 40rem; margin: 1rem auto; padding: 0 1rem">\n'
        + "\n".join(paragraphs)
        + "\n</body></html>\n"
    )


def _linked(line: str) -> str:
    parts, end = [], 0
    for found in LINK.finditer(line):
        parts += [escape(line[end : found.start()]), _anchor(found[0], found[0])]
        end = found.end()
    return "".join([*parts, escape(line[end:])])


def _anchor(url: str, title: str) -> str:
    return f'<a href="{escape(url)}">{escape(title)}</a>'
