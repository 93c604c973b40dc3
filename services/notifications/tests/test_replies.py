"""What patients press and write: bound to what it answers, carried out once, and otherwise left to a person."""

from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from common.contracts.booking import CancelAppointment, ConfirmAppointment
from common.contracts.consents import WithdrawPermission
from common.contracts.notifications import IngestWebhook, ReplyUnderstood, TaskRaised
from common.errors import CommandReused
from common.ids import new_id
from notifications.operations import webhooks
from notifications.tables.schema import inbound
from notifications.tables.schema import webhooks as webhook_rows

from .world import almaty, pressed, whatsapp_webhook, wrote

PHONE = "+77010000001"


@pytest.fixture
async def asked(service, world):
    """A visit on the 12th, whose patient was asked to confirm."""
    event = world.booked(world.patient(PHONE), almaty(12, 15))
    await service.apply(event)
    await service.send()
    await service.delivered()
    await service.at(almaty(10, 15))
    await service.delivered()
    return event.appointment.appointment_id


async def test_pressing_confirm_confirms_as_the_patient_and_nothing_asks_again(
    service, world, provider, asked
):
    await service.webhook(whatsapp_webhook(messages=[pressed(PHONE, f"confirm:{asked}")]))
    ((actor, command),) = world.commands
    assert actor == "patient-by-reply"
    assert isinstance(command, ConfirmAppointment)
    assert provider.texts()[-1].startswith("Спасибо, ждём вас")
    (understood,) = await service.told(ReplyUnderstood)
    assert (understood.intent, understood.appointment_id) == ("confirm", asked)
    assert await service.told(TaskRaised) == []


async def test_whoever_confirmed_early_gets_no_request_to_confirm_and_still_the_preparation(
    service, world, provider
):
    event = world.booked(world.patient(PHONE), almaty(12, 15))
    await service.apply(event)
    await service.send()
    await service.apply(world.confirm(event.appointment.appointment_id))
    for day in (10, 11):
        await service.delivered()
        await service.at(almaty(day, 15))
    assert [bool(one["buttons"]) for one in provider.sent] == [False, False]
    assert "Как подготовиться" in provider.texts()[-1]
    dropped = await service.step("confirm")
    assert (dropped.outcome, dropped.reason) == ("cancelled", "already-confirmed")


async def test_the_same_webhook_twice_is_applied_once(service, world, provider, asked):
    body = whatsapp_webhook(messages=[pressed(PHONE, f"confirm:{asked}", message_id="wamid.1")])
    command = IngestWebhook(
        command_id=new_id(), provider="whatsapp", content_type="application/json", body=body
    )
    now = service.clock.now()
    assert (await webhooks.ingest(service.parts, command, world.network_id, now=now)).fresh
    assert not (await webhooks.ingest(service.parts, command, world.network_id, now=now)).fresh
    other = command.model_copy(update={"body": "{}"})
    with pytest.raises(CommandReused):
        await webhooks.ingest(service.parts, other, world.network_id, now=now)
    await service.understand()
    await service.webhook(body)  # the provider sends the message in another webhook
    assert len(world.commands) == 1
    assert len(await service.told(ReplyUnderstood)) == 1


async def test_a_webhook_that_waits_for_an_owner_is_worked_off_later(service, world, asked):
    world.silent.add("booking")
    await service.webhook(whatsapp_webhook(messages=[pressed(PHONE, f"confirm:{asked}")]))
    assert world.commands == []
    world.silent.clear()
    async with service.parts.database.transaction(world.network_id) as tx:
        ids = (
            await tx.execute(sa.select(webhook_rows.c.webhook_id).where(webhook_rows.c.due_at.is_not(None)))
        ).scalars()
        waiting = list(ids)
    assert len(waiting) == 1
    await webhooks.work_off(service.parts, world.network_id, waiting)
    assert len(world.commands) == 1


async def test_raw_webhooks_are_sealed_and_not_kept_once_worked_off(service, world, asked):
    command = IngestWebhook(
        command_id=new_id(), provider="whatsapp", content_type="application/json",
        body=whatsapp_webhook(messages=[wrote(PHONE, "секрет")]),
    )  # fmt: skip
    await webhooks.ingest(service.parts, command, world.network_id, now=service.clock.now())
    stored = sa.select(webhook_rows.c.body).where(webhook_rows.c.webhook_id == command.command_id)
    async with service.parts.database.transaction(world.network_id) as tx:
        raw = (await tx.execute(stored)).scalar_one()
    assert PHONE.encode() not in raw
    assert "секрет".encode() not in raw
    await service.understand()
    async with service.parts.database.transaction(world.network_id) as tx:
        assert (await tx.execute(stored)).scalar_one() is None
        texts = (await tx.execute(sa.select(inbound.c.text))).scalars().all()
    assert all("секрет".encode() not in text for text in texts)


@pytest.mark.parametrize("text", ["Да", "1", "иә", "Yes, please"])
async def test_words_confirm_the_only_open_question(service, world, asked, text):
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, text)]))
    ((_, command),) = world.commands
    assert command.appointment_id == asked


