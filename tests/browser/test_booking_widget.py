"""The booking widget, used as patients do: with a finger, a keyboard, a small screen, another script."""

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

pytestmark = pytest.mark.browser

HYGIENE = re.compile("Профессиональная гигиена")


def step(page: Page, name: str) -> Any:
    return page.locator(f'.step[data-step="{name}"]')


async def choose_branch(page: Page) -> None:
    branches = page.locator('input[name="branch"]')
    await page.locator(".people .choice, input[name=branch]").first.wait_for()
    if await branches.count() and not await page.locator('input[name="branch"]:checked').count():
        await branches.first.check()


async def reach_a_time(page: Page) -> None:
    await page.locator(".slot, .empty button").first.wait_for()
    if not await page.locator(".slot").count():
        await page.locator(".empty button").click()
    await page.locator(".slot").first.wait_for()


async def to_the_form(page: Page) -> None:
    """Through the first three steps, by what stands first in each."""
    await page.locator(".choice").first.click()
    await choose_branch(page)
    await page.locator(".people .choice").first.click()
    await reach_a_time(page)
    await page.locator(".slot").first.click()
    await step(page, "person").wait_for()


async def submit(page: Page, name: str, phone: str) -> None:
    await page.locator('input[name="name"]').fill(name)
    await page.locator('input[name="phone"]').fill(phone)
    await page.locator('button[type="submit"]').click()


async def test_a_patient_books_in_four_steps(visiting: Any, clinic: Any, person: Any) -> None:
    visitor = await visiting(width=360)
    page = visitor.page
    await visitor.go("/book/demo-kz")
    await page.get_by_role("button", name=HYGIENE).wait_for()
    await visitor.check()
    await page.get_by_role("button", name=HYGIENE).click()
    await choose_branch(page)
    await page.locator(".people .choice").nth(1).click()
    await reach_a_time(page)
    await visitor.check()
    day = await page.locator(".slots-day").inner_text()
    time = await page.locator(".slot").first.inner_text()
    await page.locator(".slot").first.click()
    await step(page, "person").wait_for()
    await visitor.check()
    await page.locator('input[value="marketing"]').check()
    await submit(page, person.full_name, person.phone)

    done = step(page, "done")
    await expect(done).to_contain_text(time)
    await expect(done).to_contain_text(re.compile(re.escape(day.split(",")[1].strip())))
    for fact in ("этаж", "кабинет", "Профессиональная гигиена"):
        await expect(done).to_contain_text(fact)
    await expect(done.get_by_role("heading")).to_be_focused()
    await visitor.check()
    calendar = await page.request.get(
        visitor.address
        + str(await done.get_by_role("link", name="Добавить в календарь").get_attribute("href"))
    )
    assert calendar.ok
    assert "BEGIN:VEVENT" in await calendar.text()

    await clinic.settle()
    assert any(time in str(message) for message in await clinic.messages(person.phone))


async def test_a_patient_books_with_the_keyboard_alone(visiting: Any, person: Any) -> None:
    visitor = await visiting()
    page = visitor.page
    await visitor.go("/book/demo-kz")
    await visitor.press(page.get_by_role("button", name=HYGIENE))
    await expect(page.locator("#step-heading")).to_be_focused()
    await visitor.press(page.locator('input[name="branch"]').first, "Space")
    await visitor.press(page.locator(".people .choice").first)
    await expect(page.locator("#step-heading")).to_be_focused()
    await page.locator(".slot, .empty button").first.wait_for()
    if not await page.locator(".slot").count():
        await visitor.press(page.locator(".empty button"))
    await visitor.press(page.locator(".slot"))
    await visitor.tab_to(page.locator('input[name="name"]'))
    await page.keyboard.type(person.full_name)
    await page.keyboard.press("Tab")
    await page.keyboard.type(person.phone)
    await page.keyboard.press("Enter")
    await expect(step(page, "done").get_by_role("heading")).to_be_focused()


async def test_whoever_was_slower_is_shown_other_times_to_tap(
    visiting: Any, clinic: Any, people: Any
) -> None:
    visitor = await visiting(width=360)
    page = visitor.page
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    slot = (await clinic.slots(service_id=service["service_id"], days=14))[5]
    await visitor.go(
        f"/book/demo-kz?service={service['service_id']}&branch={slot['branch_id']}"
        f"&practitioner={slot['practitioner_id']}"
    )
    await reach_a_time(page)
    wanted = page.locator(f'[data-starts-at="{slot["starts_at"]}"]')
    for day in range(await page.locator(".day").count()):
        if await wanted.count():
            break
        await page.locator(".day").nth(day).click()
    await wanted.click()
    await step(page, "person").wait_for()
    quicker = await clinic.book(service["service_id"], slot, people("Асель Быстрая"))
    assert quicker.status_code == 201, quicker.text

    late = people("Берик Медленный")
    await submit(page, late.full_name, late.phone)
    taken = step(page, "taken")
    await expect(taken.get_by_role("heading")).to_be_focused()
    await visitor.check()
    await taken.locator(".choice").first.click()
    await expect(page.locator('input[name="name"]')).to_have_value(late.full_name)
    await page.locator('button[type="submit"]').click()
    await step(page, "done").wait_for()


