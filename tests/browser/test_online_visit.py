"""The page of an online visit on a phone, in a language that runs from right to left."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from .board import act

pytestmark = pytest.mark.browser


@pytest.fixture
async def tehran(clinic: Any) -> Any:
    """A client of the demo network of Iran."""
    opened = type(clinic)(clinic.system, "demo-ir")
    yield opened
    await opened.close()


async def booked(clinic: Any, person: Any) -> dict[str, Any]:
    service = next(one for one in await clinic.directory("services") if one["virtual"])
    first = (await clinic.now()).date() + timedelta(days=1)
    slots = await clinic.slots(service_id=service["service_id"], days=14, **{"from": first.isoformat()})
    answer = await clinic.book(service["service_id"], slots[0], person)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_patient_confirms_waits_and_joins_on_a_narrow_page_from_right_to_left(
    visiting: Any, tehran: Any, person: Any
) -> None:
    person.locale = "fa"
    found = await booked(tehran, person)
    starts = datetime.fromisoformat(found["appointment"]["starts_at"])
    visitor = await visiting(locale="fa", width=360)
    await visitor.go(found["manage_url"])
    page = visitor.page
    await expect(page.locator(".facts")).to_contain_text("آنلاین")
    await visitor.check()
    await page.get_by_role("button", name="تأیید می‌کنم").click()
    await expect(page.locator("main")).to_contain_text("زمان ورود")

    token = await _visit_token(tehran, found)
    await visitor.go(f"/v/{token}")
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
    await expect(page.get_by_role("heading", level=1)).to_have_text("نوبت آنلاین شما")
    await expect(page.locator("main")).to_contain_text("زمان ورود")
    await expect(page.get_by_role("button", name="ورود", exact=True)).to_have_count(0)
    await visitor.check()

    await tehran.move_clock(starts - timedelta(minutes=5))
    await page.reload()
    await visitor.check()
    await visitor.press(page.get_by_role("button", name="ورود", exact=True))
    await page.wait_for_url("**/meetings/*")
    assert page.url.startswith(tehran.system.sandbox)


async def _visit_token(tehran: Any, found: dict[str, Any]) -> str:
    """As the calendar file carries it, which the patient can download."""
    token = found["manage_url"].rpartition("/")[2]
    file: str = (await tehran.http.get(f"/api/v1/links/{token}/calendar.ics")).text
    unfolded = file.replace("\r\n ", "")
    return unfolded.partition("/v/")[2].split("\r\n")[0]


async def test_a_link_that_nobody_made_says_so(visiting: Any) -> None:
    visitor = await visiting(locale="fa", width=360)
    await visitor.go("/v/AAAA")
    await expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    await expect(visitor.page.get_by_role("alert")).to_be_visible()
    await visitor.check()


async def test_the_reception_joins_from_the_desk_in_the_visits_time(
    at_the_desk: Any, clinic: Any, person: Any
) -> None:
    found = await booked(clinic, person)
    appointment = found["appointment"]
    starts = datetime.fromisoformat(appointment["starts_at"])
    token = found["manage_url"].rpartition("/")[2]
    await clinic.http.post(f"/api/v1/links/{token}/confirm")
    place, day = appointment["branch_id"], starts.astimezone(ZoneInfo("Asia/Almaty")).date()
    path = f"/desk?branch={place}&date={day}"

    early = await at_the_desk(path=path)
    await act(early.page, appointment["id"], "join")
    await expect(early.page.locator("#announcement")).to_contain_text("Ещё рано")

    await clinic.move_clock(starts - timedelta(minutes=5))
    visitor = await at_the_desk(path=path)
    async with visitor.context.expect_page() as opened:
        await act(visitor.page, appointment["id"], "join")
    room = await opened.value
    await room.wait_for_url("**/meetings/*")
    await visitor.check()
