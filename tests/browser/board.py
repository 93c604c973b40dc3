"""Rows of the day board, and their acts, as the desk presses them."""

from playwright.async_api import Locator, Page


def row(page: Page, appointment_id: str) -> Locator:
    return page.locator(f'[data-appointment="{appointment_id}"]')


async def act(page: Page, appointment_id: str, what: str) -> None:
    """Press an act of a row, under "more" where it is there: a menu that has the keyboard stays open, however often
    the row is drawn anew meanwhile."""
    own = row(page, appointment_id)
    button = own.locator(f'[data-act="{what}"]')
    await button.wait_for(state="attached")
    while not await button.is_visible():
        await own.locator("details.more > summary").click()
        await button.wait_for(state="attached")
    await button.click()
