"""Meta signs for its app alone: what came to another network's account is heard in none but that."""

from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY

from notifications.channels.instagram import Instagram
from notifications.channels.whatsapp import WhatsApp
from notifications.operations.parts import Parts
from notifications.tables.schema import inbound

from .world import NUMBER, almaty, pressed, status, whatsapp_webhook, wrote

PHONE = "+77010000001"


def dropped(provider: str) -> float:
    return REGISTRY.get_sample_value("vinculo_webhooks_foreign_total", {"provider": provider}) or 0.0


@pytest.fixture
def parts(parts: Parts) -> Parts:
    answers = httpx.MockTransport(lambda _: httpx.Response(200, json={"message_id": "m-answer"}))
    client = httpx.AsyncClient(transport=answers)
    return replace(
        parts, adapters={**parts.adapters, "instagram": Instagram(client, "http://provider", {"*": "token"})}
    )


@pytest.mark.parametrize("number", ["106540352242923", ""])
async def test_a_press_at_another_networks_number_changes_no_booking_here(service, world, number):
    record = world.booked(world.patient(PHONE), almaty(12, 15))
    await service.apply(record)
    await service.send()
    before = dropped("whatsapp")
    press = pressed(PHONE, f"cancel:{record.appointment.appointment_id}")
    await service.webhook(whatsapp_webhook(messages=[press, wrote(PHONE, "3")], number=number))
    assert world.commands == []
    assert dropped("whatsapp") == before + 2
    await service.webhook(whatsapp_webhook(messages=[press]))
    assert len(world.commands) == 1


async def test_a_state_told_of_another_networks_number_moves_no_message_here(service, world, provider):
    await service.apply(world.booked(world.patient(PHONE), almaty(12, 15)))
    await service.send()
    told = [status("whatsapp-1", "delivered", provider.sent[0]["reference"])]
    await service.webhook(whatsapp_webhook(statuses=told, number="106540352242923"))
    assert (await service.step("confirmation")).outcome == "accepted"
    await service.webhook(whatsapp_webhook(statuses=told))
    assert (await service.step("confirmation")).outcome == "delivered"


async def test_one_webhook_of_several_numbers_is_heard_for_its_own(service, world):
    record = world.booked(world.patient(PHONE), almaty(12, 15))
    await service.apply(record)
    await service.send()
    ours, theirs = (
        orjson.loads(whatsapp_webhook(messages=[pressed(PHONE, f"{word}:{record.appointment.appointment_id}")], number=number))
        for word, number in (("confirm", NUMBER), ("cancel", "106540352242923"))
    )  # fmt: skip
    await service.webhook(orjson.dumps({"entry": theirs["entry"] + ours["entry"]}).decode())
    assert [type(one).__name__ for _, one in world.commands] == ["ConfirmAppointment"]


def instagram(account: str, *events: dict[str, Any]) -> str:
    entry = {
        "id": account,
        "time": 1,
        "messaging": [{"sender": {"id": "1784"}, "timestamp": 1, **one} for one in events],
    }
    return orjson.dumps({"object": "instagram", "entry": [entry]}).decode()


@pytest.mark.parametrize(("own", "heard"), [(True, 1), (False, 0)])
async def test_instagram_is_heard_at_the_networks_own_account_alone(service, world, own, heard):
    account = world.network_id if own else "another-network"
    before = dropped("instagram")
    message = {"mid": f"m-{account}", "text": "Хочу записаться"}
    await service.webhook(
        instagram(account, {"message": message}, {"read": {"mid": "m-0"}}), provider="instagram"
    )
    async with service.parts.database.transaction(world.network_id) as tx:
        assert (await tx.execute(sa.select(sa.func.count()).select_from(inbound))).scalar_one() == heard
    assert dropped("instagram") == before + (0 if own else 2)


def test_a_network_without_a_number_is_not_offered_whatsapp():
    adapter = WhatsApp(None, "http://provider", "token", {"clinic": NUMBER})  # type: ignore[arg-type]  # never called
    assert adapter.serves("clinic")
    assert not adapter.serves("another")
