"""Whatever wants one slot, one gets it."""

import asyncio
from collections import Counter
from typing import Any

SOURCES = ["site", "phone", "whatsapp", "instagram", "listing"]


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
        *(
            clinic.book(service["service_id"], slot, people(f"Пациент {number}"), source=SOURCES[number % 5])
            for number in range(200)
        )
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
