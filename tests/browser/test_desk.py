"""The pages of staff: the day board and its acts, live; patients, tasks and the set-up of a network."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from .board import act, row

pytestmark = pytest.mark.browser

ALMATY = ZoneInfo("Asia/Almaty")


class Day:
    """A working day of one branch that lies ahead, with a free slot of the hygiene."""

    def __init__(self, service: dict[str, Any], slot: dict[str, Any], free: list[dict[str, Any]]) -> None:
        self.service = service
        self.slot = slot
        self.free = free
        self.starts_at = datetime.fromisoformat(slot["starts_at"])
        self.date = self.starts_at.astimezone(ALMATY).date().isoformat()
        self.time = self.starts_at.astimezone(ALMATY).strftime("%H:%M")
        self.path = f"/desk?branch={slot['branch_id']}&date={self.date}"

    def holds(self, slot: dict[str, Any]) -> bool:
        starts_at = datetime.fromisoformat(slot["starts_at"])
        return starts_at.astimezone(ALMATY).date().isoformat() == self.date


@pytest.fixture
async def day(clinic: Any) -> Day:
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    ahead = (await clinic.now()).date() + timedelta(days=2)
    free = await clinic.slots(service_id=service["service_id"], days=14, **{"from": ahead.isoformat()})
    of_one = [one for one in free if one["practitioner_id"] == free[0]["practitioner_id"]]
    return Day(service, of_one[0], of_one[1:])


async def booked(clinic: Any, day: Day, who: Any, slot: dict[str, Any] | None = None) -> str:
    answer = await clinic.book(day.service["service_id"], slot or day.slot, who)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["appointment"]["id"])


async def test_who_is_not_logged_in_is_asked_to_and_then_gets_where_they_wanted(
    visiting: Any, day: Day
) -> None:
    visitor = await visiting(width=360)
    page = visitor.page
    await visitor.go(day.path)
    await page.wait_for_url("**/login?next=**")
    await visitor.check()
    await page.get_by_label("E-mail").fill("reception@demo-kz.example")
    await page.locator("#password").fill("not the password")
    await page.keyboard.press("Enter")
    await expect(page.locator("#announcement")).to_have_text("Неверный e-mail или пароль.")
    await page.locator("#password").fill("vinculo-demo")
    await page.keyboard.press("Enter")
    await expect(page.locator("#day")).to_have_value(day.date)
    await page.get_by_role("button", name="Выйти").click()
    await page.wait_for_url("**/login")
    await visitor.go("/desk")
    await page.wait_for_url("**/login?next=**")


@pytest.mark.parametrize(
    "address",
    [
        "//elsewhere.example/desk",
        "https://elsewhere.example",
        "/\t/elsewhere.example",
        "/\\elsewhere.example",
    ],
)
async def test_the_login_follows_no_address_of_another_site(at_the_desk: Any, address: str) -> None:
    visitor = await at_the_desk(path=address)
    assert visitor.page.url == visitor.address + "/desk"


async def test_a_booking_made_elsewhere_appears_on_the_board_by_itself(
    at_the_desk: Any, clinic: Any, day: Day, people: Any
) -> None:
    visitor = await at_the_desk(path=day.path)
    page = visitor.page
    await expect(page.locator("#live")).to_have_text("Обновляется")
    who = people("Салтанат Живая")
    appointment = await booked(clinic, day, who)
    await expect(row(page, appointment)).to_contain_text(day.time)
    await expect(row(page, appointment)).to_contain_text("Салтанат Живая")
    await expect(row(page, appointment)).to_contain_text(who.phone)
    await visitor.check()


async def test_the_board_says_when_it_is_cut_off_and_catches_up_afterwards(
    at_the_desk: Any, clinic: Any, day: Day, people: Any
) -> None:
    visitor = await at_the_desk(path=day.path)
    page = visitor.page
    await expect(page.locator("#live")).to_have_text("Обновляется")
    await visitor.context.set_offline(True)
    await expect(page.locator("#live")).to_have_text("Нет связи: данные могут устареть")
    appointment = await booked(clinic, day, people("Пока Без Связи"))
    await visitor.context.set_offline(False)
    await expect(page.locator("#live")).to_have_text("Обновляется")
    await expect(row(page, appointment)).to_be_visible()


async def test_the_desk_confirms_moves_and_cancels(
    at_the_desk: Any, clinic: Any, day: Day, people: Any
) -> None:
    appointment = await booked(clinic, day, people("Дамир Переносов"))
    visitor = await at_the_desk(path=day.path)
    page = visitor.page
    await act(page, appointment, "confirm")
    await expect(row(page, appointment).locator(".cell-status .chip")).to_have_text("Подтверждён")

    await act(page, appointment, "move")
    dialog = page.get_by_role("dialog")
    await dialog.locator(".slot").first.wait_for()
    await visitor.check()
    later = dialog.locator(".slot").last
    time = await later.inner_text()
    await later.click()
    await expect(page.locator("#announcement")).to_contain_text("Перенесено: ")
    await expect(page.locator("#announcement")).to_contain_text(time)
    await expect(row(page, appointment).locator(".row-time")).to_have_text(time)

    await act(page, appointment, "cancel")
    await dialog.get_by_label("Причина").select_option("ill")
    await visitor.check()
    await dialog.get_by_role("button", name="Отменить").click()
    await expect(row(page, appointment).locator(".cell-status .chip")).to_have_text("Отменён")
    await expect(row(page, appointment).locator("button")).to_have_count(0)


async def test_somebody_elses_change_is_shown_and_not_overwritten(
    at_the_desk: Any, clinic: Any, day: Day, people: Any
) -> None:
    appointment = await booked(clinic, day, people("Одновременно Двое"))
    visitor = await at_the_desk()
    page = visitor.page
    await visitor.context.route("**/api/v1/events", lambda route: route.abort())
    await visitor.go(day.path)
    await row(page, appointment).wait_for()
    # Nothing is missing, which it would look for again.
    await expect(page.locator(".board .notice")).to_have_count(0)
    await expect(page.locator("#live")).to_have_text("Восстанавливаем связь…")
    headers = await clinic.login("manager")
    meanwhile = await clinic.http.post(
        f"/api/v1/appointments/{appointment}/check-in", json={}, headers=headers
    )
    assert meanwhile.status_code == 200, meanwhile.text
    await act(page, appointment, "cancel")
    await page.get_by_role("dialog").get_by_role("button", name="Отменить").click()
    await expect(page.locator("#announcement")).to_contain_text("Кто-то уже изменил это.")
    await expect(row(page, appointment).locator(".cell-status .chip")).to_have_text("Пришёл")


async def test_a_visit_is_completed_with_its_payment_and_undone(
    at_the_desk: Any, clinic: Any, day: Day, people: Any
) -> None:
    appointment = await booked(clinic, day, people("Марат Оплатов"))
    await clinic.move_clock(day.starts_at + timedelta(minutes=5))
    visitor = await at_the_desk(path=day.path)
    page = visitor.page
    status = row(page, appointment).locator(".cell-status")
    await act(page, appointment, "check-in")
    await expect(status).to_contain_text("Пришёл")
    await act(page, appointment, "complete")
    dialog = page.get_by_role("dialog")
    await visitor.check()
    await dialog.get_by_label("Сумма").fill("двадцать")
    await dialog.get_by_role("button", name="Завершить визит").click()
    await expect(dialog.get_by_text("Введите сумму числом.")).to_be_visible()
    await dialog.get_by_label("Сумма").fill("25 000")
    await dialog.get_by_label("Способ оплаты").select_option("card")
    await dialog.get_by_role("button", name="Завершить визит").click()
    await expect(status).to_contain_text("Состоялся")
    await expect(status).to_contain_text(re.compile(r"25\s000"))
    headers = await clinic.login("manager")
    kept = (await clinic.http.get(f"/api/v1/appointments/{appointment}", headers=headers)).json()
    assert kept["appointment"]["visit"]["paid"] == {"amount": 2500000, "currency": "KZT"}

    await act(page, appointment, "correct")
    await dialog.get_by_role("button", name="Вернуть назад").click()
    await expect(dialog.get_by_text("Напишите причину.")).to_be_visible()
    await dialog.get_by_label("Причина").fill("не тот пациент")
    await dialog.get_by_role("button", name="Вернуть назад").click()
    await expect(status).to_contain_text("Пришёл")


async def test_a_patient_is_found_by_phone_in_any_shape_and_booked(
    at_the_desk: Any, clinic: Any, day: Day, people: Any, known_patient: Any
) -> None:
    who = people("Айша Звонящая")
    await booked(clinic, day, who)
    await known_patient(clinic, await clinic.login("reception"), who.phone)
    visitor = await at_the_desk(path=day.path)
    page = visitor.page
    national = f"8 ({who.phone[2:5]}) {who.phone[5:8]}-{who.phone[8:10]}-{who.phone[10:]}"
    await page.get_by_label("Телефон или имя").fill(national)
    await page.keyboard.press("Enter")
    await page.locator("#found .choice", has_text="Айша Звонящая").click()
    panel = page.locator(".patient")
    await expect(panel).to_contain_text(who.phone)
    await expect(panel).to_contain_text("Профессиональная гигиена")
    await visitor.check()

    await panel.get_by_role("button", name="Записать").click()
    dialog = page.get_by_role("dialog")
    await dialog.locator(".day").last.click()
    await dialog.locator(".slot, .empty button").first.wait_for()
    if not await dialog.locator(".slot").count():
        await dialog.locator(".empty button").click()
    await visitor.check()
    await dialog.locator(".slot").last.click()
    await expect(page.locator("#announcement")).to_contain_text("Записано: ")

    await panel.get_by_role("link", name="Вся карта").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Айша Звонящая")
    for part in ("profile", "appointments", "communications", "consents", "recall"):
        await expect(page.locator(f'[data-part="{part}"]')).to_have_attribute("data-status", "ok")
    await visitor.check()


async def test_a_walk_in_is_registered_booked_and_checked_in_at_once(
    at_the_desk: Any, clinic: Any, day: Day, people: Any
) -> None:
    await clinic.move_clock(day.starts_at)
    who = people("Внезапный Гость")
    visitor = await at_the_desk(path=day.path)
    page = visitor.page
    await page.get_by_role("button", name="Без записи", exact=True).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Принять сейчас").click()
    await expect(dialog.get_by_label("Имя и фамилия")).to_be_focused()
    await dialog.get_by_label("Имя и фамилия").fill(who.full_name)
    await dialog.get_by_label("Телефон").fill(who.phone)
    await dialog.get_by_label("Услуга").select_option(day.service["service_id"])
    await dialog.get_by_label("Специалист").select_option(day.slot["practitioner_id"])
    await visitor.check()
    await dialog.get_by_role("button", name="Принять сейчас").click()
    await expect(page.locator(".row", has_text="Внезапный Гость").locator(".cell-status")).to_contain_text(
        "Пришёл"
    )


async def test_the_desk_is_usable_on_a_phone_and_by_keyboard(
    at_the_desk: Any, clinic: Any, day: Day, people: Any
) -> None:
    appointment = await booked(clinic, day, people("Телефонная Строка"))
    visitor = await at_the_desk(path=day.path, width=360)
    page = visitor.page
    await visitor.press(row(page, appointment).locator('[data-act="confirm"]'))
    await expect(row(page, appointment).locator(".cell-status .chip")).to_have_text("Подтверждён")
    await expect(row(page, appointment).locator("button").first).to_be_focused()
    await visitor.press(row(page, appointment).locator("summary"))
    await visitor.press(row(page, appointment).locator('[data-act="move"]'))
    await page.get_by_role("dialog").locator(".slot").first.wait_for()
    await visitor.check()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_row_that_is_drawn_anew_keeps_the_keyboard_at_the_same_control(
    at_the_desk: Any, clinic: Any, day: Day, people: Any
) -> None:
    appointment = await booked(clinic, day, people("Перед Клавишей"))
    visitor = await at_the_desk(path=day.path)
    page = visitor.page
    more, name = (row(page, appointment).locator(one) for one in ("summary", ".cell-patient a >> nth=0"))
    await visitor.tab_to(more)
    last = [one for one in day.free if day.holds(one)][-1]
    other = await booked(clinic, day, people("Рядом Новый"), last)
    await row(page, other).wait_for()
    await expect(more).to_be_focused()
    await visitor.tab_to(name)
    path, headers = f"/api/v1/appointments/{other}/confirm", await clinic.login("reception")
    assert (await clinic.http.post(path, json={}, headers=headers)).status_code == 200
    await expect(row(page, other).locator(".cell-status .chip")).to_have_text("Подтверждён")
    await expect(name).to_be_focused()


async def test_the_board_says_who_has_moved_and_how_many_rows_it_leaves_out(
    at_the_desk: Any, clinic: Any, day: Day, people: Any
) -> None:
    appointment = await booked(clinic, day, people("Дважды Переехал"))
    headers = await clinic.login("reception")
    for slot in [one for one in day.free if day.holds(one)][-2:]:
        moved = await clinic.http.post(
            f"/api/v1/appointments/{appointment}/reschedule",
            json={"starts_at": slot["starts_at"], "practitioner_id": slot["practitioner_id"]},
            headers=headers,
        )
        assert moved.status_code == 200, moved.text
    visitor = await at_the_desk()
    await visitor.answered_otherwise("**/api/v1/day-board?*", lambda board: board.update(left_out=17))
    await visitor.go(day.path)
    await expect(row(visitor.page, appointment).locator(".cell-status")).to_contain_text("Переносов: 2")
    await expect(visitor.page.locator(".board .notice")).to_contain_text("Ещё записей на этот день: 17")
    await visitor.check()


async def test_whoever_is_about_to_press_one_act_never_presses_another(
    at_the_desk: Any, clinic: Any, day: Day, people: Any
) -> None:
    appointment = await booked(clinic, day, people("Сама Подтвердила"))
    visitor = await at_the_desk(path=day.path)
    await visitor.tab_to(row(visitor.page, appointment).locator('[data-act="confirm"]'))
    path, headers = f"/api/v1/appointments/{appointment}/confirm", await clinic.login("manager")
    assert (await clinic.http.post(path, json={}, headers=headers)).status_code == 200
    await expect(row(visitor.page, appointment).locator(".cell-status .chip")).to_have_text("Подтверждён")
    await expect(row(visitor.page, appointment)).to_be_focused()


async def test_a_press_into_which_live_news_falls_is_not_lost(
    at_the_desk: Any, clinic: Any, day: Day, people: Any
) -> None:
    appointment = await booked(clinic, day, people("Долгое Нажатие"))
    await clinic.settle()
    visitor = await at_the_desk(path=day.path)
    page = visitor.page
    await expect(page.locator("#live")).to_have_text("Обновляется")
    await row(page, appointment).locator('[data-act="check-in"]').hover()
    await page.mouse.down()
    async with page.expect_response("**/api/v1/day-board?*"):
        await booked(clinic, day, people("Как Раз Тогда"), [one for one in day.free if day.holds(one)][-1])
    await page.mouse.up()
    await expect(row(page, appointment).locator(".cell-status .chip")).to_have_text("Пришёл")
    await expect(page.locator(".row", has_text="Как Раз Тогда")).to_be_visible()


async def test_staff_work_in_english_too(at_the_desk: Any, day: Day) -> None:
    visitor = await at_the_desk(path=day.path, locale="en")
    await expect(visitor.page.get_by_role("button", name="Walk-in", exact=True)).to_be_visible()
    await visitor.check()


async def test_a_doctor_sees_no_set_up(at_the_desk: Any) -> None:
    visitor = await at_the_desk("doctor")
    page = visitor.page
    await expect(page.get_by_role("link", name="День")).to_be_visible()
    await expect(page.get_by_role("link", name="Настройка")).to_have_count(0)
    await visitor.go("/setup")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Нет доступа")


async def test_the_queue_of_tasks_is_shown(at_the_desk: Any) -> None:
    visitor = await at_the_desk(path="/tasks")
    await expect(visitor.page.locator("#queue .task, #queue .empty-day").first).to_be_visible()
    await visitor.check()


async def test_a_new_service_is_set_up_and_can_be_booked_online(
    at_the_desk: Any, visiting: Any, clinic: Any
) -> None:
    visitor = await at_the_desk("manager", path="/setup")
    page = visitor.page
    await page.get_by_role("button", name="Услуги").click()
    await page.get_by_role("button", name="Новая услуга").click()
    await visitor.check()
    name = page.get_by_role("group", name="Название")
    await name.get_by_label("Русский").fill("Чистка для двоих")
    await page.get_by_label("Длительность, мин").fill("45")
    await page.get_by_label("Цена, KZT").fill("12 500,50")
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.locator("#announcement")).to_have_text("Сохранено.")

    await page.get_by_role("button", name="Специалисты").click()
    await visitor.check()
    await page.locator(".setup .choice").first.click()
    await visitor.check()
    hours = page.get_by_role("group", name=re.compile("^Приём: ")).first
    before = await hours.locator('input[type="checkbox"]:checked').count()
    await page.get_by_role("group", name="Услуги").get_by_label("Чистка для двоих").check()
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.locator("#announcement")).to_have_text("Сохранено.")

    services = await clinic.directory("services")
    made = next(one for one in services if one["name"].get("ru") == "Чистка для двоих")
    assert (made["duration"], made["price"]) == (45, {"amount": 1250050, "currency": "KZT"})
    performing = [
        one for one in await clinic.directory("practitioners") if made["service_id"] in one["service_ids"]
    ]
    assert len(performing) == 1
    first_branch = performing[0]["working_hours"][0]["branch_id"]
    assert before == sum(rule["branch_id"] == first_branch for rule in performing[0]["working_hours"])

    patient = await visiting(width=360)
    await patient.go(f"/book/demo-kz?service={made['service_id']}")
    await expect(patient.page.locator(".summary")).to_contain_text("Чистка для двоих")


def unordered(value: Any) -> Any:
    """Lists of the directory are sets: services that are performed, hours that are worked."""
    return sorted(value, key=str) if isinstance(value, list) else value


@pytest.mark.parametrize("kind", ["branches", "practitioners", "services", "rooms"])
async def test_saving_what_was_not_touched_changes_nothing(at_the_desk: Any, clinic: Any, kind: str) -> None:
    headers = await clinic.login("manager")

    async def things() -> Any:
        found = (await clinic.http.get(f"/api/v1/directory/{kind}", headers=headers)).json()[kind]
        return [{name: unordered(value) for name, value in one.items()} for one in found]

    before = await things()
    visitor = await at_the_desk("manager", path=f"/setup#{kind}", width=360)
    page = visitor.page
    for number in range(min(len(before), 3)):
        await page.locator(".setup .choice").nth(number).click()
        await visitor.check()
        await page.get_by_role("button", name="Сохранить").click()
        await expect(page.locator("#add")).to_be_focused()
        await expect(page.locator("#announcement")).to_have_text("Сохранено.")
    assert await things() == before


async def test_unknown_allergies_never_look_like_none(
    at_the_desk: Any, clinic: Any, day: Day, people: Any
) -> None:
    appointment = await booked(clinic, day, people("Без Карты"))

    def without_cards(board: dict[str, Any]) -> None:
        board["unavailable"] = ["patient_profile"]
        for one in board["rows"]:
            one["patient"] = {"id": one["patient"]["id"], "status": "unknown"}
            one["alerts"] = {"status": "unknown", "allergy": "unknown", "items": []}

    visitor = await at_the_desk()
    await visitor.answered_otherwise("**/api/v1/day-board?*", without_cards)
    await visitor.go(day.path)
    page = visitor.page
    await expect(row(page, appointment)).to_contain_text("Аллергии: неизвестно")
    await expect(row(page, appointment)).to_contain_text("Пациент (карта недоступна)")
    await expect(page.locator(".board .notice")).to_contain_text("карты пациентов")
    await visitor.check()


async def test_an_allergy_is_seen_on_the_board_in_the_search_and_on_the_card(
    at_the_desk: Any, clinic: Any, day: Day, people: Any, known_patient: Any
) -> None:
    who = people("Лидия Аллергова")
    appointment = await booked(clinic, day, who)
    headers = await clinic.login("reception")
    patient = await known_patient(clinic, headers, who.phone)
    told = await clinic.http.patch(
        f"/api/v1/patients/{patient}",
        json={"alerts": [{"kind": "allergy", "text": "лидокаин"}]},
        headers=headers,
    )
    assert told.status_code == 200, told.text
    visitor = await at_the_desk(path=day.path)
    page = visitor.page
    await expect(row(page, appointment)).to_contain_text("Аллергия: лидокаин")
    await page.get_by_label("Телефон или имя").fill(who.phone)
    await page.keyboard.press("Enter")
    await expect(page.locator("#found .choice", has_text=who.full_name)).to_contain_text("лидокаин")
    await row(page, appointment).get_by_role("link", name=who.full_name).click()
    await expect(page.locator('[data-part="profile"]')).to_contain_text("Аллергия: лидокаин")


async def test_a_missing_part_of_the_whole_view_says_so_and_the_others_are_shown(
    at_the_desk: Any, clinic: Any, day: Day, people: Any, known_patient: Any
) -> None:
    who = people("Четыре Части")
    await booked(clinic, day, who)
    headers = await clinic.login("reception")
    patient = await known_patient(clinic, headers, who.phone)

    def without_recall(view: dict[str, Any]) -> None:
        view["sections"]["recall"] |= {"status": "unavailable", "data": None}

    visitor = await at_the_desk()
    await visitor.answered_otherwise("**/360", without_recall)
    await visitor.go(f"/patients/{patient}")
    page = visitor.page
    await expect(page.locator('[data-part="recall"]')).to_contain_text("Это не значит, что ничего нет.")
    await expect(page.locator('[data-part="appointments"]')).to_contain_text("Профессиональная гигиена")
    await visitor.check()