async def test_a_wrong_phone_is_said_at_its_field_and_nothing_is_lost(visiting: Any) -> None:
    visitor = await visiting(width=360)
    page = visitor.page
    await visitor.go("/book/demo-kz")
    await to_the_form(page)
    await submit(page, "Марат Ержанов", "12")
    await expect(page.locator('input[name="phone"]')).to_be_focused()
    await expect(page.get_by_text("Проверьте номер телефона.")).to_be_visible()
    await submit(page, "Марат Ержанов", "123456789012")
    await expect(page.get_by_text("Проверьте номер телефона.")).to_be_visible()
    await expect(page.locator('input[name="name"]')).to_have_value("Марат Ержанов")


NETWORKS = [
    ("demo-kz", "kk", "ltr", "Қазақша"),
    ("demo-br", "pt-BR", "ltr", "Português"),
    ("demo-ir", "fa", "rtl", "فارسی"),
    ("demo-fr", "fr", "ltr", "Français"),
    ("demo-tw", "zh-TW", "ltr", "繁體中文"),
    ("demo-kz", "en", "ltr", "English"),
]


@pytest.mark.parametrize(("network", "locale", "direction", "name"), NETWORKS)
async def test_every_language_reads_its_own_way_on_a_small_screen(
    visiting: Any, network: str, locale: str, direction: str, name: str
) -> None:
    visitor = await visiting(locale=locale, width=360)
    page = visitor.page
    await visitor.go(f"/book/{network}")
    root = page.locator("html")
    await expect(root).to_have_attribute("lang", locale)
    await expect(root).to_have_attribute("dir", direction)
    await page.locator(".choice").first.wait_for()
    await visitor.check()
    await page.locator(".choice").first.click()
    await choose_branch(page)
    await page.locator(".people .choice").first.wait_for()
    await visitor.check()
    await page.locator(".people .choice").first.click()
    await reach_a_time(page)
    await visitor.check()
    await page.locator(".slot").first.click()
    await step(page, "person").wait_for()
    await visitor.check()
    await expect(page.locator('.languages [aria-current="true"]')).to_have_text(name)


async def test_persian_dates_are_jalali_with_persian_digits(visiting: Any) -> None:
    visitor = await visiting(locale="fa", width=360)
    page = visitor.page
    await visitor.go("/book/demo-ir")
    await page.locator(".choice").first.click()
    await choose_branch(page)
    await page.locator(".people .choice").first.click()
    await reach_a_time(page)
    months = "فروردین|اردیبهشت|خرداد|تیر|مرداد|شهریور|مهر|آبان|آذر|دی|بهمن|اسفند"
    await expect(page.locator(".slots-day")).to_have_text(re.compile(f"^\\S+ [۰-۹]+ ({months})$"))
    await expect(page.locator(".slot").first).to_have_text(re.compile("^[۰-۹]{2}:[۰-۹]{2}$"))


async def test_another_language_keeps_what_was_chosen(visiting: Any) -> None:
    visitor = await visiting()
    page = visitor.page
    await visitor.go("/book/demo-kz")
    await page.get_by_role("button", name=HYGIENE).click()
    await step(page, "practitioner").wait_for()
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(step(page, "practitioner")).to_be_visible()
    await expect(page.locator(".summary")).to_contain_text("Professional hygiene")


async def test_times_are_those_of_the_branch_and_not_of_the_visitor(visiting: Any, clinic: Any) -> None:
    visitor = await visiting(timezone_id="America/Sao_Paulo")
    page = visitor.page
    service = (await clinic.directory("services"))[0]
    slot = (await clinic.slots(service_id=service["service_id"], days=14))[0]
    await visitor.go(
        f"/book/demo-kz?service={service['service_id']}&branch={slot['branch_id']}"
        f"&practitioner={slot['practitioner_id']}"
    )
    await reach_a_time(page)
    first = page.locator(".slot").first
    from datetime import datetime
    from zoneinfo import ZoneInfo

    shown = datetime.fromisoformat(str(await first.get_attribute("data-starts-at")))
    await expect(first).to_have_text(shown.astimezone(ZoneInfo("Asia/Almaty")).strftime("%H:%M"))


async def test_without_javascript_there_is_a_phone_to_call(visiting: Any) -> None:
    visitor = await visiting(width=360, java_script_enabled=False)
    await visitor.go("/book/demo-kz")
    await expect(visitor.page.locator('a[href^="tel:"]').first).to_be_visible()


async def test_the_start_page_leads_to_every_network(visiting: Any) -> None:
    visitor = await visiting(width=360)
    await visitor.go("/")
    await visitor.check()
    for network in ("demo-kz", "demo-br", "demo-ir", "demo-fr", "demo-tw"):
        await expect(visitor.page.locator(f'a[href="/book/{network}"]')).to_be_visible()
    await expect(visitor.page.locator(".sandbox a")).to_be_visible()


