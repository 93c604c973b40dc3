"""The call list: who could not be reached, by name and phone, and what staff record of the call."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, Page, Route, expect

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Unreached:
    """A visit whose patient no message reached, so that somebody has to call."""

    who: Any
    appointment: dict[str, Any]
    branch_id: str
    day: str

    @property
    def path(self) -> str:
        return f"/calls?branch={self.branch_id}&date={self.day}"


Unreachable = Callable[..., Awaitable[Unreached]]


@pytest.fixture
async def unreachable(clinic: Any, people: Any, eventually: Any) -> AsyncIterator[Unreachable]:
    """Books a visit some days ahead, whatever the hour is now, for a phone that nothing is delivered to."""
    faults: list[str] = []

    async def book(full_name: str, locale: str = "ru") -> Unreached:
        who = people(full_name)
        who.locale = locale
        fault = await clinic.phones.post("/faults", json={"kind": "undelivered", "phone": who.phone})
        faults.append(fault.raise_for_status().json()["id"])
        service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
        ahead = (await clinic.now()).date() + timedelta(days=5)
        slot = (await clinic.slots(service_id=service["service_id"], days=14, **{"from": ahead.isoformat()}))[
            0
        ]
        booked = await clinic.book(service["service_id"], slot, who)
        assert booked.status_code == 201, booked.text
        await clinic.settle()
        branch = next(
            one for one in await clinic.directory("branches") if one["branch_id"] == slot["branch_id"]
        )
        day = datetime.fromisoformat(slot["starts_at"]).astimezone(ZoneInfo(branch["zone"])).date()
        made = Unreached(who, booked.json()["appointment"], slot["branch_id"], day.isoformat())
        await eventually(lambda: task_of(clinic, made))
        return made

    yield book
    for fault in faults:
        (await clinic.phones.delete(f"/faults/{fault}")).raise_for_status()


async def row_of(clinic: Any, unreached: Unreached) -> dict[str, Any]:
    """The visit as the call list has it; nothing where it is on the list no more."""
    query = {"branch_id": unreached.branch_id, "date": unreached.day}
    listed = await clinic.http.get("/api/v1/call-list", params=query, headers=await clinic.login("reception"))
    rows = listed.raise_for_status().json()["rows"]
    return dict(next((one for one in rows if one["appointment"]["id"] == unreached.appointment["id"]), {}))


async def task_of(clinic: Any, unreached: Unreached) -> Any:
    return (await row_of(clinic, unreached)).get("task")


def row(page: Page, unreached: Unreached) -> Locator:
    return page.locator(f'[data-appointment="{unreached.appointment["id"]}"]')


async def opened(visitor: Any, unreached: Unreached) -> Locator:
    """The dialogue about the call, by keyboard."""
    name = f"Итог звонка: {unreached.who.full_name}"
    await visitor.press(row(visitor.page, unreached).get_by_role("button", name=name))
    page: Page = visitor.page
    return page.get_by_role("dialog", name=name)


async def test_whoever_could_not_be_reached_is_called_and_what_came_of_it_is_recorded_by_keyboard(
    at_the_desk: Any, clinic: Any, unreachable: Unreachable
) -> None:
    unreached = await unreachable("Айгуль Недозвонова")
    task = await task_of(clinic, unreached)
    visitor = await at_the_desk(path=unreached.path, width=360)
    page, own = visitor.page, row(visitor.page, unreached)
    await expect(own).to_contain_text("Айгуль Недозвонова")
    await expect(own).to_contain_text("ни один канал не удался")
    await expect(own.locator(".chip.is-failed")).to_have_text("не доставлено")
    await expect(own.get_by_role("link", name=unreached.who.phone)).to_have_attribute(
        "href", f"tel:{unreached.who.phone}"
    )
    await visitor.check()

    await visitor.press(own.get_by_role("button", name="Взять: Айгуль Недозвонова"))
    await expect(page.locator("#announcement")).to_have_text("Задача за вами.")
    await expect(own).to_contain_text("В работе")
    await expect(own.get_by_role("button", name="Взять")).to_have_count(0)
    await expect(own.locator("button").first).to_be_focused()

    asked = await opened(visitor, unreached)
    await asked.get_by_label("Что сказал пациент").select_option(label="Другое, или не дозвонились")
    await visitor.check()
    await visitor.press(asked.get_by_role("button", name="Сохранить"))
    await expect(asked.get_by_text("Заполните это поле.")).to_be_visible()
    await expect(asked.get_by_label("Итог", exact=True)).to_be_focused()
    await page.keyboard.type("Просит перезвонить вечером")
    await visitor.press(asked.get_by_role("button", name="Сохранить"))
    await expect(page.locator("#announcement")).to_have_text("Итог записан.")
    await expect(own).not_to_contain_text("В работе")
    await expect(own).to_contain_text("Итог звонка: Просит перезвонить вечером")
    await visitor.check()
    query = {"status": "done", "patient_id": task["patient_id"]}
    done = await clinic.http.get("/api/v1/tasks", params=query, headers=await clinic.login("reception"))
    kept = [one for one in done.raise_for_status().json()["tasks"] if one["task_id"] == task["task_id"]]
    assert [one["outcome"] for one in kept] == ["Просит перезвонить вечером"]


async def test_who_says_yes_is_confirmed_and_leaves_the_list(
    at_the_desk: Any, clinic: Any, unreachable: Unreachable, eventually: Any
) -> None:
    unreached = await unreachable("Серик Согласный")
    task = await task_of(clinic, unreached)
    visitor = await at_the_desk(path=unreached.path, width=360)
    own = row(visitor.page, unreached)
    await visitor.press(own.get_by_role("button", name="Подтвердил: Серик Согласный"))
    await expect(visitor.page.locator("#announcement")).to_have_text("Визит подтверждён.")
    await expect(own).to_have_count(0)
    await expect(visitor.page.locator("#calls-title")).to_be_focused()
    await visitor.check()
    query = {"status": "done", "patient_id": task["patient_id"]}

    async def outcome() -> list[str]:
        done = await clinic.http.get("/api/v1/tasks", params=query, headers=await clinic.login("reception"))
        return [one["outcome"] for one in done.raise_for_status().json()["tasks"]]

    assert await eventually(outcome) == ["Придёт"]


async def test_live_news_of_an_act_does_not_take_the_keyboard_from_whoever_did_it(
    at_the_desk: Any, unreachable: Unreachable, eventually: Any
) -> None:
    unreached = await unreachable("Ерлан Встречный")
    visitor = await at_the_desk(path=unreached.path)
    page, own = visitor.page, row(visitor.page, unreached)
    await own.wait_for()
    looks: list[Route] = []
    released = False

    async def hold(look: Route) -> None:
        looks.append(look)
        if released:
            await look.continue_()

    async def the_page_and_the_news_look() -> bool:
        return len(looks) > 1

    await page.route("**/api/v1/call-list?*", hold)
    await visitor.press(own.get_by_role("button", name="Подтвердил"))
    await expect(page.locator("#announcement")).to_have_text("Визит подтверждён.")
    await eventually(the_page_and_the_news_look)
    async with page.expect_response("**/api/v1/call-list?*"):
        await looks[0].continue_()
    await expect(own).to_have_count(1)
    released = True
    for later in looks[1:]:
        await later.continue_()
    await expect(own).to_have_count(0)
    await expect(page.locator("#calls-title")).to_be_focused()


async def test_who_will_not_come_is_cancelled_from_the_list(
    at_the_desk: Any, clinic: Any, unreachable: Unreachable
) -> None:
    unreached = await unreachable("Марал Передумала")
    visitor = await at_the_desk(path=unreached.path, width=360)
    page = visitor.page
    asked = await opened(visitor, unreached)
    await page.keyboard.press("Escape")
    await expect(asked).to_have_count(0)
    await expect(row(page, unreached)).to_be_visible()
    asked = await opened(visitor, unreached)
    await asked.get_by_label("Что сказал пациент").select_option(label="Не придёт: отменить визит")
    await visitor.press(asked.get_by_role("button", name="Сохранить"))
    await expect(page.locator("#announcement")).to_have_text("Итог записан.")
    await expect(row(page, unreached)).to_have_count(0)
    assert await row_of(clinic, unreached) == {}


async def test_the_list_follows_what_others_do_and_shows_another_day_when_asked(
    at_the_desk: Any, clinic: Any, unreachable: Unreachable
) -> None:
    unreached = await unreachable("Ботагоз Другая")
    visitor = await at_the_desk(path=unreached.path)
    page, own = visitor.page, row(visitor.page, unreached)
    await expect(own).to_contain_text("Свободна")
    confirmed = await clinic.http.post(
        f"/api/v1/appointments/{unreached.appointment['id']}/confirm",
        json={},
        headers=await clinic.login("manager"),
    )
    assert confirmed.status_code == 200, confirmed.text
    await expect(own).to_have_count(0)

    later = datetime.fromisoformat(unreached.day).date() + timedelta(days=400)
    await page.get_by_label("Дата").fill(later.isoformat())
    await expect(page.locator("#list")).to_have_text("Все подтвердили: звонить некому.")
    await expect(page).to_have_url(f"{visitor.address}/calls?branch={unreached.branch_id}&date={later}")
    await visitor.check()


async def test_a_persian_name_and_a_phone_stand_right_on_a_page_from_right_to_left(
    at_the_desk: Any, system: Any, clinic: Any, people: Any, unreachable: Unreachable
) -> None:
    unreached = await unreachable("زهرا کریمی")
    visitor = await at_the_desk(path=unreached.path, width=360)
    page, own = visitor.page, row(visitor.page, unreached)
    await expect(own).to_contain_text("زهرا کریمی")
    await page.evaluate("document.documentElement.dir = 'rtl'")
    await visitor.check()
    await expect(own.get_by_role("link", name=unreached.who.phone)).to_have_css("direction", "ltr")
    await opened(visitor, unreached)
    await visitor.check()


async def test_whoever_may_not_call_is_told_so(at_the_desk: Any) -> None:
    visitor = await at_the_desk(role="accounting", path="/calls")
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Нет доступа")
