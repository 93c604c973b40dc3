"""Links that lead into the widget with something chosen already, as invitations and appointments make them."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

pytestmark = pytest.mark.browser


def step(page: Page, name: str) -> Any:
    return page.locator(f'.step[data-step="{name}"]')


async def book(page: Page, person: Any) -> None:
    """From the times on, by what stands first."""
    await page.locator(".slot, .empty button").first.wait_for()
    if not await page.locator(".slot").count():
        await page.locator(".empty button").click()
    await page.locator(".slot").first.click()
    await page.locator('input[name="name"]').fill(person.full_name)
    await page.locator('input[name="phone"]').fill(person.phone)
    await page.locator('button[type="submit"]').click()
    await step(page, "done").wait_for()


@pytest.fixture
async def slot(clinic: Any) -> dict[str, Any]:
    """A free time of hygiene, with its service."""
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    first = (await clinic.now()).date() + timedelta(days=3)
    slots = await clinic.slots(service_id=service["service_id"], days=14, **{"from": first.isoformat()})
    return {**slots[-1], "service_id": service["service_id"]}


def link(slot: dict[str, Any], **more: str) -> str:
    known = {name: slot[f"{name}_id"] for name in ("service", "practitioner", "branch")}
    return f"/book/demo-kz?{urlencode({**known, **more})}"


async def test_an_invitation_opens_at_the_times_of_its_practitioner_and_its_booking_says_so(
    visiting: Any, clinic: Any, person: Any, known_patient: Any, slot: dict[str, Any]
) -> None:
    visitor, campaign = await visiting(width=360), str(uuid4())
    await visitor.go(link(slot, campaign=campaign, source="recall"))
    await step(visitor.page, "time").wait_for()
    await visitor.check()
    await book(visitor.page, person)
    desk = await clinic.login("reception")
    patient = await known_patient(clinic, desk, person.phone)
    [appointment] = (await clinic.whole_view(patient))["appointments"]["data"]["upcoming"]
    assert (appointment["source"], appointment["campaign_id"]) == ("recall", campaign)
    for name in ("service_id", "practitioner_id", "branch_id"):
        assert appointment[name] == slot[name]


@pytest.mark.parametrize(
    ("strange", "opens_at"),
    [
        ({"practitioner": str(uuid4())}, "practitioner"),
        ({"practitioner": "<b>", "campaign": "not-a-campaign", "source": "elsewhere"}, "practitioner"),
        ({"branch": str(uuid4())}, "time"),
        ({"service": str(uuid4())}, "service"),
        ({"campaign": "' OR 1=1"}, "time"),
    ],
)
async def test_what_a_link_names_and_is_not_there_is_passed_over(
    visiting: Any, person: Any, slot: dict[str, Any], strange: dict[str, str], opens_at: str
) -> None:
    visitor = await visiting(width=360)
    page = visitor.page
    await visitor.go(link(slot, **strange))
    await page.locator(".step").wait_for()
    await expect(step(page, opens_at)).to_be_visible()
    await visitor.check()
    if opens_at == "service":
        await page.get_by_role("button", name="Профессиональная гигиена").click()
    if opens_at == "practitioner":
        await page.locator(".people .choice").first.click()
    await step(page, "time").wait_for()
    await book(page, person)


async def test_a_cancelled_visit_leads_to_the_same_practitioner_again(
    visiting: Any, clinic: Any, person: Any, slot: dict[str, Any]
) -> None:
    booked = (await clinic.book(slot["service_id"], slot, person)).json()
    token = str(booked["manage_url"]).rsplit("/", 1)[1]
    gone = await clinic.http.post(f"/api/v1/links/{token}/cancel", json={"reason": "busy"})
    assert gone.status_code == 200, gone.text
    visitor = await visiting(width=360)
    await visitor.go(f"/l/{token}")
    await visitor.page.get_by_role("link", name="Записаться снова").click()
    await step(visitor.page, "time").wait_for()
    name = next(
        one["name_forms"]["display"]["ru"]
        for one in await clinic.directory("practitioners")
        if one["practitioner_id"] == slot["practitioner_id"]
    )
    await expect(visitor.page.locator(".summary")).to_contain_text(name)
    await visitor.check()
