"""Money at the desk and the close of the day, as reception and managers see them."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from .board import act, row

pytestmark = pytest.mark.browser

ALMATY = ZoneInfo("Asia/Almaty")


async def a_visit(clinic: Any, who: Any) -> tuple[str, dict[str, Any], str]:
    """A booked hygiene (25 000 ₸), its slot, and its date in Almaty."""
    branch = next(one for one in await clinic.directory("branches") if one["zone"] == "Asia/Almaty")
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    slots = await clinic.slots(service_id=service["service_id"], branch_id=branch["branch_id"], days=14)
    booked = await clinic.book(service["service_id"], slots[0], who)
    assert booked.status_code == 201, booked.text
    date = datetime.fromisoformat(slots[0]["starts_at"]).astimezone(ALMATY).date().isoformat()
    return str(booked.json()["appointment"]["id"]), slots[0], date


def desk(slot: dict[str, Any], date: str) -> str:
    return f"/desk?branch={slot['branch_id']}&date={date}"


async def test_a_deposit_a_discount_and_a_debt_at_the_desk(
    at_the_desk: Any, clinic: Any, people: Any
) -> None:
    appointment, slot, date = await a_visit(clinic, people("Рустам Частями"))
    visitor = await at_the_desk(path=desk(slot, date), width=360)
    page = visitor.page
    dialog = page.get_by_role("dialog")
    status = row(page, appointment).locator(".cell-status")
    await act(page, appointment, "pay")
    await visitor.check()
    await dialog.get_by_label("Сумма").fill("5 000")
    await dialog.get_by_role("button", name="Принять предоплату").click()
    await expect(status).to_contain_text(re.compile(r"Предоплата: 5\s000"))

    await clinic.move_clock(datetime.fromisoformat(slot["starts_at"]) + timedelta(minutes=5))
    visitor = await at_the_desk(path=desk(slot, date), width=360)
    page, dialog = visitor.page, visitor.page.get_by_role("dialog")
    status = row(page, appointment).locator(".cell-status")
    await act(page, appointment, "complete")
    await visitor.check()
    await expect(dialog.get_by_label("Сумма")).to_have_value("20000")
    await dialog.get_by_label("Цена,").fill("20 000")
    await dialog.get_by_role("button", name="Завершить визит").click()
    await expect(dialog.get_by_text("Напишите причину.")).to_be_visible()
    await dialog.get_by_label("Почему цена другая").fill("пенсионер")
    await dialog.get_by_label("Сумма").fill("5 000")
    await dialog.get_by_role("button", name="Завершить визит").click()
    await expect(status).to_contain_text(re.compile(r"Оплачено: 10\s000"))
    await expect(status).to_contain_text(re.compile(r"Не оплачено: 10\s000"))
    await expect(row(page, appointment).locator(".balance")).to_contain_text(re.compile(r"Долг: 10\s000"))
    await visitor.check()

    await act(page, appointment, "instalments")
    await expect(dialog.locator('input[type="date"]')).to_have_count(3)
    await visitor.check()
    await dialog.get_by_role("button", name="Сохранить").click()
    await expect(page.locator("#announcement")).to_have_text("Рассрочка записана.")
    await expect(row(page, appointment).locator(".balance")).not_to_contain_text("Просрочено")


async def test_a_manager_sees_the_ledger_on_the_card_undoes_and_refunds(
    at_the_desk: Any, clinic: Any, people: Any
) -> None:
    appointment, *_ = await a_visit(clinic, people("Алия Возвратова"))
    headers = await clinic.login("manager")
    for amount in (700_000, 300_000):
        paid = {"amount": amount, "currency": "KZT", "method": "cash"}
        taken = await clinic.http.post(
            f"/api/v1/visits/{appointment}/payments", json={"paid": paid}, headers=headers
        )
        assert taken.status_code == 201, taken.text
    looked = await clinic.http.get(f"/api/v1/appointments/{appointment}", headers=headers)
    patient = looked.json()["appointment"]["patient_id"]
    visitor = await at_the_desk(role="manager", path=f"/patients/{patient}", width=360)
    page, dialog = visitor.page, visitor.page.get_by_role("dialog")
    bill = page.locator(f'[data-bill="{appointment}"]')
    await bill.locator("summary").click()
    await visitor.check()
    await bill.get_by_role("button", name=re.compile(r"Отменить запись: 3\s000")).click()
    await dialog.get_by_label("Причина").fill("ошиблась")
    await dialog.get_by_role("button", name="Отменить запись").click()
    await expect(page.locator("#announcement")).to_have_text("Запись отменена встречной.")
    await expect(bill.locator(".ledger li")).to_have_count(3)

    await visitor.press(bill.locator('[data-act="refund"]'))
    await dialog.get_by_label("Сумма").fill("7 001")
    await dialog.get_by_label("Причина").fill("передумала")
    await page.keyboard.press("Enter")
    await expect(page.locator("#announcement")).to_have_text("Столько не было оплачено.")
    await bill.locator('[data-act="refund"]').click()
    await dialog.get_by_label("Сумма").fill("7 000")
    await dialog.get_by_label("Причина").fill("передумала")
    await page.keyboard.press("Enter")
    await expect(page.locator("#announcement")).to_have_text("Возврат записан.")
    await expect(bill.locator(".ledger li")).to_have_count(4)
    await visitor.check()


async def test_a_doctor_sees_no_money(at_the_desk: Any, clinic: Any, people: Any) -> None:
    appointment, slot, date = await a_visit(clinic, people("Тимур Денежный"))
    headers = await clinic.login("reception")
    paid = {"amount": 100, "currency": "KZT", "method": "cash"}
    await clinic.http.post(f"/api/v1/visits/{appointment}/payments", json={"paid": paid}, headers=headers)
    visitor = await at_the_desk(role="doctor", path=desk(slot, date))
    await visitor.page.locator("#rows .rows, #rows .empty-day").wait_for()
    await expect(visitor.page.locator(".bill, .balance, [data-act='pay']")).to_have_count(0)
    await expect(visitor.page.locator('[data-section="day-close"]')).to_be_hidden()
    await visitor.go("/day-close")
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Нет доступа")


async def test_the_day_is_closed_by_keyboard_and_stays_closed(
    at_the_desk: Any, clinic: Any, people: Any
) -> None:
    appointment, slot, date = await a_visit(clinic, people("Жанна Последняя"))
    await clinic.move_clock(datetime.fromisoformat(slot["starts_at"]) + timedelta(hours=1))
    headers = await clinic.login("reception")
    paid = {"amount": 1_000_000, "currency": "KZT", "method": "cash"}
    await clinic.http.post(f"/api/v1/visits/{appointment}/payments", json={"paid": paid}, headers=headers)
    where = {"branch_id": slot["branch_id"], "date": date}
    day = (await clinic.http.get("/api/v1/day-close", params=where, headers=headers)).json()
    counted = str(day["expected_cash"] // 100 - 1_000)
    visitor = await at_the_desk(path=f"/day-close?branch={slot['branch_id']}&date={date}", width=360)
    page, dialog = visitor.page, visitor.page.get_by_role("dialog")
    await expect(page.locator('[data-part="unclosed"]')).to_contain_text("Жанна Последняя")
    await expect(page.locator("#expected")).to_contain_text("Наличных должно быть: ")
    await visitor.check()
    await visitor.press(page.locator("#close-day"))
    await dialog.get_by_label("Пересчитано").fill(counted)
    await visitor.check()
    await page.keyboard.press("Enter")
    await expect(page.locator("#announcement")).to_contain_text("Есть визиты без итога")

    await visitor.press(page.locator("#close-day"))
    await dialog.get_by_label("Пересчитано").fill(counted)
    await visitor.press(dialog.get_by_label("Закрыть день, хотя"), "Space")
    await visitor.tab_to(dialog.get_by_role("button", name="Закрыть день"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#announcement")).to_contain_text("напишите пояснение")

    await visitor.press(page.locator("#close-day"))
    await dialog.get_by_label("Пересчитано").fill(counted)
    await dialog.get_by_label("Пояснение").fill("сдача")
    await dialog.get_by_label("Закрыть день, хотя").check()
    await dialog.get_by_role("button", name="Закрыть день").click()
    await expect(page.locator("#closed")).to_contain_text("сдача")
    await expect(page.locator("#closed")).to_contain_text(re.compile(r"разница\s+[-−]1\s000"))
    await expect(page.locator("#close-day")).to_have_count(0)
    await visitor.check()


async def test_the_page_reads_from_right_to_left_too(at_the_desk: Any) -> None:
    visitor = await at_the_desk(path="/day-close", width=360)
    page = visitor.page
    await page.locator('[data-part="till"]').wait_for()
    await page.evaluate("document.documentElement.dir = 'rtl'")
    await visitor.check()
