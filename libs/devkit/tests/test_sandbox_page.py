"""The page that shows the phones: what it renders, and what a person can do on it in a browser."""

import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from common.testing import PATIENCE
from devkit.sandbox.messages import Message
from devkit.sandbox.pages import linked, opens
from devkit.sandbox.pages.scripts import direction, language
from devkit.sandbox.testing import Gateway, Sandbox, eventually, gateway, sandbox, settings_for

PHONE = "+77010000001"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture
async def clinic() -> AsyncIterator[Gateway]:
    async with gateway() as stand_in:
        yield stand_in


@pytest.fixture
async def provider(tmp_path: Path, clinic: Gateway) -> AsyncIterator[Sandbox]:
    async with sandbox(settings_for(tmp_path, clinic)) as running:
        yield running


@pytest.fixture
async def page(provider: Sandbox) -> AsyncIterator[Page]:
    expect.set_options(timeout=PATIENCE * 1000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = await browser.new_page(viewport={"width": 360, "height": 740})
        problems: list[str] = []
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        yield opened
        await browser.close()
        assert problems == []


def test_links_can_be_followed_and_nothing_else_gets_into_the_page():
    assert linked('<b>"https://v.kz/a?x=1&y=2".') == (
        '&lt;b&gt;&#34;<a href="https://v.kz/a?x=1&amp;y=2" target="_blank" rel="noopener noreferrer" dir="ltr">'
        "https://v.kz/a?x=1&amp;y=2</a>&#34;."
    )


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        ("https://v.kz/a", "https://v.kz/a"),
        ("tel:+7701", "tel:+7701"),
        ("javascript:alert(1)", "#"),
        (None, "#"),
    ],
)
def test_a_button_opens_addresses_only(given: str | None, opened: str):
    assert opens(given) == opened


async def test_the_page_shows_every_phone_in_its_own_direction(provider: Sandbox):
    await provider.template(PHONE, "<script>alert(1)</script> https://v.kz/a")
    await provider.template("+989120000001", "سلام، نوبت شما ثبت شد", sender="demo-ir")

    page = await provider.http.get("/")

    assert page.status_code == 200
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert page.text.count('class="phone"') == 2
    assert "<script>alert" not in page.text
    assert 'dir="auto">سلام، نوبت شما ثبت شد' in page.text
    assert re.findall(r'class="thread" dir="(\w+)"', page.text) == ["rtl", "ltr"]
    assert (await provider.http.get("/fragments/phones", params={"find": "7701"})).text.count(
        'class="phone"'
    ) == 1
    assert (await provider.http.get("/fragments/secrets")).status_code == 404
    for name in ("sandbox.css", "sandbox.js", "icon.svg"):
        assert (await provider.http.get(f"/static/{name}")).status_code == 200


@pytest.mark.parametrize(
    ("text", "way", "spoken"),
    [
        ("Сәлеметсіз бе, Асель!", "ltr", "kk"),
        ("10:00 — Здравствуйте", "ltr", "ru"),
        ("https://v.kz/a سلام، ۱۰:۰۰", "rtl", "fa"),
        ("林美玲您好", "ltr", "zh-TW"),
        ("Bonjour", "ltr", None),
        ("10:00", "ltr", None),
    ],
)
def test_letters_give_away_the_direction_and_often_the_language(text: str, way: str, spoken: str | None):
    assert direction(text) == way
    sms = Message(id="1", channel="sms", account="a", address=PHONE, at=datetime.now(UTC), text=text)
    assert language(sms) == spoken


async def test_the_ledger_marks_what_was_sent_twice(provider: Sandbox):
    for reference in ("a", "b", "a"):
        await provider.template(PHONE, "text", reference=reference)

    shown = (await provider.http.get("/fragments/ledger")).text

    assert "1 sent more than once." in shown
    assert shown.count('class="twice"') == 2


@pytest.mark.browser
@needs_chromium
async def test_a_person_presses_a_button_and_writes_on_a_narrow_screen(
    provider: Sandbox, clinic: Gateway, page: Page
):
    await page.goto(provider.url)
    await provider.template(PHONE, "Придёте завтра в 10:00?", payloads=("Подтверждаю", "Отменить"))

    await page.get_by_role("button", name="Подтверждаю").click()
    await expect(page.locator(".bubble.mine")).to_contain_text("Подтверждаю")
    await page.get_by_label(f"Reply from {PHONE}").fill("Как проехать?")
    await page.get_by_label("Send").click()
    await expect(page.locator(".bubble.mine")).to_have_count(2)

    await eventually(lambda: len(clinic.heard()) == 2)
    assert [each["type"] for each in clinic.heard()] == ["button", "text"]
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360


@pytest.mark.browser
@needs_chromium
async def test_what_is_being_typed_survives_a_message_that_arrives(provider: Sandbox, page: Page):
    await provider.template(PHONE, "one")
    await page.goto(provider.url)
    reply = page.get_by_label(f"Reply from {PHONE}")
    await reply.type("Я опазд")

    await provider.template(PHONE, "two")

    await expect(page.locator(".bubble.theirs")).to_have_count(2)
    await expect(reply).to_have_value("Я опазд")
    await expect(reply).to_be_focused()


@pytest.mark.browser
@needs_chromium
async def test_the_clock_is_moved_and_a_fault_ordered_and_lifted_on_the_page(provider: Sandbox, page: Page):
    await provider.http.post("/clock", json={"now": "2030-05-01T09:00:00Z"})
    await page.goto(provider.url)

    await page.get_by_role("button", name="+1 day").click()
    await expect(page.locator("#now")).to_have_text("Thu, 02 May 2030, 09:00 UTC")
    await page.get_by_role("tab", name="Faults").click()
    await page.get_by_label("Kind").select_option("late_report")
    await page.get_by_role("button", name="Order this fault").click()
    await expect(page.locator(".fault")).to_contain_text("late report")
    await page.get_by_role("button", name="Lift").click()
    await expect(page.locator(".fault")).to_have_count(0)
