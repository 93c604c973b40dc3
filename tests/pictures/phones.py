"""Seven phones with the whole chain, one for each language: real wordings by sample facts, on the sandbox's own page."""

from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser

from devkit.sandbox.testing import Sandbox, sandbox, settings_for

NETWORKS = {
    "ru": "demo-kz", "kk": "demo-kz", "en": "demo-kz", "pt-BR": "demo-br", "fa": "demo-ir", "fr": "demo-fr",
    "zh-TW": "demo-tw",
}  # fmt: skip
NUMBERS = {
    "ru": "+77010000001", "kk": "+77010000002", "en": "+77010000003", "pt-BR": "+5511900000001",
    "fa": "+989120000001", "fr": "+33600000001", "zh-TW": "+886900000001",
}  # fmt: skip
CHAIN = ("confirmation", "confirm-request", "details", "short", "moved", "displaced")
WHOLE = ".bar, .tabs { display: none !important } .phone { height: auto; align-self: start } .thread { overflow: visible }"


async def phones(browser: Browser, gateway: str, home: Path, folder: Path) -> None:
    """`phone-<language>.png`, as tall as its messages."""
    async with (
        httpx.AsyncClient(base_url=gateway, timeout=60) as http,
        sandbox(settings_for(home)) as provider,
    ):
        for locale, network in NETWORKS.items():
            for message in await previews(http, network, locale):
                await deliver(provider, network, locale, message)
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        await page.goto(provider.url)
        await page.add_style_tag(content=WHOLE)
        for locale, number in NUMBERS.items():
            await page.locator(f'.phone[data-address="{number}"]').screenshot(
                path=folder / f"phone-{locale}.png"
            )
        await page.close()


async def previews(http: httpx.AsyncClient, network: str, locale: str) -> list[dict[str, Any]]:
    """The chain's messages as the network's templates make them."""
    login = {"email": f"manager@{network}.example", "password": "vinculo-demo"}
    session = (await http.post("/api/v1/sessions", json=login)).raise_for_status().json()
    headers = {"Authorization": f"Bearer {session['token']}"}
    made = []
    for template in CHAIN:
        asked = await http.post(
            f"/api/v1/templates/{template}/preview", json={"locale": locale}, headers=headers
        )
        made.append(dict(asked.raise_for_status().json()))
    return made


async def deliver(provider: Sandbox, network: str, locale: str, message: dict[str, Any]) -> None:
    """By WhatsApp's wire, as the product would."""
    sent = await provider.template(
        NUMBERS[locale], "\n".join(message["lines"]), payloads=tuple(message["buttons"]), sender=network,
        language=locale.replace("-", "_"),
    )  # fmt: skip
    sent.raise_for_status()
