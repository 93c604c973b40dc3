"""Conversations on the page of staff: a chat comes to a person, is read, taken, answered and given back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from common.ids import new_id

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Chat:
    """A patient's chat with a clinic, as the patient has it on the phone."""

    clinic: Any
    who: Any
    channel: str

    async def write(self, text: str) -> None:
        """Write it, and wait until everything that follows has happened."""
        await self.clinic.reply(self.who.phone, channel=self.channel, text=text, account=self.clinic.network)
        await self.clinic.settle()

    async def texts(self) -> list[str]:
        await self.clinic.settle()
        return [one["text"] for one in await self.clinic.messages(self.who.phone)]


@dataclass(frozen=True)
class HandedOver:
    """A chat in which somebody known to the clinic waits for a person, and the conversation that staff have of it."""

    chat: Chat
    conversation_id: str
    task_id: str

    @property
    def path(self) -> str:
        return f"/conversations?id={self.conversation_id}"


async def patient(clinic: Any, who: Any) -> None:
    """Somebody with a visit ahead, whatever the hour is now."""
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    ahead = (await clinic.now()).date() + timedelta(days=5)
    slots = await clinic.slots(service_id=service["service_id"], days=14, **{"from": ahead.isoformat()})
    booked = await clinic.book(service["service_id"], slots[0], who)
    assert booked.status_code == 201, booked.text
    await clinic.settle()


async def handed_over(chat: Chat, words: str, patient_id: str) -> HandedOver:
    """What follows when a patient asks for a person."""
    await chat.write(words)
    answer = await chat.clinic.http.get(
        "/api/v1/conversations?open", headers=await chat.clinic.login("reception")
    )
    waiting = answer.raise_for_status().json()["conversations"]
    mine = next(one for one in waiting if patient_id in one["patient_ids"])
    return HandedOver(chat, mine["conversation_id"], mine["task_id"])


@pytest.fixture
async def asking(clinic: Any, people: Any, known_patient: Any) -> HandedOver:
    """Somebody who has asked for a person in WhatsApp."""
    who = people("Динара Вопросова")
    await patient(clinic, who)
    found = await known_patient(clinic, await clinic.login("reception"), who.phone)
    return await handed_over(Chat(clinic, who, "whatsapp"), "Позовите оператора, пожалуйста", found)


def card(visitor: Any, handed: HandedOver) -> Locator:
    page: Page = visitor.page
    return page.locator(f'[data-conversation="{handed.conversation_id}"]')


def lines(visitor: Any) -> Locator:
    page: Page = visitor.page
    return page.locator(".transcript .line")


async def test_a_chat_is_opened_taken_answered_and_given_back_by_keyboard(
    at_the_desk: Any, asking: HandedOver
) -> None:
    visitor = await at_the_desk(path="/conversations", width=360)
    page, own = visitor.page, card(visitor, asking)
    await expect(own).to_contain_text("Динара Вопросова")
    await expect(own).to_contain_text("WhatsApp")
    await expect(own).to_contain_text("Ждёт ответа")
    await visitor.check()
    await visitor.press(own.get_by_role("button", name="Открыть"))
    await expect(page.locator("#conversation-title")).to_be_focused()
    await expect(page.locator("#conversation-title")).to_have_text("Динара Вопросова")
    asked = lines(visitor).filter(has_text="Позовите оператора, пожалуйста")
    await expect(asked).to_contain_text("Пациент")
    await visitor.check()

    await visitor.press(page.get_by_role("button", name="Взять"))
    await expect(page.locator("#announcement")).to_have_text("Задача за вами.")
    await expect(page.locator("#conversation")).to_contain_text("отвечает человек · В работе")
    await expect(page.locator("#answer")).to_be_focused()

    await visitor.press(page.get_by_role("button", name="Отправить"))
    await expect(page.locator("#conversation").get_by_text("Заполните это поле.")).to_be_visible()
    await expect(page.locator("#answer")).to_be_focused()
    await page.keyboard.type("Здравствуйте, это Анна. Чем помочь?")
    await page.keyboard.press("Control+Enter")
    await expect(lines(visitor).last).to_contain_text("Здравствуйте, это Анна. Чем помочь?")
    await expect(lines(visitor).last).to_contain_text("Сотрудник")
    await expect(page.locator("#answer")).to_have_value("")
    await expect(own).not_to_contain_text("Ждёт ответа")
    assert "Здравствуйте, это Анна. Чем помочь?" in await asking.chat.texts()
    await expect(lines(visitor).last).to_contain_text("доставлено")
    await visitor.check()

    await visitor.press(page.get_by_role("button", name="Вернуть автоматике"))
    await expect(page.locator("#announcement")).to_have_text("Дальше отвечает автоматика.")
    await expect(page.locator("#conversation-title")).to_be_focused()
    await expect(page.locator("#conversation")).to_contain_text("отвечает автоматика")
    await expect(page.get_by_role("button", name="Вернуть автоматике")).to_have_count(0)
    await expect(own).to_have_count(0)
    await page.get_by_label("Показать").select_option(label="Остальные")
    await expect(own).to_contain_text("Динара Вопросова")
    await visitor.check()
    before = len(await asking.chat.texts())
    await asking.chat.write("что-то непонятное")
    assert len(await asking.chat.texts()) > before, "automation answers again"


