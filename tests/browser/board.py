"""Rows of the day board, and their acts, as the desk presses them."""

from playwright.async_api import Error, Locator, Page

TRIES = (3_000, 3_000, 15_000)
"""Milliseconds for each try to press something on a board that follows live."""


def row(page: Page, appointment_id: str) -> Locator:
    return page.locator(f'[data-appointment="{appointment_id}"]')


async def act(page: Page, appointment_id: str, what: str) -> None:
    """Press an act of a row, under "more" where it is there; a row that is drawn anew meanwhile is looked for again."""
    button = row(page, appointment_id).locator(f'[data-act="{what}"]')
    await button.wait_for(state="attached")
    for patience in TRIES:
        try:
            if not await button.is_visible():
                await row(page, appointment_id).locator("details.more > summary").click(timeout=patience)
            await button.click(timeout=patience)
        except Error:
            if patience == TRIES[-1]:
                raise
        else:
            return
