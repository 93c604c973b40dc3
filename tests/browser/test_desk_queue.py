"""The desk beyond single bookings: numbers of the queue by keyboard, series, taken times on purpose, times on hold."""

import re
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, Route, expect

pytestmark = pytest.mark.browser

ALMATY = ZoneInfo("Asia/Almaty")


async def service_of(clinic: Any, kind: str) -> dict[str, Any]:
    return next(one for one in await clinic.directory("services") if one["kind"] == kind)


async def free(clinic: Any, service: dict[str, Any], after_days: int = 3) -> list[dict[str, Any]]:
    """Free slots of one practitioner, none of them soon."""
    first = (await clinic.now()).date() + timedelta(days=after_days)
    slots = await clinic.slots(service_id=service["service_id"], days=14, **{"from": first.isoformat()})
    whose = slots[0]["practitioner_id"], slots[0]["branch_id"]
    return [one for one in slots if (one["practitioner_id"], one["branch_id"]) == whose]


def local(slot: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(slot["starts_at"]).astimezone(ALMATY)


def day_of(slot: dict[str, Any]) -> str:
    return f"/desk?branch={slot['branch_id']}&date={local(slot).date()}"


async def begin_booking(page: Page, service: dict[str, Any], slot: dict[str, Any], who: Any) -> Any:
    """The booking dialogue, filled in up to the time."""
    await page.get_by_role("button", name="Записать", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Имя и фамилия").fill(who.full_name)
    await dialog.get_by_label("Телефон").fill(who.phone)
    await dialog.get_by_label("Услуга").select_option(service["service_id"])
    await dialog.get_by_label("Специалист").select_option(slot["practitioner_id"])
    return dialog


async def choose(dialog: Any, slot: dict[str, Any]) -> None:
    day = dialog.locator(".day", has_text=str(local(slot).day)).first
    await day.click()
    await dialog.locator(f'.slot[data-starts-at="{slot["starts_at"]}"]').click()


async def while_open(clinic: Any) -> dict[str, Any]:
    """A branch at ten in the morning of its next working day."""
    branch = next(iter(await clinic.directory("branches")))
    zone = ZoneInfo(branch["zone"])
    weekdays = {hours["weekday"] for hours in branch["hours"]}
    day = (await clinic.now()).astimezone(zone).date() + timedelta(days=1)
    while day.isoweekday() not in weekdays:
        day += timedelta(days=1)
    await clinic.move_clock(datetime.combine(day, time(10), zone))
    return dict(branch)


async def test_the_next_number_is_given_called_and_served_by_keyboard_alone(
    at_the_desk: Any, clinic: Any
) -> None:
    branch = await while_open(clinic)
    visitor = await at_the_desk(path=f"/desk?branch={branch['branch_id']}", width=360)
    page = visitor.page
    queue = page.locator(".queue")
    await visitor.press(queue.get_by_role("button", name="Выдать номер"))
    await visitor.press(page.get_by_role("dialog").get_by_role("button", name="Выдать", exact=True))
    await expect(page.locator("#announcement")).to_contain_text("Выдан номер")
    await expect(queue.locator(".ticket.is-waiting")).to_have_count(1)
    await visitor.check()
    await visitor.press(queue.get_by_role("button", name="Вызвать следующего"))
    called = queue.locator(".ticket.is-called")
    await expect(called).to_have_count(1)
    await visitor.press(called.get_by_role("button", name="Принят"))
    await expect(page.locator("#announcement")).to_contain_text("принят.")
    await expect(queue.locator(".ticket")).to_have_count(0)
    await expect(page.locator("body")).not_to_be_focused()


async def test_a_number_that_ends_elsewhere_leaves_the_keyboard_at_the_queue(
    at_the_desk: Any, clinic: Any
) -> None:
    branch = await while_open(clinic)
    headers = await clinic.login("reception")
    order = {"branch_id": branch["branch_id"]}
    given = await clinic.http.post("/api/v1/queue/tickets", json=order, headers=headers)
    ticket = given.raise_for_status().json()["ticket_id"]
    visitor = await at_the_desk(path=f"/desk?branch={branch['branch_id']}")
    shown = visitor.page.locator(f'.ticket[data-ticket="{ticket}"]')
    await visitor.tab_to(shown.locator("button").last)
    await clinic.http.post(f"/api/v1/queue/tickets/{ticket}/left", json={}, headers=headers)
    await expect(shown).to_have_count(0)
    await expect(visitor.page.locator("#queue-title")).to_be_focused()


async def test_a_number_drawn_at_home_appears_at_the_desk_by_itself(
    at_the_desk: Any, clinic: Any, people: Any
) -> None:
    branch = await while_open(clinic)
    visitor = await at_the_desk(path=f"/desk?branch={branch['branch_id']}")
    page = visitor.page
    await expect(page.locator("#live")).to_have_text("Обновляется")
    drawn = await clinic.http.post(
        f"/api/v1/networks/{clinic.network}/queue/tickets",
        json={"branch_id": branch["branch_id"], "patient": people("Ерлан Домашний").body},
    )
    assert drawn.status_code == 201, drawn.text
    ticket = page.locator(f'[data-ticket="{drawn.json()["ticket_id"]}"]')
    await expect(ticket).to_be_visible()
    await ticket.get_by_role("button", name="Не пришёл").click()
    await expect(ticket).to_have_count(0)


async def test_times_that_answer_another_question_cannot_be_pressed(
    at_the_desk: Any, clinic: Any, people: Any
) -> None:
    service = await service_of(clinic, "hygiene")
    slot = (await free(clinic, service))[0]
    visitor = await at_the_desk(path=day_of(slot))
    dialog = await begin_booking(visitor.page, service, slot, people("Передумал Сразу"))
    times = dialog.locator(".slot")
    await times.first.wait_for()

    async def unanswered(_: Route) -> None:
        """The network's answer is long in coming."""

    await visitor.page.route("**/slots?*", unanswered)
    await dialog.get_by_label("Специалист").select_option("")
    await expect(times).to_have_count(0)


async def test_a_series_is_booked_and_its_collision_gets_another_time(
    at_the_desk: Any, clinic: Any, people: Any
) -> None:
    service = await service_of(clinic, "hygiene")
    slot = (await free(clinic, service))[0]
    in_two_weeks = (local(slot) + timedelta(weeks=2)).astimezone(ZoneInfo("UTC")).isoformat()
    taken = await clinic.book(
        service["service_id"], {**slot, "starts_at": in_two_weeks}, people("Занял Заранее")
    )
    assert taken.status_code == 201, taken.text
    visitor = await at_the_desk(path=day_of(slot))
    page = visitor.page
    dialog = await begin_booking(page, service, slot, people("Серия Курсова"))
    await dialog.get_by_label("Повторять").select_option(label="Каждую неделю")
    await dialog.get_by_label("Сколько визитов").fill("4")
    await choose(dialog, slot)
    await expect(dialog.get_by_role("heading", name="Записано визитов: 3")).to_be_visible()
    collision = dialog.locator(".collision")
    await expect(collision).to_have_count(1)
    await expect(collision).to_contain_text("занято")
    await visitor.check()
    await collision.locator(".slot").first.click()
    await expect(collision).to_contain_text("Записано: ")
    await dialog.get_by_role("button", name="Готово").click()
    await expect(page.locator("#announcement")).to_have_text("Записано визитов: 4")


async def test_a_manager_shares_a_taken_time_on_purpose_and_the_board_says_so(
    at_the_desk: Any, clinic: Any, people: Any
) -> None:
    service = await service_of(clinic, "hygiene")
    slot = (await free(clinic, service))[0]
    assert (await clinic.book(service["service_id"], slot, people("Пришла Первой"))).status_code == 201
    visitor = await at_the_desk("manager", path=day_of(slot))
    page = visitor.page
    dialog = await begin_booking(page, service, slot, people("Острая Боль"))
    await dialog.get_by_text("Занятое время (сверх записи)").click()
    await dialog.get_by_label("Дата").fill(local(slot).date().isoformat())
    await dialog.get_by_label("Время", exact=True).fill(local(slot).strftime("%H:%M"))
    await dialog.get_by_role("button", name="Записать", exact=True).click()
    await expect(dialog.get_by_role("alert")).to_contain_text("занято")
    await visitor.check()
    await dialog.get_by_role("button", name="Записать сверх").click()
    await expect(dialog.get_by_text("Напишите причину.")).to_be_visible()
    await dialog.get_by_label("Почему сверх записи").fill("Острая боль, ждать нельзя")
    await dialog.get_by_role("button", name="Записать сверх").click()
    row = page.locator(".row", has_text="Острая Боль")
    await expect(row.locator(".cell-status")).to_contain_text("Сверх записи")
    await visitor.check()

    reception = await at_the_desk(path=day_of(slot))
    dialog = await begin_booking(reception.page, service, slot, people("Не Менеджер"))
    await expect(dialog.get_by_text("Занятое время (сверх записи)")).to_have_count(0)


async def test_a_time_is_held_while_one_talks_and_is_free_again_when_the_dialogue_closes(
    at_the_desk: Any, clinic: Any, people: Any, eventually: Any
) -> None:
    service = await service_of(clinic, "hygiene")
    slot = (await free(clinic, service))[0]

    async def offered() -> bool:
        place = {name: slot[name] for name in ("branch_id", "practitioner_id")}
        there = {"from": local(slot).date().isoformat(), "days": 1, "service_id": service["service_id"]}
        return slot["starts_at"] in {one["starts_at"] for one in await clinic.slots(**place, **there)}

    visitor = await at_the_desk(path=day_of(slot))
    page = visitor.page
    dialog = await begin_booking(page, service, slot, people("Звонит Сейчас"))
    await dialog.get_by_label("Придержать время").check()
    await choose(dialog, slot)
    await expect(dialog.get_by_role("timer")).to_have_text(re.compile(r"^(10:00|[89]:\d\d)$"))
    assert not await offered()
    await visitor.check()
    await page.keyboard.press("Escape")
    await eventually(offered)

    dialog = await begin_booking(page, service, slot, people("Звонит Опять"))
    await dialog.get_by_label("Придержать время").check()
    await choose(dialog, slot)
    await dialog.locator(".held").get_by_role("button", name="Записать").click()
    await expect(page.locator("#announcement")).to_contain_text("Записано: ")
    assert not await offered()


async def test_the_next_control_is_with_whom_the_patient_saw_last(
    at_the_desk: Any, clinic: Any, people: Any, known_patient: Any
) -> None:
    service = await service_of(clinic, "hygiene")
    slot = (await free(clinic, service))[0]
    who = people("Придёт Снова")
    booked = (await clinic.book(service["service_id"], slot, who)).json()["appointment"]
    await known_patient(clinic, await clinic.login("reception"), who.phone)
    await clinic.move_clock(local(slot) + timedelta(minutes=1))
    headers = await clinic.login("manager")
    done = await clinic.http.post(f"/api/v1/appointments/{booked['id']}/complete", json={}, headers=headers)
    assert done.status_code == 200, done.text
    visitor = await at_the_desk(path=day_of(slot))
    page = visitor.page
    await page.get_by_label("Телефон или имя").fill(who.phone)
    await page.keyboard.press("Enter")
    await page.locator("#found .choice", has_text=who.full_name).click()
    await page.get_by_text("Следующий контроль").click()
    await page.get_by_role("button", name="Показать время").click()
    doctor = next(
        one["name"]
        for one in await clinic.directory("practitioners")
        if one["practitioner_id"] == slot["practitioner_id"]
    )
    await expect(page.locator(".next .hint")).to_contain_text(doctor)
    await visitor.check()
    await page.locator(".next .slot").first.click()
    await expect(page.locator("#announcement")).to_contain_text("Записано: ")
