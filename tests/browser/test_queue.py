"""The page of a branch's queue: on a phone, right to left, with a keyboard."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Route, expect

pytestmark = pytest.mark.browser


async def queue_of(clinic: Any, network: str) -> str:
    """Where the queue of the network's first branch is, at ten in the morning of its next working day."""
    clinic.network = network
    branch = next(iter(await clinic.directory("branches")))
    zone = ZoneInfo(branch["zone"])
    weekdays = {hours["weekday"] for hours in branch["hours"]}
    day = (await clinic.now()).astimezone(zone).date() + timedelta(days=1)
    while day.isoweekday() not in weekdays:
        day += timedelta(days=1)
    await clinic.move_clock(datetime.combine(day, time(10), zone))
    return f"/queue/{network}?branch={branch['branch_id']}"


async def draw_a_number(visitor: Any, name: str, phone: str) -> None:
    await visitor.tab_to(visitor.page.locator("[name=name]"))
    await visitor.page.keyboard.type(name)
    await visitor.tab_to(visitor.page.locator("[name=phone]"))
    await visitor.page.keyboard.type(phone)
    await visitor.page.keyboard.press("Enter")


@pytest.mark.parametrize(("network", "locale"), [("demo-kz", "ru"), ("demo-ir", "fa")])
async def test_somebody_draws_a_number_by_keyboard_and_gives_it_back(
    visiting: Any, clinic: Any, people: Any, network: str, locale: str
) -> None:
    queue = await queue_of(clinic, network)
    visitor = await visiting(locale=locale, width=360)
    page = visitor.page
    await visitor.go(queue)
    await draw_a_number(visitor, "Ерлан Сапаров" if locale == "ru" else "ارسلان", people("x").phone)
    mine = page.locator("#my-number")
    await expect(mine).to_contain_text("1" if locale == "ru" else "۱")
    await expect(mine).to_be_focused()
    await visitor.check()
    await visitor.press(page.locator("#mine button"))
    await expect(page.locator("[name=name]")).to_be_visible()
    await visitor.check()


async def test_nobody_loses_their_number_while_it_cannot_be_asked_about(
    visiting: Any, clinic: Any, people: Any
) -> None:
    queue = await queue_of(clinic, "demo-kz")
    visitor = await visiting(width=360)
    page = visitor.page
    await page.clock.install()
    await visitor.go(queue)
    await draw_a_number(visitor, "Дамир Терпеливый", people("x").phone)
    mine, give_back = page.locator("#my-number"), page.locator("#mine button")
    await expect(mine).to_be_focused()
    number = await mine.inner_text()

    async def fail(route: Route) -> None:
        await route.fulfill(status=500, json={"type": "/problems/unexpected", "status": 500})

    await page.route("**/queue/tickets/*", fail)
    await page.reload()
    await expect(page.locator("#announcement")).to_have_class("announcement is-error")
    await page.unroute("**/queue/tickets/*")
    await page.clock.fast_forward(10_000)
    await expect(mine).to_have_text(number)

    await visitor.tab_to(give_back)
    async with page.expect_response("**/queue/tickets/*"):
        await page.clock.fast_forward(10_000)
    await expect(give_back).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("[name=name]")).to_be_visible()
