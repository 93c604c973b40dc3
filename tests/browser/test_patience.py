"""Pages are good clients: what finds an owner away is asked again, for a while, before anybody is troubled with it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.browser


async def met(clinic: Any, person: Any, known_patient: Any) -> str:
    """Somebody whom the clinic knows, since they have booked."""
    service = (await clinic.directory("services"))[0]["service_id"]
    slot = (await clinic.slots(service_id=service, days=14))[-1]
    assert (await clinic.book(service, slot, person)).status_code == 201
    return str(await known_patient(clinic, await clinic.login("reception"), person.phone))


@pytest.fixture
def beside_the_desk(at_the_desk: Any) -> Callable[[], Any]:
    """Somebody whom no live update makes look, and who looks at no board yet: what is asked for next is asked by the
    next page, by itself."""

    async def enter() -> Any:
        visitor = await at_the_desk(path="/tasks")
        await visitor.context.route("**/api/v1/events", lambda route: route.abort())
        return visitor

    return enter


async def test_a_page_whose_owner_was_away_comes_up_by_itself(at_the_desk: Any) -> None:
    visitor = await at_the_desk()
    asked = await visitor.without("**/api/v1/directory", times=2)
    await visitor.go("/desk")
    await expect(visitor.page.locator("#desk-title")).not_to_be_empty()
    assert len(asked) == 3


async def test_a_board_whose_owner_was_away_is_filled_without_a_word(beside_the_desk: Any) -> None:
    visitor = await beside_the_desk()
    asked = await visitor.without("**/api/v1/day-board?*", times=2)
    await visitor.go("/desk")
    await expect(visitor.page.locator("#desk-title")).not_to_be_empty()
    await expect(visitor.page.locator("#announcement")).to_be_empty()
    assert len(asked) == 3


async def test_a_search_whose_owner_was_away_finds_somebody(
    at_the_desk: Any, clinic: Any, person: Any, known_patient: Any
) -> None:
    await met(clinic, person, known_patient)
    visitor = await at_the_desk()
    asked = await visitor.without("**/api/v1/patients/search", times=2)
    await visitor.page.get_by_role("searchbox", name="Телефон или имя").fill(person.phone)
    await visitor.page.get_by_role("button", name="Найти").click()
    await expect(visitor.page.locator("#found .choice", has_text=person.full_name).first).to_be_visible()
    assert len(asked) == 3


async def test_a_page_whose_owner_stays_away_says_so_after_a_few_tries(at_the_desk: Any) -> None:
    visitor = await at_the_desk()
    asked = await visitor.without("**/api/v1/directory", times=float("inf"))
    await visitor.go("/desk")
    await expect(visitor.page.get_by_role("alert")).to_be_visible()
    assert 1 < len(asked) <= 4
    await visitor.check()
    await visitor.context.unroute("**/api/v1/directory")
    await visitor.page.get_by_role("button", name="Попробовать ещё раз").click()
    await expect(visitor.page.locator("#desk-title")).not_to_be_empty()


async def test_a_board_that_said_why_it_is_empty_is_filled_when_its_owner_is_back(
    beside_the_desk: Any,
) -> None:
    visitor = await beside_the_desk()
    page = visitor.page
    await visitor.without("**/api/v1/day-board?*", times=float("inf"))
    await visitor.go("/desk")
    await expect(page.locator("#announcement")).not_to_be_empty()
    await visitor.context.unroute("**/api/v1/day-board?*")
    await expect(page.locator("#desk-title")).not_to_be_empty()
    await expect(page.locator("#announcement")).to_be_empty()


async def test_a_section_that_was_missing_comes_by_itself_and_leaves_the_others_as_they_are(
    at_the_desk: Any, clinic: Any, person: Any, known_patient: Any
) -> None:
    patient_id = await met(clinic, person, known_patient)
    visitor = await at_the_desk()
    page = visitor.page

    def without_messages(view: dict[str, Any]) -> None:
        view["sections"]["communications"] = {"status": "unavailable", "data": None}

    await visitor.answered_otherwise("**/api/v1/patients/*/360", without_messages)
    await visitor.go(f"/patients/{patient_id}")
    missing = page.locator('[data-part="communications"]')
    await expect(missing).to_have_attribute("data-status", "unavailable")
    await expect(page.get_by_role("heading", level=1)).to_have_text(person.full_name)
    await page.locator('[data-part="profile"]').evaluate("one => { one.dataset.seen = 'yes'; }")
    await visitor.context.unroute("**/api/v1/patients/*/360")
    await expect(missing).to_have_attribute("data-status", "ok")
    await expect(page.locator("#missing")).to_be_hidden()
    await expect(page.locator('[data-part="profile"]')).to_have_attribute("data-seen", "yes")
    await visitor.check()


async def test_what_was_missing_of_a_found_patient_comes_by_itself_and_leaves_the_keyboard_where_it_is(
    at_the_desk: Any, clinic: Any, person: Any, known_patient: Any
) -> None:
    await met(clinic, person, known_patient)
    visitor = await at_the_desk()
    page = visitor.page

    def without_visits(view: dict[str, Any]) -> None:
        view["sections"]["appointments"] = {"status": "unavailable", "data": None}

    await visitor.answered_otherwise("**/api/v1/patients/*/360", without_visits)
    await page.get_by_role("searchbox", name="Телефон или имя").fill(person.phone)
    await page.keyboard.press("Enter")
    await page.locator("#found .choice", has_text=person.full_name).click()
    visits = page.locator('#found [data-part="appointments"]')
    await expect(visits).to_have_attribute("data-status", "unavailable")
    whole = page.locator("#found").get_by_role("link", name="Вся карта")
    await whole.focus()
    await visitor.context.unroute("**/api/v1/patients/*/360")
    await expect(visits).to_have_attribute("data-status", "ok")
    await expect(visits.locator(".visit").first).to_be_visible()
    await expect(whole).to_be_focused()
    await visitor.check()


async def test_a_part_that_was_missing_on_the_board_is_looked_for_again(beside_the_desk: Any) -> None:
    visitor = await beside_the_desk()
    page = visitor.page

    def without_cards(board: dict[str, Any]) -> None:
        board.update(rows=[], unavailable=["patient_profile"])

    await visitor.answered_otherwise("**/api/v1/day-board?*", without_cards)
    await visitor.go("/desk")
    await expect(page.locator(".board .notice")).to_contain_text("карты пациентов")
    await visitor.context.unroute("**/api/v1/day-board?*")
    await expect(page.locator(".board .notice")).to_have_count(0)


@pytest.mark.parametrize("what", ["day-close", "conversations"])
async def test_a_page_that_lacks_names_looks_for_them_again(
    beside_the_desk: Any, eventually: Any, what: str
) -> None:
    visitor = await beside_the_desk()
    looks: list[Any] = []

    def without_names(told: dict[str, Any]) -> None:
        looks.append(told)
        told["unavailable"] = ["patient_profile"]

    async def again() -> bool:
        return len(looks) > 1

    await visitor.answered_otherwise(f"**/api/v1/{what}?*", without_names)
    await visitor.go(f"/{what}")
    await eventually(again)
