"""What a network says about writing to its patients, as a manager fills it in: caps, costs, certain dates, tags."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

pytestmark = pytest.mark.browser

Held = Callable[[], Awaitable[dict[str, Any]]]


@pytest.fixture
async def held(clinic: Any) -> AsyncIterator[Held]:
    """The network's own policy as it is stored; there is none before and after."""
    headers = await clinic.login("manager")

    async def cleared() -> None:
        answer = await clinic.http.put("/api/v1/policies", json={"policy": {}}, headers=headers)
        assert answer.status_code == 200, answer.text

    async def told() -> dict[str, Any]:
        answer = (await clinic.http.get("/api/v1/policies", headers=headers)).raise_for_status().json()
        return dict(next(one["policy"] for one in answer["policies"] if one["branch_id"] is None))

    await cleared()
    yield told
    await cleared()


def group(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=name, exact=True)


async def add(visitor: Any, what: str, name: str) -> Locator:
    """One more line, by keyboard; the keyboard goes on in it."""
    await visitor.press(visitor.page.get_by_role("button", name=what, exact=True))
    line = group(visitor.page, name)
    await expect(line.locator("input, select").first).to_be_focused()
    return line


async def write(visitor: Any, control: Locator, text: str) -> None:
    """As somebody without a mouse does: what stood there is replaced."""
    await visitor.tab_to(control)
    await visitor.page.keyboard.press("Control+A")
    await visitor.page.keyboard.press("Delete")
    await visitor.page.keyboard.insert_text(text)


async def save(visitor: Any) -> None:
    await visitor.press(visitor.page.get_by_role("button", name="Сохранить", exact=True))


async def saved(page: Page) -> None:
    await expect(page.locator("#announcement")).to_contain_text(re.compile(r"Сохранено: версия \d+"))


async def test_a_cap_is_set_by_keyboard_and_stands_among_what_is_in_force(
    at_the_desk: Any, held: Held
) -> None:
    visitor = await at_the_desk(role="manager", path="/policies", width=360)
    page = visitor.page
    cap = await add(visitor, "Добавить предел", "Предел 1")
    await visitor.check()
    limit, days = cap.get_by_label("Не больше"), cap.get_by_label("За сколько дней")
    await write(visitor, limit, "2")
    await write(visitor, days, "700")
    await write(visitor, cap.get_by_label("Основание"), "просьбы пациентов")
    await save(visitor)
    await expect(cap).to_contain_text("Нужно целое число от 1 до 366.")
    await expect(days).to_be_focused()
    await visitor.check()
    await write(visitor, days, "۳۰")
    await save(visitor)
    await saved(page)
    (stored,) = (await held())["caps"]
    assert (stored["counts"], stored["limit"], stored["days"]) == ("touches", 2, 30)
    assert (stored["classes"], stored["channels"]) == (["marketing"], None)
    await page.get_by_label("Вид сообщения").first.select_option(label="Приглашения и предложения")
    line = page.locator(f'[data-line="{stored["id"]}"]')
    await expect(line).to_contain_text("Не больше 2 сообщений за 30 дн.")
    await expect(line).to_contain_text("просьбы пациентов")
    await visitor.check()

    await page.get_by_role("button", name="Убрать предел 1").click()
    await save(visitor)
    await saved(page)
    await expect(line).to_have_count(0)
    assert (await held())["caps"] == []


async def test_cost_limits_are_amounts_of_the_network_s_currency_and_may_stay_empty(
    at_the_desk: Any, held: Held
) -> None:
    visitor = await at_the_desk(role="manager", path="/policies", width=360)
    page = visitor.page
    message = page.get_by_label("Не больше за сообщение, KZT")
    month = page.get_by_label("Не больше за месяц на приглашения, KZT")
    await write(visitor, message, "двадцать")
    await write(visitor, month, "50 000,50")
    await save(visitor)
    await expect(message).to_be_focused()
    await expect(page.get_by_text("Введите сумму числом.")).to_be_visible()
    await write(visitor, message, "25")
    await save(visitor)
    await saved(page)
    stored = await held()
    assert (stored["most_per_message"], stored["most_per_month"]) == (2500, 5000050)

    await expect(month).to_have_value("50000.50")
    await write(visitor, message, "")
    await save(visitor)
    await saved(page)
    stored = await held()
    assert (stored["most_per_message"], stored["most_per_month"]) == (None, 5000050)
    await visitor.check()


