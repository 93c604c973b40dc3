import json

from booking.app import create_app
from booking.settings import Settings
from common.bus import Bus
from common.contracts.booking import AppointmentBooked, FindFreeSlots
from common.rpc import Asks
from common.testing import running

from .clinic import Clinic


async def test_a_booking_over_the_bus_is_answered_and_told(
    clinic: Clinic, bus: Bus, asks: Asks, urls, environment, nats_server
):
    environment(urls, nats_server.url)
    async with running(create_app(Settings())):
        found = await asks.ask(FindFreeSlots(service_id=clinic.service.service_id), caller=clinic.caller)
        booked = await asks.ask(clinic.booking(found.slots[0].starts_at), caller=clinic.caller)
        js = await bus.jetstream()
        reading = await js.pull_subscribe(AppointmentBooked.subject, stream="BOOKING_EVENTS")
        [message] = await reading.fetch(1, timeout=5)
        event = AppointmentBooked.model_validate(json.loads(message.data))
    assert booked.version == 1
    assert event.appointment == booked.appointment
