"""The message templates that WhatsApp has to know before they are used: those that ask, with their buttons' titles.

In development they are registered by the service itself, so that phones show the titles. With Meta, registering is
part of setting a network up: every template there is approved by people.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from common import telemetry
from notifications.channels.whatsapp import LANGUAGES, named
from notifications.rules.texts import Texts
from notifications.rules.texts.compose import OFFERS

BUSINESS = "vinculo"
ASKING = ("confirmation", "welcome", "confirm-request", "details", "moved")
MOST_LINES = 10
TRIES = 20


def asking_templates(languages: Sequence[Texts]) -> Iterator[dict[str, Any]]:
    """Bodies of the registrations: one placeholder per line, and their quick replies."""
    for texts in languages:
        asking = [texts.buttons[word] for word in ("confirm", "move", "cancel")]
        titles = dict.fromkeys(ASKING, asking) | {
            template: [texts.choices[word] for word, _ in answers] for template, answers in OFFERS.items()
        }
        for template, wording in titles.items():
            buttons = [{"type": "QUICK_REPLY", "text": title} for title in wording]
            for lines in range(2, MOST_LINES + 1):
                body = "\n".join(f"{{{{{place}}}}}" for place in range(1, lines + 1))
                yield {
                    "name": named(template, lines, asks=True),
                    "language": LANGUAGES.get(texts.locale, texts.locale),
                    "category": "UTILITY",
                    "components": [
                        {"type": "BODY", "text": body},
                        {"type": "BUTTONS", "buttons": buttons},
                    ],
                }


async def register(client: httpx.AsyncClient, base_url: str, token: str, languages: Sequence[Texts]) -> int:
    """Register what is missing; returns how many were. A provider that is not there yet is waited for a while."""
    url = f"{base_url.rstrip('/')}/v23.0/{BUSINESS}/message_templates"
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(TRIES):
        try:
            known = (await client.get(url, headers=headers)).raise_for_status().json()["data"]
            held = {(one["name"], one["language"]) for one in known}
            missing = [
                one for one in asking_templates(languages) if (one["name"], one["language"]) not in held
            ]
            for one in missing:
                (await client.post(url, json=one, headers=headers)).raise_for_status()
        except httpx.HTTPError as error:
            telemetry.log().info("templates are not registered yet", error=telemetry.where(error))
            await asyncio.sleep(1)
        else:
            return len(missing)
    return 0
