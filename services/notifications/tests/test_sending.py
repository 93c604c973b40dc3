"""Due messages on their way: chosen channels, written attempts, outcomes, fallbacks."""

from common.contracts.notifications import MessageAccepted, MessageDelivered

from .world import NOW, almaty, status, whatsapp_webhook


async def test_a_booking_is_confirmed_at_once_by_whatsapp(service, world, provider):
    event = world.booked(world.patient(), almaty(12, 10))
    await service.apply(event)
    await service.send()
    assert [one["channel"] for one in provider.sent] == ["whatsapp"]
    text = provider.texts()[0]
    for said in ("Марат", "четверг, 12 ноября", "10:00", "пр. Достык, 91", "подъезд 2", "3 этаж", "кабинет 305",
                 "стоматологу Айгерим Нурлановне", "https://clinic.example/l/"):  # fmt: skip
        assert said in text
    message = await service.step("confirmation")
    assert message.outcome == "accepted"
    assert [one.version for one in await service.told(MessageAccepted)] == [1]
    await service.webhook(
        whatsapp_webhook(statuses=[status("whatsapp-1", "sent"), status("whatsapp-1", "delivered")])
    )
    message = await service.step("confirmation")
    assert (message.outcome, message.due_at) == ("delivered", None)
    assert [one.version for one in await service.told(MessageDelivered)] == [2]
    assert service.clock.now() == NOW