# --- the link to one appointment ------------------------------------------------------------------------


@pytest.fixture
async def link(clinic: Any, person: Any) -> str:
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    slot = (await clinic.slots(service_id=service["service_id"], days=21))[-1]
    booked = await clinic.book(service["service_id"], slot, person)
    assert booked.status_code == 201, booked.text
    return "/l/" + str(booked.json()["manage_url"]).rsplit("/", 1)[1]


async def test_a_patient_confirms_moves_and_cancels_by_the_link(visiting: Any, link: str) -> None:
    visitor = await visiting(width=360)
    page = visitor.page
    await visitor.go(link)
    await expect(page.locator(".chip")).to_have_text("Ждёт подтверждения")
    await visitor.check()
    await page.get_by_role("button", name="Подтвердить").click()
    await expect(page.locator(".chip")).to_have_text("Подтверждена")
    before = await page.locator(".when").inner_text()

    await page.get_by_role("button", name="Перенести").click()
    await reach_a_time(page)
    await visitor.check()
    await page.locator(".slot").last.click()
    await expect(page.get_by_role("status").filter(has_text="время изменено")).to_be_visible()
    assert await page.locator(".when").inner_text() != before

    await page.get_by_role("button", name="Отменить запись").click()
    await visitor.check()
    await page.get_by_label("Заболел(а)").check()
    await page.locator("dialog").get_by_role("button", name="Отменить запись").click()
    await expect(page.locator(".chip")).to_have_text("Отменена")
    await expect(page.get_by_role("button", name="Перенести")).to_have_count(0)
    await page.reload()
    await expect(page.locator(".chip")).to_have_text("Отменена")
    await visitor.check()


async def test_a_link_that_is_not_ours_opens_nothing(visiting: Any, link: str) -> None:
    visitor = await visiting()
    await visitor.go(link[:-6] + "AAAAAA")
    await expect(visitor.page.get_by_role("heading")).to_have_text("Ссылка неверна")
    await visitor.check()


async def test_a_booking_knows_by_which_way_it_came(
    visiting: Any, clinic: Any, person: Any, known_patient: Any
) -> None:
    visitor = await visiting(width=360)
    page = visitor.page
    campaign = "018f2b6e-0000-7000-8000-000000000001"
    await visitor.go(f"/book/demo-kz?source=instagram&campaign={campaign}&utm_source=story")
    await to_the_form(page)
    await submit(page, person.full_name, person.phone)
    await step(page, "done").wait_for()
    headers = await clinic.login("reception")
    patient = await known_patient(clinic, headers, person.phone)
    (appointment,) = (await clinic.whole_view(patient))["appointments"]["data"]["upcoming"]
    assert (appointment["source"], appointment["campaign_id"]) == ("instagram", campaign)


async def test_an_order_that_finds_an_owner_away_is_sent_again_as_the_same_order(
    visiting: Any, person: Any
) -> None:
    visitor = await visiting(width=360)
    page = visitor.page
    sent = await visitor.without("**/bookings", times=2)
    await visitor.go("/book/demo-kz")
    await to_the_form(page)
    await submit(page, person.full_name, person.phone)
    await step(page, "done").wait_for()
    keys = [one.headers["idempotency-key"] for one in sent]
    assert keys == [keys[0]] * 3
    assert await page.get_by_role("alert").count() == 0


async def test_who_is_offline_is_told_at_once_and_can_book_afterwards(visiting: Any, person: Any) -> None:
    visitor = await visiting(width=360)
    page = visitor.page
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    await visitor.go("/book/demo-kz")
    await to_the_form(page)
    await visitor.context.set_offline(True)
    await submit(page, person.full_name, person.phone)
    await expect(page.get_by_role("alert")).to_contain_text("Нет связи.")
    assert [url for url in failed if url.endswith("/bookings")] == failed[-1:]
    await visitor.context.set_offline(False)
    await page.locator('button[type="submit"]').click()
    await step(page, "done").wait_for()


async def test_lost_answers_and_a_second_press_book_once(visiting: Any, person: Any) -> None:
    visitor = await visiting(width=360)
    page = visitor.page
    lost: list[Any] = []

    async def lose_the_answer(route: Any) -> None:
        lost.append(await route.fetch())
        await route.abort()

    await visitor.context.route("**/bookings", lose_the_answer)
    await visitor.go("/book/demo-kz")
    await to_the_form(page)
    await submit(page, person.full_name, person.phone)
    await expect(page.get_by_role("alert")).to_contain_text("Нет связи.")
    await visitor.context.unroute("**/bookings")
    assert {answer.status for answer in lost} == {201}
    await page.locator('button[type="submit"]').click()
    await step(page, "done").wait_for()
    booked = (await lost[0].json())["manage_url"].rsplit("/", 1)[1]
    assert await step(page, "done").locator(f'a[href="/l/{booked}"]').count() == 1
