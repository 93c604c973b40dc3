"""The page of a branch's queue: on a phone, right to left, with a keyboard."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("network", "locale"), [("demo-kz", "ru"), ("demo-ir", "fa")])
async def test_somebody_draws_a_number_by_keyboard_and_gives_it_back(
    visiting: Any, clinic: Any, people: Any, network: str, locale: str
) -> None:
    clinic.network = network
    branch = next(iter(await clinic.directory("branches")))
    zone = ZoneInfo(branch["zone"])
    weekdays = {hours["weekday"] for hours in branch["hours"]}
    day = (await clinic.now()).astimezone(zone).date() + timedelta(days=1)
    while day.isoweekday() not in weekdays:
        day += timedelta(days=1)
    await clinic.move_clock(datetime.combine(day, time(10), zone))
    visitor = await visiting(locale=locale, width=360)
    page = visitor.page
    await visitor.go(f"/queue/{network}?branch={branch['branch_id']}")
    await visitor.tab_to(page.locator("[name=name]"))
    await page.keyboard.type("Ерлан Сапаров" if locale == "ru" else "ارسلان")
    await visitor.tab_to(page.locator("[name=phone]"))
    await page.keyboard.type(people("x").phone)
    await page.keyboard.press("Enter")
    mine = page.locator("#my-number")
    await expect(mine).to_contain_text("1" if locale == "ru" else "۱")
    await expect(mine).to_be_focused()
    await visitor.check()
    await visitor.press(page.locator("#mine button"))
    await expect(page.locator("[name=name]")).to_be_visible()
    await visitor.check()