async def test_an_announced_day_is_confirmed_under_the_name_that_calendars_know(
    at_the_desk: Any, held: Held
) -> None:
    visitor = await at_the_desk(role="manager", path="/policies", width=360)
    page = visitor.page
    day = await add(visitor, "Добавить день", "День 1")
    name, date = day.get_by_label("День, по-английски"), day.get_by_label("Объявленная дата")
    assert await name.evaluate("input => [...input.list.options].map(one => one.value)") == ["Eid al-Adha"]
    await save(visitor)
    await expect(day.get_by_text("Заполните это поле.")).to_have_count(2)
    await write(visitor, name, "Eid al-Adha")
    await date.fill("2027-05-17")
    await save(visitor)
    await saved(page)
    assert (await held())["confirmed_days"] == [{"name": "Eid al-Adha", "date": "2027-05-17"}]
    await visitor.check()


async def test_a_chain_for_tagged_patients_is_refused_at_its_wrong_step_and_then_taken(
    at_the_desk: Any, held: Held
) -> None:
    visitor = await at_the_desk(role="manager", path="/policies", width=360)
    page = visitor.page
    chain = await add(visitor, "Добавить цепочку", "Цепочка 1")
    await write(visitor, chain.get_by_label("Для пациентов с метками"), "VIP, дети;VIP")
    step = group(page, "Шаг 2")
    latest = step.get_by_label("Не позже")
    was = await latest.input_value()
    await write(visitor, latest, "T+5h")
    await write(visitor, step.get_by_label("Ждать доставки, минут"), "45")
    await save(visitor)
    await expect(step.get_by_role("alert")).to_contain_text("after the visit has started")
    await expect(step.locator("select").first).to_be_focused()
    assert (await held())["flows"] == []
    await visitor.check()
    await page.evaluate("document.documentElement.dir = 'rtl'")
    await visitor.check()

    await write(visitor, latest, was)
    await save(visitor)
    await saved(page)
    (stored,) = (await held())["flows"]
    assert stored["tags"] == ["VIP", "дети"]
    assert (stored["steps"][1]["budget_minutes"], stored["steps"][1]["latest"]) == (45, was)


async def test_a_refused_field_is_named_where_it_stands(at_the_desk: Any, held: Held) -> None:
    visitor = await at_the_desk(role="manager", path="/policies", width=360)
    page = visitor.page
    cap = await add(visitor, "Добавить предел", "Предел 1")
    await write(visitor, cap.get_by_label("Основание"), "решение главного врача")

    async def stricter(route: Any) -> None:
        body = route.request.post_data_json
        body["policy"]["caps"][0]["limit"] = 0
        await route.continue_(post_data=body)

    await page.route("**/api/v1/policies", stricter)
    await save(visitor)
    limit = cap.get_by_label("Не больше")
    await expect(limit).to_be_focused()
    await expect(limit).to_have_attribute("aria-invalid", "true")
    await expect(cap).to_contain_text("Не принято")
    await expect(page.get_by_text("Проверьте отмеченные поля.")).to_be_visible()
    await visitor.check()

    await page.unroute("**/api/v1/policies")
    await save(visitor)
    await saved(page)


async def test_what_somebody_else_has_changed_meanwhile_is_shown_as_it_stands(
    at_the_desk: Any, clinic: Any, held: Held
) -> None:
    visitor = await at_the_desk(role="manager", path="/policies")
    page = visitor.page
    await page.get_by_label("Не больше за сообщение, KZT").fill("25")
    other = await clinic.http.put(
        "/api/v1/policies",
        json={"policy": {"most_per_message": 9900}},
        headers=await clinic.login("manager"),
    )
    assert other.status_code == 200, other.text
    await save(visitor)
    await expect(page.locator("#announcement")).to_contain_text("Кто-то уже изменил это.")
    await expect(page.get_by_label("Не больше за сообщение, KZT")).to_have_value("99")
    assert (await held())["most_per_message"] == 9900


async def test_a_branch_is_not_asked_for_what_is_the_network_s_alone(at_the_desk: Any, held: Held) -> None:
    visitor = await at_the_desk(role="manager", path="/policies", width=360)
    page = visitor.page
    await expect(page.get_by_label("Не больше за сообщение, KZT")).to_be_visible()
    await page.get_by_label("Где действует").select_option(index=1)
    await expect(page.get_by_role("button", name="Добавить предел")).to_be_visible()
    await expect(page.get_by_label("Не больше за сообщение, KZT")).to_have_count(0)
    await expect(page.get_by_role("button", name="Добавить день")).to_have_count(0)
    await visitor.check()