async def test_what_is_being_written_stays_while_the_patient_writes_on(
    at_the_desk: Any, asking: HandedOver
) -> None:
    visitor = await at_the_desk(path=asking.path)
    page, answer = visitor.page, visitor.page.locator("#answer")
    await answer.click()
    await page.keyboard.type("Добрый день")
    await page.keyboard.press("Home")
    await asking.chat.write("Вы ещё здесь?")
    await expect(lines(visitor).last).to_contain_text("Вы ещё здесь?")
    await expect(answer).to_be_focused()
    await page.keyboard.type("Да! ")
    await expect(answer).to_have_value("Да! Добрый день")
    await visitor.check()


async def test_a_task_leads_to_its_conversation(at_the_desk: Any, asking: HandedOver) -> None:
    visitor = await at_the_desk(path="/tasks", width=360)
    task = visitor.page.locator(f'[data-task="{asking.task_id}"]')
    await visitor.press(task.get_by_role("link", name="Переписка"))
    await expect(visitor.page.locator("#conversation-title")).to_have_text("Динара Вопросова")
    await expect(card(visitor, asking)).to_have_class("card task is-chosen")
    await visitor.check()


async def test_a_channel_that_takes_no_text_any_more_says_so_and_can_be_given_back(
    at_the_desk: Any, asking: HandedOver
) -> None:
    def a_day_later(told: dict[str, Any]) -> None:
        told["conversation"]["answer_until"] = told["conversation"]["heard_at"]

    visitor = await at_the_desk(path="/conversations", width=360)
    page = visitor.page
    await visitor.answered_otherwise(f"**/api/v1/conversations/{asking.conversation_id}", a_day_later)
    await card(visitor, asking).get_by_role("button", name="Открыть").click()
    await expect(page.locator("#conversation")).to_contain_text("Позвоните.")
    await expect(page.locator("#answer")).to_be_hidden()
    await visitor.check()
    await visitor.press(page.get_by_role("button", name="Вернуть автоматике"))
    await expect(page.locator("#announcement")).to_have_text("Дальше отвечает автоматика.")


async def test_a_conversation_that_is_gone_does_not_hide_the_others(
    at_the_desk: Any, asking: HandedOver
) -> None:
    visitor = await at_the_desk(path=f"/conversations?id={new_id()}", width=360)
    await expect(visitor.page.locator("#announcement")).to_have_text("Этой переписки здесь больше нет.")
    await expect(card(visitor, asking)).to_be_visible()
    await expect(visitor.page.locator("#conversation")).to_be_hidden()


async def test_conversations_are_not_for_everybody(at_the_desk: Any) -> None:
    visitor = await at_the_desk(role="doctor", path="/conversations")
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Нет доступа")


@pytest.fixture
async def tehran(clinic: Any) -> AsyncIterator[Any]:
    opened = type(clinic)(clinic.system, "demo-ir")
    yield opened
    await opened.close()


async def test_a_persian_chat_runs_from_right_to_left(
    at_the_desk: Any, tehran: Any, people: Any, known_patient: Any
) -> None:
    who = people("زهرا کریمی")
    who.locale, who.phone = "fa", f"+98912{who.phone[-7:]}"
    await patient(tehran, who)
    found = await known_patient(tehran, await tehran.login("reception"), who.phone)
    handed = await handed_over(Chat(tehran, who, "sms"), "اپراتور", found)
    visitor = await at_the_desk(network="demo-ir", path="/conversations", width=360)
    page = visitor.page
    await page.evaluate("document.documentElement.dir = 'rtl'")
    await visitor.press(card(visitor, handed).get_by_role("button", name="Открыть"))
    await expect(page.locator("#conversation-title")).to_have_text("زهرا کریمی")
    asked = lines(visitor).filter(has_text="اپراتور").first
    await expect(asked.locator("p").first).to_have_css("direction", "rtl")
    await visitor.check()
    await visitor.tab_to(page.locator("#answer"))
    await page.keyboard.insert_text("سلام، در خدمتم.")
    await expect(page.locator("#answer")).to_have_css("direction", "rtl")
    await visitor.press(page.get_by_role("button", name="Отправить"))
    await expect(lines(visitor).last).to_contain_text("سلام، در خدمتم.")
    assert "سلام، در خدمتم." in await handed.chat.texts()
    await visitor.check()
