"""Browser journeys: a real Chromium against the running system, which looks at pages as people do."""

import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    Route,
    async_playwright,
    expect,
)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 30_000
"""Milliseconds: longer than a page goes on asking by itself."""
AWAY = {"type": "/problems/unavailable", "title": "Unavailable", "status": 503, "who": "booking"}

UNNAMED = re.compile(
    r"^\s*- (?:'?)(button|link|textbox|searchbox|combobox|checkbox|radio|spinbutton|slider|menuitem|tab)(?! \")\b",
    re.MULTILINE,
)
"""In an accessibility snapshot, a control whose name is missing."""


def found_chromium() -> str | None:
    """The browser of this machine."""
    return os.environ.get("VINCULO_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is; without one these tests say so in the summary, and nothing else fails."""
    found = found_chromium()
    if found is None:
        pytest.skip("no Chromium on this machine: install one, or name it with VINCULO_CHROMIUM")
    return found


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        await started.close()


class Visitor:
    """Somebody with a browser: a page of their own, and what it complained of."""

    def __init__(self, context: BrowserContext, page: Page, address: str) -> None:
        self.context = context
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium reports every answer of 400 and more; what pages do with one is what the tests look at.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _answered(self, response: Response) -> None:
        # Printed, and so shown with a test that fails: what the page was refused.
        if response.status >= 400:
            print(response.status, response.request.method, response.url)

    async def without(self, address: str, *, times: float) -> list[Request]:
        """The first requests to an address find its owner away; what was asked there is kept."""
        asked: list[Request] = []

        async def answer(route: Route) -> None:
            asked.append(route.request)
            if len(asked) > times:
                await route.continue_()
            else:
                await route.fulfill(
                    status=503,
                    headers={"Retry-After": "1", "Content-Type": "application/problem+json"},
                    body=json.dumps(AWAY),
                )

        await self.context.route(address, answer)
        return asked

    async def answered_otherwise(self, address: str, change: Callable[[Any], object]) -> None:
        """The API's answers at an address, changed as if an owner did not answer."""

        async def answer(route: Route) -> None:
            response = await route.fetch()
            body = await response.json()
            change(body)
            await route.fulfill(response=response, json=body)

        await self.context.route(address, answer)

    async def go(self, path: str) -> None:
        await self.page.goto(path if path.startswith("http") else self.address + path)

    async def leave(self) -> None:
        """Close the browser. What a page asks for at this moment nobody waits for: its route may fail."""
        with suppress(Exception):
            for page in self.context.pages:
                await page.unroute_all(behavior="ignoreErrors")
            await self.context.unroute_all(behavior="ignoreErrors")
            await self.context.close()

    async def check(self) -> None:
        """What holds on every page at every moment: it fits its width, and every control has a name."""
        wider = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wider <= 0, f"{self.page.url} scrolls sideways by {wider} pixels"
        tree = await self.page.locator("body").aria_snapshot()
        assert UNNAMED.findall(tree) == [], tree

    async def tab_to(self, target: Locator) -> None:
        """Reach a control by the Tab key alone."""
        await target.first.wait_for()
        for _ in range(120):
            if await target.first.evaluate("element => element === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError("the Tab key never got there")

    async def press(self, target: Locator, key: str = "Enter") -> None:
        await self.tab_to(target)
        await self.page.keyboard.press(key)


Visiting = Callable[..., Awaitable[Visitor]]


@pytest.fixture
async def visiting(browser: Browser, system: Any) -> AsyncIterator[Visiting]:
    """`await visiting(locale="ru", width=360)` is a new visitor; in the end nobody's page has complained."""
    visitors: list[Visitor] = []

    async def visiting(locale: str = "ru", width: int = 1280, **options: Any) -> Visitor:
        context = await browser.new_context(
            locale=locale, viewport={"width": width, "height": 800}, **options
        )
        context.set_default_timeout(PATIENCE)
        visitor = Visitor(context, await context.new_page(), system.gateway)
        visitors.append(visitor)
        return visitor

    yield visiting
    for visitor in visitors:
        await visitor.leave()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


@pytest.fixture
async def at_the_desk(visiting: Visiting) -> Callable[..., Awaitable[Visitor]]:
    """Somebody of the staff who has logged in."""

    async def enter(
        role: str = "reception", path: str = "/desk", network: str = "demo-kz", **options: Any
    ) -> Visitor:
        visitor = await visiting(**options)
        await visitor.go(f"/login?next={quote(path, safe='')}")
        await visitor.page.get_by_label("E-mail").fill(f"{role}@{network}.example")
        await visitor.page.locator("#password").fill("vinculo-demo")
        await visitor.page.keyboard.press("Enter")
        await visitor.page.locator("#who button").wait_for()
        return visitor

    return enter


@pytest.fixture
def known_patient(eventually: Any) -> Callable[..., Awaitable[str]]:
    """The id of whoever has this phone, once the booking has made them known to staff."""

    async def find(clinic: Any, headers: dict[str, str], phone: str) -> str:
        async def candidates() -> list[dict[str, Any]]:
            found = await clinic.http.post("/api/v1/patients/search", json={"phone": phone}, headers=headers)
            return list(found.raise_for_status().json()["candidates"])

        return str((await eventually(candidates))[0]["card"]["patient_id"])

    return find
