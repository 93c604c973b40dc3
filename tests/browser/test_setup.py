"""The region of a branch: which holidays bind it is chosen by name, and what is not chosen stays as it was."""

from collections.abc import AsyncIterator
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest
from playwright.async_api import Page, expect

pytestmark = pytest.mark.browser

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
REVOLUTION_DAY = (7, 9)
"""9 July is a holiday in the state of São Paulo alone."""


@pytest.fixture
async def brazil(system: Any, clinic: Any) -> AsyncIterator[Any]:
    """The network in Brazil, whose branches are in no region before and after."""
    opened = type(clinic)(system, "demo-br")
    yield opened
    for branch in await branches(opened):
        if branch["subdivision"]:
            await put(opened, {**branch, "subdivision": ""})
    await opened.close()


async def branches(clinic: Any) -> list[dict[str, Any]]:
    found = await clinic.http.get("/api/v1/directory/branches", headers=await clinic.login("manager"))
    return list(found.raise_for_status().json()["branches"])


async def put(clinic: Any, branch: dict[str, Any]) -> None:
    answer = await clinic.http.put(
        f"/api/v1/directory/branches/{branch['branch_id']}",
        json=branch,
        headers=await clinic.login("manager"),
    )
    assert answer.status_code == 200, answer.text


async def saved(page: Page) -> None:
    await expect(page.locator("#announcement")).to_have_text("Сохранено.")


async def reasons_on_revolution_day(clinic: Any, branch_id: str) -> str:
    """Why a message two days before a visit would go when it does, where nothing may go on holidays."""
    now = await clinic.now()
    year = next(one for one in (now.year, now.year + 1) if date(one, *REVOLUTION_DAY) > now.date())
    visit = datetime.combine(date(year, 7, 11), time(10), SAO_PAULO)
    window = {
        "id": "no-holidays", "classes": ["service"], "source": "nobody is at work", "holidays": False,
        "open": [{"days": [1, 2, 3, 4, 5, 6, 7], "hours": [["08:00", "20:00"]]}],
    }  # fmt: skip
    told = await clinic.http.post(
        "/api/v1/policies/rehearsal",
        json={"branch_id": branch_id, "starts_at": visit.isoformat(), "policy": {"windows": [window]}},
        headers=await clinic.login("manager"),
    )
    return str(told.raise_for_status().json()["steps"])


async def test_the_holidays_of_the_chosen_region_bind_the_branch(
    at_the_desk: Any, brazil: Any, eventually: Any
) -> None:
    before = (await branches(brazil))[0]
    assert before["subdivision"] == ""
    assert "Revolução" not in await reasons_on_revolution_day(brazil, before["branch_id"])
    visitor = await at_the_desk(role="manager", network="demo-br", path="/setup", width=360)
    page = visitor.page
    await visitor.press(page.locator(".setup .choice").first)
    region = page.get_by_label("Регион")
    await expect(region).to_have_value("")
    await visitor.tab_to(region)
    await page.keyboard.type("S")  # Santa Catarina; no keyboard of the test types the ã: it is the next one
    await page.keyboard.press("ArrowDown")
    await expect(region).to_have_value("BR-SP")
    await visitor.check()
    await page.evaluate("document.documentElement.dir = 'rtl'")
    await visitor.check()
    await visitor.press(page.get_by_role("button", name="Сохранить"))
    await saved(page)
    assert (await branches(brazil))[0] == {**before, "subdivision": "BR-SP"}

    async def bound() -> bool:
        return "Revolução" in await reasons_on_revolution_day(brazil, before["branch_id"])

    await eventually(bound)


@pytest.mark.parametrize("held", ["SP", "BR-RJ", "Litoral"])
async def test_a_region_that_was_written_otherwise_stays_as_it_was_until_another_is_chosen(
    at_the_desk: Any, brazil: Any, held: str
) -> None:
    before = {**(await branches(brazil))[0], "subdivision": held}
    await put(brazil, before)
    visitor = await at_the_desk(role="manager", network="demo-br", path="/setup")
    page = visitor.page
    await page.locator(".setup .choice").first.click()
    await expect(page.get_by_label("Регион")).to_have_value(held)
    await page.get_by_role("button", name="Сохранить").click()
    await saved(page)
    assert (await branches(brazil))[0] == before


async def test_what_the_api_refuses_is_said_at_its_field(at_the_desk: Any) -> None:
    visitor = await at_the_desk(role="manager", path="/setup", width=360)
    page = visitor.page
    await visitor.press(page.get_by_role("button", name="Новый филиал"))
    name, zone = page.get_by_label("Название"), page.get_by_label("Часовой пояс")
    await visitor.press(page.get_by_role("button", name="Сохранить"))
    await expect(name).to_be_focused()
    await expect(page.get_by_text("Заполните это поле.")).to_have_count(3)
    await page.keyboard.type("Филиал, которого не будет")
    await page.get_by_label("Город").fill("Алматы")
    await page.get_by_label("Улица и дом").fill("Абая, 1")
    await zone.fill("Нигде")
    await visitor.press(page.get_by_role("button", name="Сохранить"))
    await expect(zone).to_be_focused()
    await expect(zone).to_have_attribute("aria-invalid", "true")
    await expect(page.locator(f"#{await zone.get_attribute('id')}-error")).to_contain_text("Не принято")
    await expect(page.get_by_role("alert").last).to_have_text("Проверьте отмеченные поля.")
    await expect(name).not_to_have_attribute("aria-invalid", "true")
    await visitor.check()
    await page.evaluate("document.documentElement.dir = 'rtl'")
    await visitor.check()


async def test_where_holidays_are_the_same_everywhere_no_region_is_asked_for(at_the_desk: Any) -> None:
    visitor = await at_the_desk(role="manager", path="/setup")
    await visitor.page.locator(".setup .choice").first.click()
    await expect(visitor.page.get_by_label("Часовой пояс")).to_be_visible()
    await expect(visitor.page.get_by_label("Регион")).to_have_count(0)


async def test_every_region_and_lunar_day_that_pages_offer_is_known_to_the_calendars(visiting: Any) -> None:
    visitor = await visiting()
    await visitor.go("/login")
    regions, days = await visitor.page.evaluate(
        """async () => {
          const script = document.querySelector('script[type="module"]').src;
          const module = (name) => import(script.replace(/[^/]+$/, name));
          return [(await module("setup_regions.js")).REGIONS, (await module("policy_network.js")).LUNAR_DAYS];
        }"""
    )
    for country, offered in regions.items():
        assert set(offered) <= set(holidays.country_holidays(country).subdivisions)
    for country, names in days.items():
        known = set(holidays.country_holidays(country, years=range(2026, 2031), language="en_US").values())
        listed = {one for together in known for one in together.split("; ")}
        assert {f"{name} (estimated)" for name in names} <= listed
