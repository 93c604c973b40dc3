"""What the owner of a phone does with it: writes, presses a button, reads."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from devkit.sandbox.carrier import Carrier
from devkit.sandbox.messages import Button, Message
from devkit.sandbox.problems import Problem
from devkit.sandbox.sms.segments import segments

ANSWERING = frozenset({"reply", "contact"})
"""Kinds of buttons that send something to the network."""


class Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")

    channel: str
    text: str | None = None
    button: str | int | None = None
    """A button's title, payload, or place (1, 2, 3…)."""
    digits: str | None = None
    """Keys pressed; on a channel of text they are its text."""
    code: str | None = None
    """A link into the chat is opened, and this is what it carries there."""
    contact: str | None = None
    """A contact out of the address book is shared: this phone."""
    message_id: str | None = None
    """The message answered; else a button is looked for on the newest message that has any."""
    account: str | None = None
    """The network's sender written to; else the one that wrote last, on this channel or any."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Reply":
        given = (self.text, self.button, self.digits, self.code, self.contact)
        if sum(each is not None for each in given) != 1:
            raise ValueError("give one of text, button, digits, code, contact")
        return self


def keys(wanted: Reply) -> str:
    """What is pressed during a call; nothing at all is an answer too."""
    given = wanted.digits if wanted.digits is not None else wanted.button
    pressed = str(wanted.text or "" if given is None else given).strip()
    if not all(one in "0123456789*#" for one in pressed):
        raise Problem(422, "no-such-key", f"a telephone has no key {pressed!r}")
    return pressed


def reply(carrier: Carrier, phone: str, wanted: Reply) -> Message:
    """The message that goes to the network; refuses what the phone could not do."""
    if wanted.channel not in carrier.phone_channels:
        raise Problem(422, "no-such-channel", f"nobody can write back by {wanted.channel}")
    if wanted.button is not None:
        return _press(carrier, phone, wanted, wanted.button)
    answered = _answered(carrier, phone, wanted)
    last = answered or next(iter(carrier.phones.newest(phone, wanted.channel, account=wanted.account)), None)
    account = wanted.account or (last.account if last else _wrote_last(carrier, phone))
    if account is None:
        raise Problem(
            409, "nobody-wrote", f"no network wrote to {phone} by {wanted.channel}; give an account"
        )
    text, details = _said(wanted)
    if wanted.channel == "sms":
        size = segments(text)
        details |= {
            "segments": size.count,
            "encoding": size.encoding,
            "account_sid": last.details.get("account_sid") if last else None,
        }
    return _written(carrier, phone, wanted.channel, account, text, details, answered)


def _said(wanted: Reply) -> tuple[str, dict[str, Any]]:
    """What stands in the chat, and what else the provider is told: a link's code travels in each app's own way."""
    if wanted.contact is not None:
        if wanted.channel != "telegram":
            raise Problem(422, "no-contacts", f"no contact can be shared by {wanted.channel}")
        return "", _sharing(wanted.contact)
    if wanted.code is None:
        return wanted.text if wanted.text is not None else wanted.digits or "", {"form": "text"}
    match wanted.channel:
        case "telegram":
            return f"/start {wanted.code}", {"form": "text"}
        case "instagram":
            return "", {"form": "referral", "code": wanted.code}
    return wanted.code, {"form": "text"}


def _sharing(phone: str) -> dict[str, Any]:
    return {"form": "contact", "contact": phone}


def _wrote_last(carrier: Carrier, phone: str) -> str | None:
    thread = carrier.phones.thread(phone)
    return thread[-1].account if thread else None


def _press(carrier: Carrier, phone: str, wanted: Reply, which: str | int) -> Message:
    answered = _answered(carrier, phone, wanted) or next(
        (
            message
            for message in carrier.phones.newest(phone, wanted.channel, account=wanted.account)
            if any(button.kind in ANSWERING for button in message.buttons)
        ),
        None,
    )
    if answered is None or not answered.buttons:
        raise Problem(409, "no-buttons", f"no message with buttons on {phone} by {wanted.channel}")
    button = _button(answered.buttons, str(which))
    if button.kind not in ANSWERING:
        raise Problem(422, "not-a-reply", f"{button.title!r} opens {button.url}; it sends nothing")
    if button.kind == "contact":
        return _written(carrier, phone, wanted.channel, answered.account, "", _sharing(phone), answered)
    form = answered.details.get("form")
    kind = (
        "button" if form == "template" else "list_reply" if answered.details.get("list") else "button_reply"
    )
    details = {"form": kind, "payload": button.payload}
    return _written(carrier, phone, wanted.channel, answered.account, button.title, details, answered)


def _button(buttons: list[Button], which: str) -> Button:
    wanted = which.strip().casefold()
    for button in buttons:
        if which == button.payload or wanted == button.title.casefold():
            return button
    if which.strip().isdecimal() and 1 <= int(which) <= len(buttons):
        return buttons[int(which) - 1]
    raise Problem(
        422, "no-such-button", f"there is no button {which!r}", buttons=[each.title for each in buttons]
    )


def _answered(carrier: Carrier, phone: str, wanted: Reply) -> Message | None:
    if wanted.message_id is None:
        return None
    message = carrier.phones.find(wanted.message_id)
    if message is None or message.address != phone or message.by_patient or message.channel != wanted.channel:
        raise Problem(
            404, "no-such-message", f"{phone} has no message {wanted.message_id} by {wanted.channel}"
        )
    return message


def _written(
    carrier: Carrier,
    phone: str,
    channel: str,
    account: str,
    text: str,
    details: dict[str, Any],
    answered: Message | None,
) -> Message:
    return Message(
        id=carrier.providers[channel].inbound_id(phone),
        channel=channel,
        account=account,
        address=phone,
        at=carrier.clock.now(),
        text=text,
        by_patient=True,
        details=details,
        answers=answered.id if answered else None,
    )
