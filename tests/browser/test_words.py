"""What pages work out by themselves: amounts, digits, days and times, in a real browser's own Intl."""

from typing import Any

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.browser


async def ask(page: Page, module: str, function: str, *values: Any) -> Any:
    """What a function of one of the open page's modules gives."""
    return await page.evaluate(
        """async ([name, function_, values]) => {
          const script = document.querySelector('script[type="module"]').src;
          const module = await import(script.replace(/[^/]+$/, name));
          return module[function_](...values);
        }""",
        [module, function, list(values)],
    )


@pytest.fixture
async def page(visiting: Any) -> Page:
    visitor = await visiting()
    await visitor.go("/login")
    page: Page = visitor.page
    return page


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("25000", "KZT", 2500000),
        ("25 000", "KZT", 2500000),
        ("25\u00a0000,5", "KZT", 2500050),
        ("12.05", "EUR", 1205),
        ("۲۵۰۰۰", "IRR", 2500000),
        ("500", "TWD", 50000),
        ("0", "KZT", 0),
        ("12.345", "EUR", None),
        ("-5", "EUR", None),
        ("twenty", "EUR", None),
        ("", "EUR", None),
    ],
)
async def test_amounts_are_read_as_people_type_them(
    page: Page, typed: str, currency: str, minor: int | None
) -> None:
    assert await ask(page, "numbers.js", "minorUnits", typed, currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency", "text"), [(2500000, "KZT", "25000"), (1205, "EUR", "12.05"), (5, "EUR", "0.05")]
)
async def test_an_amount_is_shown_as_it_would_be_typed(
    page: Page, amount: int, currency: str, text: str
) -> None:
    assert await ask(page, "numbers.js", "majorText", amount, currency) == text
    assert await ask(page, "numbers.js", "minorUnits", text, currency) == amount


@pytest.mark.parametrize(
    ("typed", "phone"),
    [("8 (701) 555-12-34", True), ("۰۹۱۲۳۴۵۶۷۸۹", True), ("Марат 2", False), ("1234", False)],
)
async def test_a_phone_is_told_from_a_name(page: Page, typed: str, phone: bool) -> None:
    assert await ask(page, "numbers.js", "looksLikePhone", typed) is phone


@pytest.mark.parametrize(
    ("network", "locale", "day"),
    [
        ("demo-kz", "ru", "вторник, 24 ноября 2026 г."),
        ("demo-kz", "kk", "2026 ж. 24 қараша, сейсенбі"),
        ("demo-ir", "fa", "سه‌شنبه ۳ آذر ۱۴۰۵"),
        ("demo-tw", "zh-TW", "民國115年11月24日星期二"),
        ("demo-fr", "fr", "mardi 24 novembre 2026"),
        ("demo-br", "pt-BR", "terça-feira, 24 de novembro de 2026"),
    ],
)
async def test_a_day_is_written_in_the_calendar_and_order_of_its_language(
    visiting: Any, network: str, locale: str, day: str
) -> None:
    visitor = await visiting(locale=locale)
    await visitor.go(f"/book/{network}")
    written = await ask(visitor.page, "moments.js", "longDay", "2026-11-24", True)
    assert written.split() == day.split()


async def test_the_day_of_an_instant_is_that_of_its_place(page: Page) -> None:
    assert await ask(page, "moments.js", "dayOf", "2026-11-24T20:30:00Z", "Asia/Almaty") == "2026-11-25"
    assert await ask(page, "moments.js", "dayOf", "2026-11-24T02:30:00Z", "America/Sao_Paulo") == "2026-11-23"
    assert await ask(page, "moments.js", "plusDays", "2027-02-28", 1) == "2027-03-01"
    assert await ask(page, "moments.js", "hourOf", "2026-11-24T19:30:00Z", "Asia/Almaty") == 0
