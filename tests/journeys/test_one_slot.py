"""Whatever wants one slot, one gets it, and the others are told other times."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from .chatting import Chat, next_week, times_are_offered

ALMATY = ZoneInfo("Asia/Almaty")
SOURCES = ["site", "phone", "whatsapp", "instagram", "listing"]
FIRST_TIME = re.compile(r"^1\. .* в (\d\d:\d\d) · (.+)$", re.MULTILINE)
APART = 0.5
"""Seconds within which the others come after the chat, whose way is the longest, so that each may be the first."""


async def visits_at(clinic: Any, slot: dict[str, Any]) -> list[dict[str, Any]]:
    """What the day board has at a slot."""
    starts = datetime.fromisoformat(slot["starts_at"])
    query = {"branch_id": slot["branch_id"], "date": starts.astimezone(ALMATY).date().isoformat()}
    desk = await clinic.login("reception")
    board = await clinic.http.get("/api/v1/day-board", params=query, headers=desk)
    visits = [row["appointment"] for row in board.raise_for_status().json()["rows"]]
    return [
        one
        for one in visits
        if one["practitioner_id"] == slot["practitioner_id"]
        and datetime.fromisoformat(one["starts_at"]) == starts
        and one["status"] != "cancelled"
    ]


def _wishes(people: Any) -> Iterator[dict[str, Any]]:
    """Who wants it, from where; each repeats an order by its key where the answer is that somebody is away."""
    for number in range(200):
        person = people(f"Пациент {number}")
        key = {"Idempotency-Key": f"one slot {person.phone}"}
        yield {"person": person, "source": SOURCES[number % 5], "headers": key}


async def test_of_200_bookings_of_one_slot_from_five_sources_one_succeeds(clinic: Any, people: Any) -> None:
    services = await clinic.directory("services")
    service, slots = services[0], []
    for service in services:
        slots = await clinic.slots(service_id=service["service_id"], days=14)
        if len(slots) > 20:
            break
    slot = slots[-1]
    clinic.http.timeout = 120
    answers = await asyncio.gather(
        *(clinic.book(service["service_id"], slot, **wish) for wish in _wishes(people))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 199}
    for answer in answers:
        if answer.status_code == 409:
            body = answer.json()
            assert body["type"].endswith("/slot-taken")
            assert len(body["alternatives"]) >= 3
    taken = await clinic.slots(
        service_id=service["service_id"], practitioner_id=slot["practitioner_id"], days=14
    )
    assert slot["starts_at"] not in {one["starts_at"] for one in taken}
    assert len(await visits_at(clinic, slot)) == 1


@dataclass
class Race:
    """Who wants the slot, each as a patient of their own, and what each was answered."""

    clinic: Any
    people: Any
    service_id: str
    slot: dict[str, Any]
    desk: dict[str, str]

    @property
    def place(self) -> dict[str, str]:
        names = ("branch_id", "practitioner_id", "starts_at")
        return {"service_id": self.service_id, **{name: self.slot[name] for name in names}}

    async def on_the_site(self) -> httpx.Response:
        person = self.people("Через Сайт")
        key = {"Idempotency-Key": f"site {person.phone}"}
        answer: httpx.Response = await self.clinic.book(self.service_id, self.slot, person, headers=key)
        return answer

    async def at_the_desk(self) -> httpx.Response:
        person = self.people("Через Стойку")
        return await self._as_staff("appointments", person, patient=person.body, source="desk")

    async def by_a_hold(self) -> httpx.Response:
        """Kept while one talks on the phone, then booked."""
        person = self.people("Через Удержание")
        kept = await self._as_staff("holds", person, patient=person.body)
        if kept.status_code != 201:
            return kept
        held = kept.json()["appointment"]
        return await self._as_staff(
            "appointments", person, patient_id=held["patient_id"], hold_id=held["id"], source="phone"
        )

    async def by_a_link(self, link: str) -> httpx.Response:
        """Moved there from another time."""
        answer: httpx.Response = await self.clinic.http.post(
            f"/api/v1/links/{link}/reschedule",
            json={name: self.slot[name] for name in ("starts_at", "practitioner_id", "branch_id")},
            headers={"Idempotency-Key": f"move {link[-20:]}"},
        )
        return answer

    async def _as_staff(self, what: str, person: Any, **order: Any) -> httpx.Response:
        headers = {**self.desk, "Idempotency-Key": f"{what} {person.phone}"}
        answer: httpx.Response = await self.clinic.http.post(
            f"/api/v1/{what}", json=self.place | order, headers=headers
        )
        return answer


async def soon(act: Any) -> Any:
    await asyncio.sleep(random.random() * APART)
    return await act


async def first_of(chat: Chat, slots: list[dict[str, Any]]) -> dict[str, Any]:
    """Which of these free slots the chat has offered first."""
    offered = FIRST_TIME.search((await chat.texts())[-1])
    assert offered is not None, await chat.texts()
    at, name = offered.groups()
    doctor = next(
        one["practitioner_id"]
        for one in await chat.clinic.directory("practitioners")
        if one["name_forms"]["display"]["ru"] == name
    )
    return next(
        one
        for one in slots
        if one["practitioner_id"] == doctor
        and f"{datetime.fromisoformat(one['starts_at']).astimezone(ALMATY):%H:%M}" == at
    )


async def test_of_site_desk_hold_link_and_chat_one_gets_the_slot_and_the_others_are_told_other_times(
    clinic: Any, people: Any, eventually: Any
) -> None:
    chat = Chat(clinic, people().phone, eventually)
    await times_are_offered(chat)
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    day = await next_week(clinic)
    free = await clinic.slots(service_id=service["service_id"], days=1, **{"from": day.isoformat()})
    slot = await first_of(chat, free)
    race = Race(clinic, people, service["service_id"], slot, await clinic.login("reception"))
    later = (day + timedelta(days=1)).isoformat()
    [elsewhere, *_] = await clinic.slots(service_id=service["service_id"], days=7, **{"from": later})
    other = await clinic.book(service["service_id"], elsewhere, people("Через Ссылку"))
    link = other.json()["manage_url"].rsplit("/", 1)[1]
    assert "зовут" in (await chat.say("1"))["text"]

    chat.before = len(await chat.texts())
    name = {"channel": chat.channel, "account": clinic.network, "text": "Через Чат"}
    *answers, _ = await asyncio.gather(
        soon(race.on_the_site()),
        soon(race.at_the_desk()),
        soon(race.by_a_hold()),
        soon(race.by_a_link(link)),
        clinic.reply(chat.phone, **name),
    )
    await clinic.settle()

    lost = [one for one in answers if one.status_code == 409]
    for one in lost:
        assert one.json()["type"].endswith("/slot-taken")
        assert len(one.json()["alternatives"]) >= 3
    won = [one for one in answers if one.is_success]
    assert len(won) + len(lost) == len(answers), [one.text for one in answers]
    if won:
        assert await chat.shown("Это время только что заняли")
        assert await chat.shown("1. "), "with other times"
    else:
        assert await chat.shown("Вы записаны")
    assert len(won) + await chat.shown("Вы записаны") == 1
    assert len(await visits_at(clinic, slot)) == 1
