"""Booking by chat over the running system: books, moves and cancels in a few turns, and hands over to a person."""

from datetime import timedelta
from typing import Any

import pytest

from .chatting import (
    Chat,
    asked_of_staff,
    is_booked,
    moves_and_cancels,
    next_week,
    times_are_offered,
    visits_of,
)


async def test_a_stranger_books_in_russian_then_moves_and_cancels(
    clinic: Any, people: Any, eventually: Any
) -> None:
    person = people("Сауле Ибраева")
    chat = Chat(clinic, person.phone, eventually)
    await times_are_offered(chat)
    assert "зовут" in (await chat.say("1"))["text"]
    await chat.say(person.full_name)
    await moves_and_cancels(chat, await is_booked(chat))


async def test_booking_in_portuguese(system: Any, clinic: Any, people: Any, eventually: Any) -> None:
    brazil = type(clinic)(system, "demo-br")
    try:
        person = people("Ana Souza")
        person.phone = f"+55119{person.phone[-8:]}"
        chat = Chat(brazil, person.phone, eventually)
        assert "1." in (await chat.say("Oi, quero marcar uma consulta"))["text"]
        while not await chat.shown("Qual horário"):
            assert chat.turns < 5, await chat.texts()
            await chat.say("1")
        await chat.say("1")
        await chat.say(person.full_name)
        assert chat.turns <= 6
        visits = await visits_of(brazil, person.phone)
        assert len(visits) == 1, await chat.texts()
        visit = visits[0]
        assert (visit["status"], visit["source"]) == ("booked", "whatsapp")
    finally:
        await brazil.close()


@pytest.mark.timeout(600)
async def test_what_is_not_understood_goes_to_a_person_who_answers_in_the_chat(
    clinic: Any, people: Any, eventually: Any
) -> None:
    person = people()
    chat = Chat(clinic, person.phone, eventually)
    await chat.say("тут такое дело")
    assert "администратор" in (await chat.say("ну как вам объяснить"))["text"].lower()
    desk = await clinic.login("reception")
    mine, lines = await asked_of_staff(clinic, desk, "ну как вам объяснить")
    tasks = (await clinic.http.get("/api/v1/tasks", params={"limit": 500}, headers=desk)).json()["tasks"]
    task = next(one for one in tasks if one["task_id"] == mine["task_id"])
    assert (task["kind"], task["reason"]) == ("handover", "not understood twice")
    of_task = await clinic.http.get(f"/api/v1/conversations/of-task/{task['task_id']}", headers=desk)
    assert of_task.raise_for_status().json()["lines"] == lines
    assert [one["text"] for one in lines if one["author"] == "patient"] == [
        "тут такое дело",
        "ну как вам объяснить",
    ]

    before = len(await chat.texts())
    await chat.write("алло?")
    assert len(await chat.texts()) == before, "automation answered while a person was asked for"
    url = f"/api/v1/conversations/{mine['conversation_id']}"
    said = await clinic.http.post(f"{url}/messages", json={"text": "Здравствуйте, это Анна."}, headers=desk)
    assert said.status_code == 201, said.text
    await clinic.settle()
    assert (await chat.texts())[before:] == ["Здравствуйте, это Анна."]

    done = await clinic.http.post(
        f"/api/v1/tasks/{task['task_id']}/done", json={"outcome": "answered"}, headers=desk
    )
    assert done.status_code == 200, done.text
    await clinic.settle()
    assert "1." in (await chat.say("хочу записаться"))["text"]


async def test_whoever_books_in_a_chat_without_phones_is_reminded_there(
    clinic: Any, people: Any, eventually: Any
) -> None:
    clinic.network = "demo-tw"
    number = people().phone[-7:]
    chat = Chat(clinic, f"+88691{number}", eventually, channel="line")
    day = await next_week(clinic)
    await chat.say(f"你好，我想{day.month}月{day.day}日預約洗牙")
    while not await chat.shown("您的姓名"):
        assert chat.turns < 5, await chat.texts()
        await chat.say("1")
    await chat.say(f"王小明 091{number}")
    assert chat.turns <= 6
    assert await chat.shown("預約完成")
    await clinic.move_clock((await clinic.now()) + timedelta(days=14))
    everything = await clinic.messages(chat.phone)
    assert [one for one in everything if "健保卡" in one["text"]], "a reminder"
    assert {one["channel"] for one in everything} == {"line"}
