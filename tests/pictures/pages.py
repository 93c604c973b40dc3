"""The widget as a patient sees it, and the desk, an explanation and a wording as staff do."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.async_api import Browser, Page

from tests.conftest import Clinic, Person, System

PEOPLE = (
    "Айгерим Сапарова", "Марат Ким", "Дана Омарова", "Олжас Беков", "Елена Литвинова", "Тимур Ахметов",
)  # fmt: skip


async def widget(browser: Browser, gateway: str, folder: Path) -> None:
    """`widget-fa.png`: choosing a time on a narrow phone that reads from right to left."""
    page = await browser.new_page(locale="fa-IR", viewport={"width": 360, "height": 740})
    await page.goto(f"{gateway}/book/demo-ir")
    for _ in ("the service", "the practitioner"):
        await page.locator(".choice").first.click()
    await page.locator(".slot").first.wait_for()
    await page.screenshot(path=folder / "widget-fa.png")
    await page.close()


async def staff_pages(browser: Browser, system: System, folder: Path) -> None:
    """`desk.png`, `explanation.png`, `wording.png` and `hours.png`."""
    clinic = Clinic(system)
    slots = await booked_day(clinic)
    await clinic.settle()
    page = await at_the_desk(browser, system.gateway)
    await page.goto(f"{system.gateway}/desk?branch={slots[0]['branch_id']}&date={slots[0]['starts_at'][:10]}")
    await page.locator(".row").last.wait_for()
    await page.screenshot(path=folder / "desk.png")
    await page.locator(".cell-patient a").first.click()
    message = page.locator(".part-communications li.visit").filter(has_text="Short reminder").first
    await message.locator("summary").first.click()
    await message.locator(".reasons li").last.wait_for()
    await message.screenshot(path=folder / "explanation.png")
    await page.goto(f"{system.gateway}/templates?name=confirm-request")
    await page.locator(".bubble").wait_for()
    await page.screenshot(path=folder / "wording.png")
    await page.goto(f"{system.gateway}/policies")
    await page.locator("[data-step]").last.wait_for()
    await page.screenshot(path=folder / "hours.png")
    await page.close()
    await clinic.close()


async def booked_day(clinic: Clinic) -> list[dict[str, Any]]:
    """Patients on one day of one branch, a week ahead."""
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    found = await clinic.slots(service_id=service["service_id"], days=10)
    day = (found[-1]["branch_id"], found[-1]["starts_at"][:10])
    of_day = [one for one in found if (one["branch_id"], one["starts_at"][:10]) == day]
    apart = of_day[:: max(1, len(of_day) // len(PEOPLE))]
    taken = []
    for place, (name, slot) in enumerate(zip(PEOPLE, apart, strict=False)):
        who = Person(name, f"+7701100000{place}")
        if (await clinic.book(service["service_id"], slot, who)).status_code == 201:
            taken.append(slot)
    return taken


async def at_the_desk(browser: Browser, gateway: str) -> Page:
    """A manager who has logged in."""
    page = await browser.new_page(locale="en", viewport={"width": 1280, "height": 860})
    await page.goto(f"{gateway}/login?next={quote('/desk', safe='')}&lang=en")
    await page.get_by_label("E-mail").fill("manager@demo-kz.example")
    await page.locator("#password").fill("vinculo-demo")
    await page.keyboard.press("Enter")
    await page.locator("#who button").wait_for()
    return page