async def test_words_cancel(service, world, provider, asked):
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "не смогу")]))
    ((actor, command),) = world.commands
    assert (actor, type(command)) == ("patient-by-reply", CancelAppointment)


async def test_moving_where_nothing_is_free_says_so_and_changes_nothing(service, world, provider, asked):
    await service.webhook(whatsapp_webhook(messages=[pressed(PHONE, f"move:{asked}", title="Перенести")]))
    assert world.commands == []
    assert "Свободного времени" in provider.texts()[-1]
    assert "https://clinic.example/book/" in provider.texts()[-1]


@pytest.mark.parametrize("text", ["нет", "а сколько стоит?", "да, но позже", "👀"])
async def test_what_is_not_understood_changes_nothing_and_asks_a_person(
    service, world, provider, asked, text
):
    before = len(provider.sent)
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, text)]))
    assert world.commands == []
    assert len(provider.sent) == before
    (task,) = await service.told(TaskRaised)
    assert task.kind == "reply-not-understood"
    assert text not in task.reason


async def test_a_stranger_confirms_nothing(service, world, asked):
    await service.webhook(
        whatsapp_webhook(messages=[pressed("+77019999999", f"confirm:{asked}"), wrote("+77019999999", "да")])
    )
    assert world.commands == []
    assert {task.kind for task in await service.told(TaskRaised)} == {"reply-not-understood"}


async def test_two_open_questions_on_one_phone_are_told_apart_by_asking(service, world, provider):
    mother, son = world.patient(PHONE, "Алия"), world.patient(PHONE, "Тимур")
    first, second = world.booked(mother, almaty(12, 15)), world.booked(son, almaty(12, 17))
    await service.apply(first, second)
    await service.send()
    await service.delivered()
    await service.at(almaty(10, 17))
    await service.delivered()
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "1")]))
    assert world.commands == []
    question = provider.texts()[-1]
    assert "1. четверг, 12 ноября, в 15:00" in question
    assert "2. четверг, 12 ноября, в 17:00" in question
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "2")]))
    ((_, command),) = world.commands
    assert command.appointment_id == second.appointment.appointment_id


async def test_a_reply_binds_to_the_message_that_it_answers(service, world, provider):
    mother, son = world.patient(PHONE, "Алия"), world.patient(PHONE, "Тимур")
    first, second = world.booked(mother, almaty(12, 15)), world.booked(son, almaty(12, 17))
    await service.apply(first, second)
    await service.send()
    await service.delivered()
    await service.at(almaty(10, 17))
    await service.delivered()
    asked = next(
        one for one in provider.sent if f"confirm:{first.appointment.appointment_id}" in one["buttons"]
    )
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "да", answers=asked["id"])]))
    ((_, command),) = world.commands
    assert command.appointment_id == first.appointment.appointment_id


async def test_stop_withdraws_marketing(service, world, provider, asked):
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "СТОП")]))
    ((_, command),) = world.commands
    assert isinstance(command, WithdrawPermission)
    assert (command.purpose, command.how) == ("marketing", "reply")
    assert "приглашения" in provider.texts()[-1]


async def test_operator_hands_over_to_a_person(service, world, provider, asked):
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "Оператор")]))
    (task,) = await service.told(TaskRaised)
    assert task.kind == "handover"
    assert "администратору" in provider.texts()[-1]


async def test_confirming_what_is_cancelled_changes_nothing_and_asks_a_person(service, world, asked):
    world.cancel(asked)
    await service.webhook(whatsapp_webhook(messages=[pressed(PHONE, f"confirm:{asked}")]))
    (task,) = await service.told(TaskRaised)
    assert task.reason == "confirm refused: illegal-transition"
    assert await service.told(ReplyUnderstood) == []


async def test_an_sms_is_answered_by_sms(service, world, provider, asked):
    form = urlencode(
        {"MessageSid": "SM1", "From": PHONE, "To": world.network_id, "Body": "1", "SmsStatus": "received"}
    )
    await service.webhook(form, provider="sms")
    assert len(world.commands) == 1
    assert provider.sent[-1]["channel"] == "sms"


async def test_an_sms_status_finds_its_attempt_by_our_reference(service, world, provider):
    provider.channel_faults["whatsapp"] = 400
    await service.apply(world.booked(world.patient(PHONE), almaty(12, 15)))
    await service.send()
    reference = provider.sent[0]["reference"]
    form = urlencode({"MessageSid": "SM-other", "MessageStatus": "delivered", "To": PHONE})
    await service.webhook(form, provider="sms", query={"ref": reference})
    assert (await service.step("confirmation")).outcome == "delivered"


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"entry": 1}', '{"entry": [{"changes": [{"value": {"messages": [{}]}}]}]}']
)
async def test_a_webhook_of_another_form_is_passed_over(service, world, body):
    await service.webhook(body)
    async with service.parts.database.transaction(world.network_id) as tx:
        assert (
            await tx.execute(sa.select(sa.func.count()).where(webhook_rows.c.due_at.is_not(None)))
        ).scalar_one() == 0
