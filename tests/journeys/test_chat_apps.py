"""Booking in the apps that know nobody by a phone: Telegram, where it is shared by a key, and Instagram."""

from typing import Any

import pytest

from .chatting import Chat, asked_of_staff, is_booked, moves_and_cancels, times_are_offered

SHARE = "Отправить мой номер"


async def test_a_stranger_on_telegram_shares_their_phone_books_moves_and_cancels(
    clinic: Any, people: Any, eventually: Any
) -> None:
    person = people("Жанар Алиева")
    chat = Chat(clinic, person.phone, eventually, channel="telegram")
    await times_are_offered(chat)
    asked = await chat.say("1")
    assert [(one["kind"], one["title"]) for one in asked["buttons"]] == [("contact", SHARE)]
    assert "зовут" in (await chat.press(SHARE))["text"]
    await chat.say(person.full_name)
    await moves_and_cancels(chat, await is_booked(chat))
    assert {one["channel"] for one in await clinic.messages(chat.phone)} == {"telegram"}


async def test_a_patient_of_the_clinic_is_known_on_telegram_by_the_phone_they_share(
    clinic: Any, people: Any, eventually: Any
) -> None:
    person = people("Ерлан Оспанов")
    by_whatsapp = Chat(clinic, person.phone, eventually)
    await times_are_offered(by_whatsapp)
    await by_whatsapp.say("1")
    await by_whatsapp.say(person.full_name)
    visit = await is_booked(by_whatsapp)

    stranger = Chat(clinic, people().phone, eventually, channel="telegram")
    await stranger.say("мои записи")
    await clinic.reply(
        stranger.phone, channel="telegram", account=clinic.network, contact=person.phone
    )  # somebody else's contact
    await clinic.settle()
    chat = Chat(clinic, person.phone, eventually, channel="telegram")
    assert SHARE in (await chat.say("мои записи"))["text"]
    await chat.press(SHARE)
    assert await chat.shown("Что сделать"), await chat.texts()
    assert not [one for one in await stranger.texts() if "Что сделать" in one]
    await moves_and_cancels(chat, visit)


async def test_a_stranger_on_instagram_writes_name_and_phone_books_moves_and_cancels(
    clinic: Any, people: Any, eventually: Any
) -> None:
    person = people("Дина Касымова")
    chat = Chat(clinic, person.phone, eventually, channel="instagram")
    await times_are_offered(chat)
    assert (await chat.say("1"))["buttons"] == []
    await chat.say(f"{person.full_name} {person.phone}")
    await moves_and_cancels(chat, await is_booked(chat))


@pytest.mark.parametrize("channel", ["telegram", "instagram"])
async def test_a_person_goes_on_where_one_is_asked_for_with_the_transcript_before_them(
    clinic: Any, people: Any, eventually: Any, channel: str
) -> None:
    chat = Chat(clinic, people().phone, eventually, channel=channel)
    question = f"У меня вопрос насчёт справки {chat.phone[-6:]}"
    await chat.say(question)
    assert "администратор" in (await chat.say("оператор"))["text"].lower()

    desk = await clinic.login("reception")
    asked, lines = await asked_of_staff(clinic, desk, question)
    assert [one["text"] for one in lines if one["author"] == "patient"] == [question, "оператор"]
    assert [one["text"] for one in lines if one["author"] == "automation"] == await chat.texts()

    before = len(await chat.texts())
    url = f"/api/v1/conversations/{asked['conversation_id']}"
    said = await clinic.http.post(f"{url}/messages", json={"text": "Здравствуйте, это Анна."}, headers=desk)
    assert said.status_code == 201, said.text
    await clinic.settle()
    (answer,) = (await clinic.messages(chat.phone))[before:]
    assert (answer["channel"], answer["text"]) == (channel, "Здравствуйте, это Анна.")
