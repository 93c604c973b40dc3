"""What mails say beside their text: subjects without a word about health, and the title of the link that ends them."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from common.contracts.directory import Locale


@dataclass(frozen=True)
class MailTexts:
    """One locale's. A subject of a template that has none of its own is `visit`'s, or `news` without a visit."""

    subjects: dict[str, str]
    unsubscribe: str


@cache
def mail_texts(locale: Locale) -> MailTexts:
    """The texts of one locale."""
    raw: dict[str, Any] = json.loads(
        files(__package__).joinpath(f"{locale}.json").read_text(encoding="utf-8")
    )
    return MailTexts(raw["subjects"], raw["unsubscribe"])
