"""The page of the schedule around the day: absences with their choices, the waitlist, referrals, other calendars."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from .board import act

pytestmark = pytest.mark.browser

ALMATY = ZoneInfo("Asia/Almaty")


async def service_of(clinic: Any, kind: str) -> dict[str, Any]:
    return next(one for one in await clinic.directory("services") if one["kind"] == kind)


async def a_morning(clinic: Any, service: dict[str, Any]) -> list[dict[str, Any]]:
    """Free slots of one practitioner on one day that lies ahead, in order."""
    first = (await clinic.now()).date() + timedelta(days=3)
    slots = await clinic.slots(service_id=service["service_id"], days=20, **{"from": first.isoformat()})
    days: dict[Any, list[dict[str, Any]]] = {}
    for one in slots:
        key = (one["practitioner_id"], one["branch_id"], local(one).date())
        days.setdefault(key, []).append(one)
    return max(days.values(), key=len)


def local(slot: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(slot["starts_at"]).astimezone(ALMATY)


async def booked(clinic: Any, service: dict[str, Any], slot: dict[str, Any], who: Any) -> str:
    answer = await clinic.book(service["service_id"], slot, who)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["appointment"]["id"])


async def choose_branch(page: Page, branch_id: str) -> None:
    await page.get_by_label("Филиал", exact=True).select_option(branch_id)


async def say_when(page: Page, slots: list[dict[str, Any]]) -> None:
    """From the first of these slots to the end of the last."""
    start, end = local(slots[0]), datetime.fromisoformat(slots[-1]["ends_at"]).astimezone(ALMATY)
    await page.get_by_label("С какого дня").fill(start.date().isoformat())
    await page.get_by_label("С какого часа").fill(start.strftime("%H:%M"))
    await page.get_by_label("По какой день").fill(end.date().isoformat())
    await page.get_by_label("До какого часа").fill(end.strftime("%H:%M"))


async def test_an_absence_is_looked_at_first_and_then_each_patient_has_a_choice(
    at_the_desk: Any, clinic: Any, people: Any
) -> None:
    service = await service_of(clinic, "hygiene")
    morning = await a_morning(clinic, service)
    names = ("Анна Первая", "Берик Второй")
    first, second = [
        await booked(clinic, service, slot, people(name))
        for slot, name in zip((morning[0], morning[4]), names, strict=True)
    ]
    desk = f"/desk?branch={morning[0]['branch_id']}&date={local(morning[0]).date()}"
    colleague = await at_the_desk(path=desk)
    watching = await at_the_desk("manager", path="/schedule")
    await choose_branch(watching.page, morning[0]["branch_id"])
    visitor = await at_the_desk(path="/schedule", width=360)
    page = visitor.page
    await choose_branch(page, morning[0]["branch_id"])
    await page.get_by_role("button", name="Новое отсутствие").click()
    await page.get_by_label("Кого не будет").select_option(morning[0]["practitioner_id"])
    await page.get_by_label("Причина").select_option(label="Болезнь")
    await say_when(page, morning[:5])
    await visitor.press(page.get_by_role("button", name="Показать, кого это коснётся"))
    await expect(page.get_by_role("heading", name="Коснётся записей: 2")).to_be_focused()
    for name in names:
        await expect(page.locator(".affected", has_text=name)).to_contain_text("Можно предложить")
    await visitor.check()
    await expect(colleague.page.locator(f'[data-appointment="{first}"]')).to_have_attribute(
        "data-status", "booked"
    )
    await page.get_by_label("Со всеми сразу").select_option("call")
    await page.get_by_label(f"Что делаем: {names[0]}").select_option("message")
    await page.get_by_role("button", name="Сохранить отсутствие").click()
    await expect(page.locator("#announcement")).to_contain_text("Написали: 1, задач «позвонить»: 1")
    for appointment in (first, second):
        row = colleague.page.locator(f'[data-appointment="{appointment}"]')
        await expect(row).to_have_attribute("data-status", "displaced")
    saved = page.locator("[data-absence]", has_text="Болезнь")
    await expect(saved).to_have_count(1)
    await expect(watching.page.locator("[data-absence]", has_text="Болезнь")).to_have_count(1)
    await visitor.check()
    await saved.get_by_role("button").click()
    await page.get_by_role("dialog").get_by_role("button", name="Отменить").click()
    await expect(page.locator("#announcement")).to_have_text("Время снова открыто для записи.")
    await expect(saved).to_have_count(0)
    await expect(watching.page.locator("[data-absence]", has_text="Болезнь")).to_have_count(0)


async def test_a_freed_time_is_offered_to_who_waits_and_accepted_at_the_desk(
    at_the_desk: Any, clinic: Any, people: Any, known_patient: Any
) -> None:
    service = await service_of(clinic, "hygiene")
    slot = (await a_morning(clinic, service))[0]
    freeing = await booked(clinic, service, slot, people("Освободит Время"))
    who = people("Ждёт Раньше")
    headers = await clinic.login("reception")
    added = await clinic.http.post("/api/v1/patients", json=who.body, headers=headers)
    assert added.status_code == 201, added.text
    visitor = await at_the_desk(path="/schedule#waitlist", width=360)
    page = visitor.page
    await choose_branch(page, slot["branch_id"])
    await page.get_by_role("button", name="Добавить в лист ожидания").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Добавить", exact=True).click()
    await expect(dialog.get_by_text("Найдите пациента.")).to_be_visible()
    await dialog.get_by_role("searchbox").fill(who.phone)
    await page.keyboard.press("Enter")
    await dialog.locator(".choice", has_text=who.full_name).click()
    await dialog.get_by_label("Услуга").select_option(service["service_id"])
    await dialog.get_by_label("Специалист").select_option(slot["practitioner_id"])
    await visitor.check()
    await dialog.get_by_role("button", name="Добавить", exact=True).click()
    entry = page.locator("[data-entry]", has_text=who.phone)
    await expect(entry).to_contain_text("Ждёт")
    cancelled = await clinic.http.post(f"/api/v1/appointments/{freeing}/cancel", json={}, headers=headers)
    assert cancelled.status_code == 200, cancelled.text
    await expect(entry).to_contain_text("ждём ответа до")
    await visitor.check()
    await visitor.press(entry.get_by_role("button", name="Пациент согласен"))
    await expect(page.locator("#announcement")).to_have_text("Пациент записан.")
    await expect(entry).to_have_count(0)
    await visitor.go(f"/desk?branch={slot['branch_id']}&date={local(slot).date()}")
    await expect(page.locator(".row.is-booked", has_text=who.phone)).to_be_visible()


async def test_a_referral_is_made_after_a_visit_and_the_desk_books_from_it(
    at_the_desk: Any, clinic: Any, people: Any
) -> None:
    service = await service_of(clinic, "hygiene")
    slot = (await a_morning(clinic, service))[0]
    who = people("Направлен Дальше")
    visit = await booked(clinic, service, slot, who)
    await clinic.move_clock(local(slot) + timedelta(minutes=1))
    headers = await clinic.login("manager")
    done = await clinic.http.post(f"/api/v1/appointments/{visit}/complete", json={}, headers=headers)
    assert done.status_code == 200, done.text
    visitor = await at_the_desk(path=f"/desk?branch={slot['branch_id']}&date={local(slot).date()}")
    page = visitor.page
    await act(page, visit, "refer")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Услуга").select_option(service["service_id"])
    await dialog.get_by_label("Срочность").select_option(label="Срочно")
    await visitor.check()
    await dialog.get_by_role("button", name="Направить").click()
    await expect(page.locator("#announcement")).to_have_text("Направление создано.")

    await visitor.go("/schedule#referrals")
    await choose_branch(page, slot["branch_id"])
    referral = page.locator("[data-referral]", has_text=who.phone)
    await expect(referral).to_contain_text("Срочно")
    await visitor.check()
    await referral.get_by_role("button", name="Записать").click()
    await dialog.locator(".slot").last.click()
    await expect(page.locator("#announcement")).to_contain_text("Записано: ")
    await expect(referral).to_have_count(0)
    await page.get_by_label("Состояние").select_option("booked")
    await expect(referral).to_contain_text("Записан")


async def test_another_calendar_is_uploaded_and_its_conflict_is_shown(
    at_the_desk: Any, clinic: Any, people: Any
) -> None:
    service = await service_of(clinic, "hygiene")
    morning = await a_morning(clinic, service)
    await booked(clinic, service, morning[0], people("Стоит Здесь"))
    start, end = morning[0]["starts_at"], morning[3]["ends_at"]
    compact = "%Y%m%dT%H%M%SZ"
    utc = [datetime.fromisoformat(one).astimezone(ZoneInfo("UTC")).strftime(compact) for one in (start, end)]
    event = [f"DTSTAMP:{utc[0]}", f"DTSTART:{utc[0]}", f"DTEND:{utc[1]}", "UID:1", "SUMMARY:Операция"]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//mis//", "BEGIN:VEVENT", *event, "END:VEVENT"]
    calendar = "\r\n".join([*lines, "END:VCALENDAR", ""])
    visitor = await at_the_desk("manager", path="/schedule#busy", width=360)
    page = visitor.page
    await choose_branch(page, morning[0]["branch_id"])
    await page.get_by_label("Специалист").select_option(morning[0]["practitioner_id"])
    await page.get_by_role("button", name="Загрузить").click()
    await expect(page.get_by_text("Выберите файл.")).to_be_visible()
    upload: Any = {"name": "mis.ics", "mimeType": "text/calendar", "buffer": calendar.encode()}
    await page.get_by_label("Файл календаря").set_input_files(upload)
    await page.get_by_role("button", name="Загрузить").click()
    await expect(page.get_by_text("Здесь уже стоят записи: 1.")).to_be_visible()
    await visitor.check()
    await page.get_by_role("link", name="Открыть день").click()
    await expect(page.locator(".row", has_text="Стоит Здесь")).to_be_visible()


async def test_who_only_keeps_accounts_sees_who_is_away_and_changes_nothing(at_the_desk: Any) -> None:
    visitor = await at_the_desk("accounting", path="/schedule")
    page = visitor.page
    await expect(page.locator("#absences .empty-day, #absences li").first).to_be_visible()
    await expect(page.locator(".tab")).to_have_count(1)
    await expect(page.get_by_role("button", name="Новое отсутствие")).to_have_count(0)
    await visitor.check()


async def test_on_a_phone_the_sections_are_behind_a_button(at_the_desk: Any) -> None:
    visitor = await at_the_desk(path="/schedule", width=360)
    page = visitor.page
    day = page.get_by_role("link", name="День", exact=True)
    await expect(day).to_be_hidden()
    await visitor.press(page.get_by_role("button", name="Меню"))
    await expect(day).to_be_visible()
    await visitor.check()
    await page.keyboard.press("Escape")
    await expect(day).to_be_hidden()
    await visitor.press(page.get_by_role("button", name="Меню"))
    await visitor.press(day)
    await page.wait_for_url("**/desk")
