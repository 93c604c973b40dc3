"""What a call is told to do: the part of TwiML that the product uses."""

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from devkit.sandbox.problems import Problem


@dataclass(frozen=True, slots=True)
class Said:
    """Sentences, then one of: a key is awaited (`action` is asked with it), a number is connected, the call ends."""

    lines: tuple[str, ...]
    action: str | None = None
    seconds: int = 5
    connected: str | None = None


def read(document: bytes) -> Said:
    """Refuses what is no TwiML, as the telephony would (12100)."""
    try:
        root = ET.fromstring(document)  # noqa: S314 - the product's own answer, on a developer's machine
    except ET.ParseError as error:
        raise Problem(502, "document-parse-failure", "the answer is no XML") from error
    gather, dial = root.find("Gather"), root.find("Dial")
    lines = tuple("".join(each.itertext()).strip() for each in root.iter("Say"))
    if gather is not None:
        return Said(lines, gather.get("action"), int(gather.get("timeout", "5")))
    return Said(lines, connected="".join(dial.itertext()).strip() if dial is not None else None)
