"""Messages as the provider and the phone know them: values, and their form as JSON."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Self

LINK = re.compile(r"https?://[^\s<>\"'«»]+[^\s<>\"'«».,;:!?)\]}]")

ARRIVED = frozenset({"accepted", "sent", "delivered", "read"})
"""States in which the patient's device shows the message."""

WAITING = "queued"
"""The phone is off: the message waits at the carrier's."""


def instant(at: datetime) -> str:
    """RFC 3339 in UTC, as everything here is written."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(slots=True)
class Button:
    kind: Literal["reply", "url", "phone", "contact"]
    title: str
    payload: str | None = None
    url: str | None = None

    def shown(self, index: int) -> dict[str, Any]:
        return {
            "index": index,
            "kind": self.kind,
            "title": self.title,
            "payload": self.payload,
            "url": self.url,
        }


@dataclass(slots=True)
class Report:
    """One thing the provider tells the network about a message, at once or at a later instant."""

    status: str
    due: datetime | None = None
    code: int | None = None
    told: bool = False

    def kept(self) -> dict[str, Any]:
        return {"status": self.status, "due": instant(self.due) if self.due else None, "code": self.code}

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> Self:
        due = kept.get("due")
        return cls(kept["status"], datetime.fromisoformat(due) if due else None, kept.get("code"))


@dataclass(slots=True)
class Message:
    """One message between a network's sender (`account`) and a phone or mailbox (`address`)."""

    id: str
    channel: str
    account: str
    address: str
    at: datetime
    text: str
    by_patient: bool = False
    """The patient wrote it."""
    buttons: list[Button] = field(default_factory=list)
    reference: str | None = None
    answers: str | None = None
    """The id of the message this one was written under."""
    status: str = "accepted"
    details: dict[str, Any] = field(default_factory=dict)
    """What only this channel has: subject, segments, the template, the address for reports."""
    reports: list[Report] = field(default_factory=list)
    expiry: Report | None = None
    """What is told of it, and when, if it has not arrived by then."""
    seq: int | None = None

    def told(self, report: Report) -> None:
        """What waited for its phone ends as it is reported."""
        report.told = True
        if self.status == WAITING and report.status != "sent":
            self.status = report.status

    @property
    def arrived(self) -> bool:
        return self.status in ARRIVED

    def links(self) -> list[str]:
        found = LINK.findall(self.text) + [button.url for button in self.buttons if button.url]
        if link := self.details.get("link"):
            found.append(link)
        return list(dict.fromkeys(found))

    def shown(self) -> dict[str, Any]:
        """As a phone or mailbox shows it over HTTP; the direction is the phone's: `in` is what it received."""
        return {
            "id": self.id,
            "channel": self.channel,
            "direction": "out" if self.by_patient else "in",
            "at": instant(self.at),
            "from": self.address if self.by_patient else self.account,
            "to": self.account if self.by_patient else self.address,
            "account": self.account,
            "text": self.text,
            "buttons": [button.shown(index) for index, button in enumerate(self.buttons, start=1)],
            "links": self.links(),
            "reference": self.reference,
            "answers": self.answers,
            "status": self.status,
            **{name: value for name, value in self.details.items() if name in SHOWN_DETAILS},
        }

    def kept(self) -> dict[str, Any]:
        """As a line of the ledger or the journal keeps it."""
        return {
            "id": self.id,
            "channel": self.channel,
            "account": self.account,
            "to": self.account if self.by_patient else self.address,
            "from": self.address if self.by_patient else self.account,
            "by_patient": self.by_patient,
            "at": instant(self.at),
            "recorded_at": instant(datetime.now(UTC)),
            "text": self.text,
            "buttons": [
                {"kind": button.kind, "title": button.title, "payload": button.payload, "url": button.url}
                for button in self.buttons
            ],
            "reference": self.reference,
            "answers": self.answers,
            "status": self.status,
            "details": self.details,
            "reports": [report.kept() for report in self.reports],
        }

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> Self:
        by_patient = bool(kept["by_patient"])
        return cls(
            id=kept["id"],
            channel=kept["channel"],
            account=kept["account"],
            address=kept["from"] if by_patient else kept["to"],
            at=datetime.fromisoformat(kept["at"]),
            text=kept["text"],
            by_patient=by_patient,
            buttons=[Button(**button) for button in kept["buttons"]],
            reference=kept["reference"],
            answers=kept["answers"],
            status=kept["status"],
            details=kept["details"],
            reports=[Report.restored(report) for report in kept["reports"]],
            seq=kept.get("seq"),
        )


SHOWN_DETAILS = frozenset(
    {
        "header",
        "footer",
        "subject",
        "html",
        "attachments",
        "template",
        "segments",
        "encoding",
        "link",
        "filename",
        "contact",
    }
)
