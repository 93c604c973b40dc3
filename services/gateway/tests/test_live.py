"""Live updates, and what the gateway reads on the bus."""

import asyncio
from datetime import UTC, datetime

from common import streams
from common.bus import Bus
from common.contracts.booking import AppointmentBooked, AppointmentState
from common.contracts.directory import NetworkOpened
from common.ids import new_id
from common.testing import PATIENCE, patient
from gateway.queries import live

from .conftest import Api
from .owners import START, Owners


def booked(owners: Owners, network_id: str) -> AppointmentBooked:
    some = new_id()
    return AppointmentBooked(
        network_id=network_id, occurred_at=START, version=1,
        appointment=AppointmentState(
            appointment_id=some, patient_id=new_id(), status="booked", starts_at=START, ends_at=START,
            branch_id=owners.branch_id, practitioner_id=owners.practitioner_id, service_id=owners.service_id,
            source="site", created_at=datetime.now(UTC),
        ),
    )  # fmt: skip


async def test_a_watcher_hears_ids_of_the_own_network_only(api: Api, bus: Bus, owners: Owners) -> None:
    watching = await api.parts.live.watch(owners.network_id)
    client = await bus.client()
    other, own = booked(owners, "another-network"), booked(owners, owners.network_id)
    for event in (other, own):
        await client.publish(event.subject, event.model_dump_json().encode())
    async with asyncio.timeout(PATIENCE):
        told = await watching.get()
    assert told["event"] == "appointment.booked"
    assert told["appointment_id"] == str(own.appointment.appointment_id)
    assert told["branch_id"] == str(owners.branch_id)
    assert watching.empty()
    await api.parts.live.leave(owners.network_id, watching)


async def test_pages_that_are_closed_as_they_open_leave_nothing_and_the_rest_hears_on(
    api: Api, bus: Bus, owners: Owners
) -> None:
    for steps in range(12):
        opening = asyncio.create_task(api.parts.live.watch(owners.network_id))
        for _ in range(steps):
            await asyncio.sleep(0)
        opening.cancel()
        found = await asyncio.gather(opening, return_exceptions=True)
        assert isinstance(found[0], asyncio.CancelledError), steps
    watching = await api.parts.live.watch(owners.network_id)
    client, event = await bus.client(), booked(owners, owners.network_id)
    await client.publish(event.subject, event.model_dump_json().encode())
    async with asyncio.timeout(PATIENCE):
        told = await watching.get()
    assert told["appointment_id"] == str(event.appointment.appointment_id)
    await client.flush()
    assert watching.empty(), "it is told once"
    await api.parts.live.leave(owners.network_id, watching)


async def test_a_slow_watcher_is_told_to_load_everything_again(api: Api, bus: Bus, owners: Owners) -> None:
    watching = await api.parts.live.watch(owners.network_id)
    client = await bus.client()
    event = booked(owners, owners.network_id)
    for _ in range(live.QUEUE + 1):
        await client.publish(event.subject, event.model_dump_json().encode())
    await client.flush()
    reload = {"event": "reload"}
    async with asyncio.timeout(PATIENCE):
        while watching.empty() or watching._queue[0] != reload:  # noqa: ASYNC110 - nobody may take from it
            await asyncio.sleep(0.01)
    assert watching.qsize() == 2
    await api.parts.live.leave(owners.network_id, watching)


async def test_a_new_network_is_listed(api: Api, bus: Bus, owners: Owners) -> None:
    event = NetworkOpened(
        network_id=owners.network_id, occurred_at=START, version=1, network=owners.directory().network
    )
    js = await patient(bus)
    await streams.declare(js, streams.Stream("booking", 7, 1))
    await js.publish(
        event.subject, event.model_dump_json().encode(), headers={"Nats-Msg-Id": str(event.event_id)}
    )
    async with asyncio.timeout(PATIENCE):
        while not (await api.get("/api/v1/networks")).json()["networks"]:  # noqa: ASYNC110 - as a client would
            await asyncio.sleep(0.05)
    listed = (await api.get("/api/v1/networks")).json()["networks"]
    assert [one["network_id"] for one in listed] == [owners.network_id]


async def test_the_stream_begins_with_a_greeting_and_ends_when_the_gateway_leaves(api: Api) -> None:
    headers = await api.bearer("reception")
    api.application.state.running.leaving = True
    answer = await api.get("/api/v1/events", headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == 'event: hello\ndata: {"event":"hello"}\n\n'
