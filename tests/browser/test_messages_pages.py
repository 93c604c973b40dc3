"""What messages can do, as staff and managers see it: why one went out, the brake, wordings, and when to write."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, Page, expect

pytestmark = pytest.mark.browser

ALMATY = ZoneInfo("Asia/Almaty")
GOOD_LINE = "Ждём вас. Чай и тёплый плед за нами."


async def a_visit(clinic: Any, who: Any) -> datetime:
    """A hygiene about ten days ahead, booked by the patient; when it starts, in Almaty."""
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    slots = await clinic.slots(service_id=service["service_id"], days=14)
    later = [one for one in slots if starts(one) > starts(slots[0]) + timedelta(days=8)]
    booked = await clinic.book(service["service_id"], later[0], who)
    assert booked.status_code == 201, booked.text
    return starts(later[0])


def starts(slot: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(slot["starts_at"]).astimezone(ALMATY)


async def texts_on(clinic: Any, phone: str) -> str:
    await clinic.settle()
    found = (await clinic.phones.get(f"/phones/{phone}/messages")).raise_for_status().json()
    return "\n".join(one["text"] for one in found["messages"])


def message(page: Page, name: str) -> Locator:
    return page.locator(".part-communications li.visit").filter(has_text=name).first


async def choose(page: Page, name: str, label: str) -> None:
    await page.get_by_label(name, exact=True).select_option(label=label)


async def test_staff_read_why_a_message_waits_and_ask_about_another_moment(
    at_the_desk: Any, clinic: Any, people: Any, known_patient: Any
) -> None:
    who = people("Дана Почемучкина")
    starts_at = await a_visit(clinic, who)
    await clinic.settle()
    headers = await clinic.login("reception")
    visitor = await at_the_desk(
        path=f"/patients/{await known_patient(clinic, headers, who.phone)}", width=360
    )
    page = visitor.page

    sent = message(page, "Подтверждение записи")
    await visitor.press(sent.locator("summary"))
    await expect(sent.locator(".said")).to_contain_text("Вы записаны")
    await expect(sent.get_by_role("row", name="WhatsApp")).to_be_visible()
    await expect(sent.locator(".reasons")).to_contain_text("Сразу, в любое время")
    await visitor.check()

    asking = message(page, "Просьба подтвердить")
    await asking.locator("summary").click()
    reasons = asking.locator(".reasons")
    await expect(reasons).to_contain_text("Asia/Almaty, \u2066UTC+5\u2069; время филиала")
    await expect(reasons).to_contain_text("customary hours of clinics in Kazakhstan [обычай]")
    await expect(asking.locator(".why")).to_contain_text("kz-2026-12")
    await asking.get_by_label("Дата").fill((starts_at - timedelta(days=2)).date().isoformat())
    await asking.get_by_label("Время").fill("23:30")
    await asking.get_by_role("button", name="Спросить").click()
    await expect(reasons.locator('[data-result="closed"]').first).to_contain_text("В это время писать нельзя")
    await expect(asking.locator(".verdict")).to_contain_text("если бы решали")
    await visitor.check()
    await asking.get_by_role("button", name="Как решено").click()
    await expect(asking.locator(".verdict")).not_to_contain_text("если бы решали")


async def test_a_reason_without_words_is_shown_as_it_is(visiting: Any) -> None:
    visitor = await visiting()
    await visitor.go("/login")
    told = await visitor.page.evaluate(
        """async () => {
          const script = document.querySelector('script[type="module"]').src;
          const { sentence } = await import(script.replace(/[^/]+$/, "reasons.js"));
          return [
            sentence({ rule: "quiet-hours", result: "closed" }),
            sentence({ rule: "channel", result: "new-code" }),
            sentence({ rule: "new-rule", result: "new-code" }),
          ];
        }"""
    )
    assert told == ["В это время писать нельзя", "Канал: new-code", "new-rule: new-code"]


async def test_what_a_provider_refused_is_said_in_words_with_its_number(visiting: Any) -> None:
    visitor = await visiting()
    await visitor.go("/login")
    told = await visitor.page.evaluate(
        """async () => {
          const script = document.querySelector('script[type="module"]').src;
          const { spoken } = await import(script.replace(/[^/]+$/, "texts.js"));
          return ["returned-5.1.1", "whatsapp-131026", "interrupted", "new-code-7"].map((one) => spoken("why", one));
        }"""
    )
    assert told == [
        "письмо вернулось (5.1.1)",
        "WhatsApp отказал (131026)",
        "отправка прервалась",
        "new-code-7",
    ]


@pytest.fixture
async def no_brake_left(clinic: Any) -> AsyncIterator[None]:
    yield
    headers = await clinic.login("manager")
    released = await clinic.http.post(
        "/api/v1/sending/resume", json={"template": "confirmation"}, headers=headers
    )
    assert released.status_code == 200, released.text


@pytest.mark.usefixtures("no_brake_left")
async def test_the_brake_stops_a_message_and_lets_it_go(at_the_desk: Any, clinic: Any, people: Any) -> None:
    visitor = await at_the_desk(role="manager", path="/messages", width=360)
    page = visitor.page
    await choose(page, "Сообщение", "Подтверждение записи")
    await visitor.press(page.get_by_role("button", name="Остановить"))
    stopped = page.locator("#brakes li")
    await expect(stopped).to_contain_text("все каналы · Подтверждение записи")
    await expect(stopped).to_contain_text("Manager")

    who = people("Олжас Тормозов")
    await a_visit(clinic, who)
    assert "Вы записаны" not in await texts_on(clinic, who.phone)
    await page.reload()
    await expect(page.locator("#blocked")).to_contain_text("остановлено тормозом")
    await visitor.check()

    await stopped.get_by_role("button", name=re.compile("Отпустить")).click()
    await expect(page.locator("#brakes")).to_contain_text("Ничего не остановлено.")
    assert "записаны" in await texts_on(clinic, who.phone)
    await page.reload()
    await expect(page.locator("#blocked")).to_contain_text("Ничто не задерживается.")
    await expect(page.locator("#report tbody").first).to_contain_text("WhatsApp")
    await visitor.check()


async def test_a_wording_with_a_banned_claim_names_the_law_and_a_good_one_reaches_the_next_patient(
    at_the_desk: Any, clinic: Any, people: Any
) -> None:
    visitor = await at_the_desk(role="manager", path="/templates", width=360)
    page = visitor.page
    await visitor.check()
    await visitor.press(page.locator('[data-template="confirmation"]'))
    await page.get_by_role("button", name="Написать свой текст").click()
    text, versions = page.get_by_label("Текст", exact=True), page.locator("[data-version]")
    before = await versions.count()
    own = await text.input_value()
    await text.fill(f"{own}\nМы самая лучшая клиника города!")
    await expect(page.locator(".bubble")).to_contain_text("самая лучшая клиника")
    await page.get_by_role("button", name="Сохранить черновик").click()
    finding = page.locator('[data-code="banned-claim"]')
    await expect(finding).to_contain_text("Law of Kazakhstan on advertising, art. 7")
    await expect(finding).to_contain_text("Русский · текст · строка")
    await visitor.check()
    await page.get_by_role("button", name="Опубликовать").click()
    await expect(page.get_by_text("Укажите, кто отвечает и почему.").first).to_be_visible()
    await expect(versions).to_have_count(before)

    await text.fill(f"{own}\n{GOOD_LINE}")
    await choose(page, "Канал", "SMS")
    await expect(page.locator(".sample")).to_contain_text(re.compile(r"SMS: частей \d"))
    await page.get_by_role("button", name="Сохранить черновик").click()
    await expect(finding).to_have_count(0)
    await visitor.press(page.get_by_role("button", name="Опубликовать"))
    await expect(page.locator("#announcement")).to_contain_text(f"Опубликовано: версия {before + 1}.")
    await expect(versions.first).to_contain_text("действует")
    await visitor.check()
    await page.get_by_role("button", name="Все тексты").click()
    await expect(page.locator('[data-template="confirmation"]')).to_contain_text("свой текст: Русский")

    who = people("Жанна Новотекстова")
    await a_visit(clinic, who)
    assert GOOD_LINE in await texts_on(clinic, who.phone)


@pytest.fixture
async def no_policy_left(clinic: Any) -> AsyncIterator[None]:
    yield
    headers = await clinic.login("manager")
    cleared = await clinic.http.put("/api/v1/policies", json={"policy": {}}, headers=headers)
    assert cleared.status_code == 200, cleared.text


@pytest.mark.usefixtures("no_policy_left")
async def test_a_stricter_window_shows_what_it_moves_and_then_moves_it(
    at_the_desk: Any, clinic: Any, people: Any, known_patient: Any
) -> None:
    visitor = await at_the_desk(role="manager", path="/policies", width=360)
    page = visitor.page
    await expect(page.locator('[data-line="kz-sms-weekdays"]')).to_contain_text("кроме праздников")
    await visitor.check()
    await page.get_by_role("button", name="Добавить часы").click()
    await page.get_by_label("Можно с").fill("12:00")
    await page.get_by_label("Можно до").fill("20:00")
    moved = page.locator('[data-step="confirm"]')
    await expect(moved).to_have_class("is-moved")
    await expect(moved.locator("strong").first).to_contain_text("12:00")
    await visitor.check()
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_text("Напишите причину.").first).to_be_visible()
    await page.get_by_label("Основание").fill("решение главного врача")
    await visitor.press(page.get_by_role("button", name="Сохранить"))
    await expect(page.locator("#announcement")).to_contain_text(re.compile(r"Сохранено: версия \d"))
    await expect(page.locator('[data-line^="window-"]')).to_contain_text("12:00–20:00")
    await visitor.check()

    who = people("Тимур Дневной")
    await a_visit(clinic, who)
    await clinic.settle()
    headers = await clinic.login("reception")
    desk = await at_the_desk(path=f"/patients/{await known_patient(clinic, headers, who.phone)}")
    asking = message(desk.page, "Просьба подтвердить")
    await asking.locator("summary").click()
    await expect(asking.locator(".reasons")).to_contain_text("решение главного врача")
