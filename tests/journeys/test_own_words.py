"""What staff see of a message that went by two channels is what each phone was told."""

from datetime import timedelta
from typing import Any


async def test_staff_see_what_each_channel_was_told_where_the_first_did_not_deliver(
    clinic: Any, people: Any
) -> None:
    person = people("Асель Нурланова")
    fault = {"kind": "undelivered", "channel": "whatsapp", "phone": person.phone, "count": 1}
    (await clinic.phones.post("/faults", json=fault)).raise_for_status()
    service = next(one for one in await clinic.directory("services") if one["kind"] == "hygiene")
    start = (await clinic.now()).date() + timedelta(days=5)
    slot, *_ = await clinic.slots(service_id=service["service_id"], days=14, **{"from": start.isoformat()})
    assert (await clinic.book(service["service_id"], slot, person)).status_code == 201
    await clinic.settle()

    desk = await clinic.login("reception")
    found = await clinic.http.post("/api/v1/patients/search", json={"phone": person.phone}, headers=desk)
    patient_id = found.raise_for_status().json()["candidates"][0]["card"]["patient_id"]
    listed = await clinic.http.get("/api/v1/messages", params={"patient_id": patient_id}, headers=desk)
    messages = listed.raise_for_status().json()["messages"]
    (confirmation,) = [one for one in messages if one["step"] == "confirmation"]
    everything = await clinic.phones.get(f"/phones/{person.phone}/messages", params={"all": True})
    told = {one["channel"]: one["text"] for one in everything.raise_for_status().json()["messages"]}
    assert set(told) == {"whatsapp", "sms"}
    assert told["whatsapp"] != told["sms"]
    assert {one["channel"]: one["text"] for one in confirmation["attempts"]} == told
