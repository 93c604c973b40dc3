"""Online visits: when their room may be entered, and where it is."""

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from common.contracts.booking import AppointmentState, Status
from common.contracts.directory import Service
from common.errors import Refused

BEFORE = timedelta(minutes=15)
AFTER = timedelta(minutes=30)
"""A visit may run over, and a connection may break at its end."""

State = Literal["unconfirmed", "early", "open"]

_AGREED: frozenset[Status] = frozenset({"confirmed", "arrived"})
_AWAITS_CONSENT: frozenset[Status] = frozenset({"booked", "displaced"})
_DERIVATION = b"vinculo rooms of online visits"
_SEQUENCE = struct.Struct(">I")
_NAME_BYTES = 15
"""120 bits, which are 24 characters of base32: nobody finds a room by trying."""


class NotOnline(Refused):
    """The visit is one to come to."""

    code = "not-online"


class NotConfirmed(Refused):
    """The patient has not said that they will take part."""

    code = "not-confirmed"


class TooEarly(Refused):
    """`extra["opens_at"]` says from when on."""

    code = "too-early"


class VisitOver(Refused):
    """Cancelled, missed, or over for longer than its room stays open."""

    code = "visit-over"


class NoMeetings(Refused):
    """This installation was given no place for online visits."""

    code = "no-meetings"


def opens_at(appointment: AppointmentState) -> datetime:
    """From when on its room may be entered."""
    return appointment.starts_at - BEFORE


def closes_at(appointment: AppointmentState) -> datetime:
    """Until when."""
    return appointment.ends_at + AFTER


def agreed(appointment: AppointmentState) -> bool:
    """Whether the patient has confirmed, so that the link may be given away."""
    return appointment.status in _AGREED


def state(appointment: AppointmentState, service: Service | None, *, now: datetime) -> State | None:
    """How far it is; None for a visit that is not online, or not to take place."""
    if service is None or not service.virtual or appointment.status not in _AGREED | _AWAITS_CONSENT:
        return None
    if not agreed(appointment):
        return "unconfirmed"
    return "early" if now < opens_at(appointment) else "open"


def check_join(appointment: AppointmentState, service: Service | None, *, now: datetime) -> None:
    """The room of a confirmed online visit may be entered around its time, and at no other."""
    if service is None or not service.virtual:
        raise NotOnline("This visit does not take place online")
    if closes_at(appointment) <= now:
        raise VisitOver("This visit is over")
    match state(appointment, service, now=now):
        case None:
            raise VisitOver("This visit does not take place any more", status=appointment.status)
        case "unconfirmed":
            raise NotConfirmed("Please confirm the visit first")
        case "early":
            raise TooEarly("It is too early", opens_at=opens_at(appointment).isoformat())


@dataclass(frozen=True)
class Meetings:
    """Where online visits are held. A room's name is worked out whenever it is needed, and kept nowhere."""

    template: str
    """An address with `{room}`; empty where this installation has no such place."""
    key: bytes = field(repr=False)

    @classmethod
    def under(cls, template: str, link_key: bytes) -> "Meetings":
        """The names have a key of their own, so that no link tells anything about a room."""
        return cls(template, hmac.new(link_key, _DERIVATION, hashlib.sha256).digest())

    def url(self, network_id: str, appointment: AppointmentState) -> str:
        """The visit's room; a visit that was moved gets another. Raises `no-meetings`."""
        if not self.template:
            raise NoMeetings("Online visits are not set up")
        return self.template.replace("{room}", self._room(network_id, appointment))

    def _room(self, network_id: str, appointment: AppointmentState) -> str:
        """In lower case letters and digits: some places take capitals for the same room, others do not."""
        visit = appointment.appointment_id.bytes + _SEQUENCE.pack(appointment.sequence)
        mac = hmac.new(self.key, visit + network_id.encode("ascii"), hashlib.sha256).digest()
        return base64.b32encode(mac[:_NAME_BYTES]).decode().lower()
