"""Links into a network's chats: opened on a patient's phone, they tell the channel who writes there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from common.accounts import account_of
from common.contracts.patient_profile import Channel

ChatLinks = Mapping[Channel, Mapping[str, str]]
"""By channel: the networks' addresses, with `{code}` where the code goes (see `common.accounts`)."""

CODE_LASTS = timedelta(days=1)
"""Whoever holds the link to an appointment can make another at any time."""


@dataclass(frozen=True)
class Chat:
    """An app in which a patient can be reminded: the link into it, and the code to send where the link brings none."""

    channel: Channel
    url: str
    code: str


def chats(links: ChatLinks, network_id: str, code: str) -> Iterator[Chat]:
    """Those that the network has."""
    for channel, accounts in links.items():
        address = account_of(accounts, network_id)
        if address is not None:
            yield Chat(channel, address.replace("{code}", quote(code)), code)
