"""A patient who books by chat: their phone, and the turns that every chat has."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

MOST_TURNS = 6


@dataclass
class Chat:
    """One patient's phone."""

    clinic: Any
    phone: str
    eventually: Any
    turns: int = 0
    channel: str = "whatsapp"
    before: int = 0
    """How many messages there were before the last was written."""

    async def write(self, text: str) -> None:
        """Write it, and wait until everything that follows from it has happened."""
        await self._do(text=text)

    async def say(self, text: str) -> dict[str, Any]:
        """Write it, and return the newest message that came back."""
        return await self._turn(text=text)

    async def press(self, button: str) -> dict[str, Any]:
        """Press it under the newest message that has any, and return the newest message that came back."""
        return await self._turn(button=button)

    async def _turn(self, **reply: Any) -> dict[str, Any]:
        self.turns += 1
        self.before = len(await self.texts())
        await self._do(**reply)
        newer: list[dict[str, Any]] = await self.eventually(self._newer)
        return newer[-1]

    async def _do(self, **reply: Any) -> None:
        await self.clinic.reply(self.phone, channel=self.channel, account=self.clinic.network, **reply)
        await self.clinic.settle()

    async def _newer(self) -> list[dict[str, Any]]:
        return list(await self.clinic.messages(self.phone))[self.before :]

    async def texts(self) -> list[str]:
        return [one["text"] for one in await self.clinic.messages(self.phone)]

    async def shown(self, words: str) -> bool:
        """Whether what came back has these words: the notice of an act comes beside the answer."""
        return any(words in one["text"] for one in await self._newer())


async def next_week(clinic: Any) -> date:
    """A working day far enough ahead for every reminder, and for moving by oneself."""
    day: date = (await clinic.now()).date() + timedelta(days=7)
    return day + timedelta(days=max(0, 8 - day.isoweekday()) if day.isoweekday() > 5 else 0)


async def visits_of(clinic: Any, phone: str) -> list[dict[str, Any]]:
    desk = await clinic.login("reception")
    found = await clinic.http.post("/api/v1/patients/search", json={"phone": phone}, headers=desk)
    candidates = found.raise_for_status().json()["candidates"]
    visits = []
    for one in candidates:
        shown = (await clinic.whole_view(one["card"]["patient_id"]))["appointments"]["data"]
        visits += [*shown["upcoming"], *shown["past"]]
    return visits


async def times_are_offered(chat: Chat) -> None:
    """The first of everything, in Russian, until it is only a time that is missing."""
    day = await next_week(chat.clinic)
    assert "1." in (await chat.say(f"Хочу записаться на гигиену, {day:%d.%m.%Y}"))["text"]
    while not await chat.shown("Какое время"):
        assert chat.turns < MOST_TURNS - 1, await chat.texts()
        await chat.say("1")


async def is_booked(chat: Chat) -> dict[str, Any]:
    """The visit that this chat has made, in as few turns as it may take; no invitations are wanted."""
    assert chat.turns <= MOST_TURNS
    assert await chat.shown("Вы записаны"), await chat.texts()
    (visit,) = await visits_of(chat.clinic, chat.phone)
    assert (visit["status"], visit["source"]) == ("booked", chat.channel)
    await chat.say("нет")
    return visit


async def moves_and_cancels(chat: Chat, visit: dict[str, Any]) -> None:
    """In words, each in as few turns as it may take; nothing is cancelled before the patient is sure."""
    chat.turns = 0
    await chat.say("хочу перенести запись")
    await chat.say("2")
    assert await chat.shown("перенесена"), await chat.texts()
    assert chat.turns <= MOST_TURNS
    (moved,) = await visits_of(chat.clinic, chat.phone)
    assert moved["starts_at"] != visit["starts_at"]

    chat.turns = 0
    await chat.say("отмените мою запись")
    assert (await visits_of(chat.clinic, chat.phone))[0]["status"] == "booked"
    await chat.say("да")
    assert await chat.shown("отменена"), await chat.texts()
    assert chat.turns <= MOST_TURNS
    assert (await visits_of(chat.clinic, chat.phone))[0]["status"] == "cancelled"


async def asked_of_staff(
    clinic: Any, desk: dict[str, str], question: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The conversation that waits for a person since this question, as it is listed, and its transcript."""
    listed = await clinic.http.get("/api/v1/conversations?open", headers=desk)
    for one in listed.raise_for_status().json()["conversations"]:
        url = f"/api/v1/conversations/{one['conversation_id']}"
        lines = (await clinic.http.get(url, headers=desk)).raise_for_status().json()["lines"]
        if question in [line["text"] for line in lines]:
            return one, lines
    raise AssertionError("nobody was asked")
