import json

from nats.js import JetStreamContext

from booking.app import create_app
from booking.settings import Settings
from common.contracts.booking import AppointmentBooked, FindFreeSlots
from common.rpc import Asks
from common.testing import PATIENCE, running

from .clinic import Clinic


async def test_a_booking_over_the_bus_is_answered_and_told(
    clinic: Clinic, js: JetStreamContext, asks: Asks, urls, environment, nats_server
):
    environment(urls, nats_server.url)
    async with running(create_app(Settings())):
        found = await asks.ask(FindFreeSlots(service_id=clinic.service.service_id), caller=clinic.caller)
        last = found.slots[-1]  # the first may have gone by when it is booked
        booked = await asks.ask(clinic.booking(last.starts_at), caller=clinic.caller)
        reading = await js.pull_subscribe(AppointmentBooked.subject, "reading", stream="BOOKING_EVENTS")
        [message] = await reading.fetch(1, timeout=PATIENCE)
        event = AppointmentBooked.model_validate(json.loads(message.data))
    assert booked.version == 1
    assert event.appointment == booked.appointment
