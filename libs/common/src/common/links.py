"""Links that patients get: stateless and single-purpose, made by notifications and the gateway, checked by the gateway.

A token is `base64url(purpose · expiry · appointment · network · 12 bytes of HMAC-SHA256)`: short enough for an SMS.
It is never put on the bus and never logged. The expiry runs on the (movable) clock.
"""

import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args
from uuid import UUID

from common.encoding import from_text, to_text
from common.errors import Refused

Purpose = Literal["manage", "confirm", "calendar", "recall", "handle", "unsubscribe", "offer", "visit"]
"""A token holds the place of its purpose in this list: new ones are added at its end."""
_PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
_HEAD = struct.Struct(">BI16s")
_MAC_BYTES = 12


class LinkInvalid(Refused):
    """Not one of ours, or changed on the way."""

    code = "link-invalid"


class LinkExpired(Refused):
    """It was ours, and its time is over."""

    code = "link-expired"


@dataclass(frozen=True)
class Link:
    """What a token says: `thing_id` is the appointment (or the outreach, for `recall`)."""

    network_id: str
    purpose: Purpose
    thing_id: UUID
    expires_at: datetime


class Links:
    """Makes and reads tokens under one key (`GATEWAY_LINK_KEY` = `NOTIFICATIONS_LINK_KEY`)."""

    def __init__(self, key: str) -> None:
        self._key = from_text(key)

    def token(self, link: Link) -> str:
        """The token for a link."""
        network = link.network_id.encode("ascii")
        head = _head(link)
        return to_text(head + network + self._mac(head + network))

    def code(self, link: Link) -> str:
        """A shorter token, for where the network is known anyway: 44 characters, whatever the network is called."""
        head = _head(link)
        return to_text(head + self._mac(head + link.network_id.encode("ascii")))

    def read(self, token: str, *, now: datetime) -> Link:
        """The link a token stands for. Raises `LinkInvalid` or `LinkExpired`."""
        try:
            raw = from_text(token)
            body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
            return self._checked(body[: _HEAD.size], body[_HEAD.size :], mac, now)
        except (ValueError, struct.error, IndexError) as error:
            raise LinkInvalid("This link is not valid") from error

    def read_code(self, code: str, network_id: str, *, now: datetime) -> Link:
        """The link a code stands for within this network. Raises `LinkInvalid` or `LinkExpired`."""
        try:
            raw = from_text(code)
            return self._checked(raw[:-_MAC_BYTES], network_id.encode("ascii"), raw[-_MAC_BYTES:], now)
        except (ValueError, struct.error, IndexError) as error:
            raise LinkInvalid("This link is not valid") from error

    def _checked(self, head: bytes, network: bytes, mac: bytes, now: datetime) -> Link:
        if not hmac.compare_digest(mac, self._mac(head + network)):
            raise LinkInvalid("This link is not valid")
        purpose, expires, thing = _HEAD.unpack(head)
        link = Link(
            network_id=network.decode("ascii"),
            purpose=_PURPOSES[purpose],
            thing_id=UUID(bytes=thing),
            expires_at=datetime.fromtimestamp(expires, UTC),
        )
        if link.expires_at <= now:
            raise LinkExpired("This link has expired")
        return link

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_MAC_BYTES]


def _head(link: Link) -> bytes:
    return _HEAD.pack(_PURPOSES.index(link.purpose), int(link.expires_at.timestamp()), link.thing_id.bytes)
