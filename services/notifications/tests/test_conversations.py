"""Conversations: booking by chat, what is said at most once, and the hand-over to a person and back."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import orjson
import pytest
import sqlalchemy as sa

from common.contracts.booking import BookAppointment, CancelAppointment, RescheduleAppointment
from common.contracts.notifications import (
    ConversationChanged,
    GetConversation,
    IngestWebhook,
    ListConversations,
    ResumeConversation,
    SayInConversation,
    TaskRaised,
)
from common.contracts.patient_profile import PatientErased, TaskFinished
from common.errors import NotAllowed, Refused
from common.testing import caller
from notifications import handlers
from notifications.channels import telegram
from notifications.operations import webhooks
from notifications.tables.conversations import paused_channels, threads, utterances
from notifications.tables.schema import patient_keys

from .chat_world import make_chat_world
from .world import NOW, almaty, pressed, status, whatsapp_webhook, wrote

PHONE = "+77010000001"


@pytest.fixture
def world(network_id):
    return make_chat_world(network_id)


@pytest.fixture
def chat(service, provider):
    """What the patient writes, and what comes back on that phone."""

    async def say(text, *, phone=PHONE, message_id=None):
        before = len(provider.sent)
        await service.webhook(whatsapp_webhook(messages=[wrote(phone, text, message_id=message_id)]))
        return "\n".join(provider.texts()[before:])

    return say


def commands(world, kind):
    return [command for _, command in world.commands if isinstance(command, kind)]


def answer(request, service, **who):
    route = handlers.answers.routes[request.subject]
    return route.answer(request, caller(service.world.network_id, **who), service.parts)


async def open_conversations(service, **who):
    return (await answer(ListConversations(), service, **who)).conversations


async def test_a_stranger_books_in_russian_in_six_turns_and_agrees_in_a_seventh(chat, world):
    assert "На какую услугу" in await chat("Хочу записаться")
    assert "филиал" in await chat("1")
    assert "К кому" in await chat("1")
    assert "Какое время" in await chat("1")
    assert "Как вас зовут" in await chat("2")
    booked = await chat("Марат Ержанов")
    assert "Вы записаны" in booked
    assert "Присылать приглашения?" in booked
    (command,) = commands(world, BookAppointment)
    assert command.source == "whatsapp"
    assert world.cards[command.patient_id].full_name == "Марат Ержанов"
    assert world.cards[command.patient_id].phones[0].phone == PHONE
    assert "Спасибо" in await chat("да")
    (agreed,) = world.agreed
    assert (agreed.grants, agreed.given.how, agreed.given.text_version) == (
        ["marketing"],
        "reply",
        "marketing-1",
    )
    assert {actor for actor, _ in world.commands} == {"patient-by-reply"}


async def test_one_sentence_and_a_number_book_for_somebody_known(chat, world):
    card = world.patient(PHONE)
    offered = await chat("Здравствуйте, хочу на гигиену к Айгерим Нурлановне завтра после обеда")
    assert "3 ноября" in offered
    assert "12:00" in offered
    assert "Вы записаны" in await chat("2")
    (command,) = commands(world, BookAppointment)
    assert command.patient_id == card.patient_id
    assert command.starts_at == almaty(3, 13)
    assert command.practitioner_id == world.practitioners[0].practitioner_id


async def test_it_is_spoken_in_the_language_of_the_patients_words(chat, world):
    world.patient(PHONE, "Ana", locale="ru")
    assert "Limpeza dental" in await chat("Quero marcar uma consulta")
    assert "unidade" in await chat("limpeza")


async def test_buttons_lead_through_the_same_dialogue(service, world, provider):
    world.patient(PHONE)
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "записаться на гигиену в Астане")]))
    button = provider.interactive()[0]
    await service.webhook(
        whatsapp_webhook(messages=[{**pressed(PHONE, button, title="x"), "type": "button"}])
    )
    (command,) = commands(world, BookAppointment)
    assert command.branch_id == world.branches[1].branch_id


async def test_a_button_of_an_older_question_changes_nothing(service, world, provider, chat):
    world.patient(PHONE)
    await chat("записаться на гигиену в Астане")
    old = provider.interactive()[0]
    await chat("послезавтра")
    before = len(provider.sent)
    await service.webhook(whatsapp_webhook(messages=[pressed(PHONE, old, title="x")]))
    assert commands(world, BookAppointment) == []
    assert "прошлому вопросу" in provider.texts()[before]


async def test_somebody_elses_time_is_never_double_booked_and_others_are_offered_at_once(chat, world):
    world.patient(PHONE)
    await chat("гигиена в Астане завтра в 10")
    world.taken.add((world.practitioners[2].practitioner_id, almaty(3, 10)))
    said = await chat("1")
    assert "только что заняли" in said
    assert "1. " in said
    assert "Вы записаны" in await chat("1")


async def test_a_family_is_asked_who_it_is_for(chat, world):
    world.patient(PHONE, "Марат")
    child = world.patient(PHONE, "Алия")
    said = await chat("гигиена в Астане завтра")
    assert "Кто придёт" in said
    await chat("Алия")
    await chat("1")
    (command,) = commands(world, BookAppointment)
    assert command.patient_id == child.patient_id


async def test_visits_are_listed_moved_and_cancelled(chat, world):
    card = world.patient(PHONE)
    first = world.booked(card, almaty(12, 15)).appointment
    second = world.booked(card, almaty(13, 10)).appointment
    listed = await chat("какие у меня записи?")
    assert "12 ноября" in listed
    assert "13 ноября" in listed
    assert "Что сделать" in await chat("1")
    assert "Какое время" in await chat("перенести")
    assert "перенесена" in await chat("1")
    (moved,) = commands(world, RescheduleAppointment)
    assert moved.appointment_id == first.appointment_id
    assert "О какой записи" in await chat("хочу отменить запись")
    assert "Отменить запись" in await chat("13 ноября")
    assert commands(world, CancelAppointment) == []
    assert "отменена" in await chat("да")
    (cancelled,) = commands(world, CancelAppointment)
    assert cancelled.appointment_id == second.appointment_id


async def test_saying_no_keeps_the_visit(chat, world):
    world.booked(world.patient(PHONE), almaty(12, 15))
    await chat("отменить мой визит")
    assert "остаётся" in await chat("нет")
    assert commands(world, CancelAppointment) == []


async def test_a_visit_of_somebody_elses_is_never_touched(chat, world):
    mine, other = world.patient(PHONE), world.patient("+77019999999", "Чужой")
    world.booked(other, almaty(12, 15))
    assert "записей у вас нет" in await chat("мои записи")
    del mine


async def test_a_reply_to_move_offers_times_in_the_chat_and_the_chosen_one_is_taken(service, world, provider):
    event = world.booked(world.patient(PHONE), almaty(12, 15))
    await service.apply(event)
    await service.send()
    appointment_id = event.appointment.appointment_id
    await service.webhook(
        whatsapp_webhook(messages=[pressed(PHONE, f"move:{appointment_id}", title="Перенести")])
    )
    assert "Какое время" in provider.texts()[-1]
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "2")]))
    (moved,) = commands(world, RescheduleAppointment)
    assert moved.appointment_id == appointment_id
    assert await service.told(TaskRaised) == []


async def test_moving_that_is_left_half_way_becomes_a_task_when_it_is_forgotten(service, world, provider):
    event = world.booked(world.patient(PHONE), almaty(12, 15))
    await service.apply(event)
    await service.send()
    button = pressed(PHONE, f"move:{event.appointment.appointment_id}", title="Перенести")
    await service.webhook(whatsapp_webhook(messages=[button]))
    service.clock.put(NOW + timedelta(minutes=31))
    while await service.forgetting.step():
        pass
    (task,) = await service.told(TaskRaised)
    assert (task.kind, task.patient_id) == ("wants-to-move", event.appointment.patient_id)
    async with service.parts.database.transaction(world.network_id) as tx:
        assert (await tx.execute(sa.select(threads.c.dialogue, threads.c.due_at))).all() == [(None, None)]


async def test_half_an_hour_later_a_number_means_nothing_any_more(chat, world, service):
    world.patient(PHONE)
    await chat("гигиена в Астане завтра")
    service.clock.put(NOW + timedelta(minutes=31))
    await chat("1")
    assert commands(world, BookAppointment) == []


async def test_what_is_not_understood_twice_goes_to_a_person_with_the_transcript(chat, world, service):
    world.patient(PHONE)
    assert "не получилось понять" in await chat("а вот у меня такое дело")
    assert "администратору" in await chat("ну вы понимаете")
    (task,) = await service.told(TaskRaised)
    assert (task.kind, task.reason) == ("handover", "not understood twice")
    assert task.due_at == NOW + timedelta(minutes=15)
    (shown,) = await open_conversations(service)
    assert shown.task_id == task.task_id
    assert shown.waiting_since == NOW
    found = await answer(GetConversation(task_id=task.task_id), service)
    assert [(one.author, one.outcome) for one in found.lines] == [
        ("patient", None), ("automation", "accepted"), ("patient", None), ("automation", "accepted"),
    ]  # fmt: skip
    assert found.lines[0].text == "а вот у меня такое дело"


@pytest.mark.parametrize("text", ["оператор", "Позовите оператора!", "atendente", "客服", "это безобразие", "у меня сильная боль", "quero falar com atendente"])  # fmt: skip
async def test_a_person_is_called_at_once_by_name_in_anger_or_in_need(chat, service, world, text):
    await chat(text)
    (task,) = await service.told(TaskRaised)
    assert task.kind == "handover"
    assert text not in task.reason
    assert len(await open_conversations(service)) == 1


async def test_while_a_person_is_at_it_nothing_answers_by_itself(chat, service, world):
    card = world.patient(PHONE)
    await chat("оператор")
    assert await chat("хочу записаться") == ""
    assert await chat("да") == ""
    async with service.parts.database.transaction(world.network_id) as tx:
        paused = await paused_channels(tx, world.network_id, [card.patient_id, uuid4()])
    assert paused == {card.patient_id: {"whatsapp"}}
    assert len(await service.told(TaskRaised)) == 1


async def test_staff_answer_in_the_same_thread_once_and_give_it_back(chat, service, world, provider):
    world.patient(PHONE)
    await chat("оператор")
    (shown,) = await open_conversations(service)
    say = SayInConversation(conversation_id=shown.conversation_id, text="Добрый день!\nЧем помочь?")
    before = len(provider.sent)
    await answer(say, service, actor="staff:anna")
    await answer(say, service, actor="staff:anna")
    await service.send()
    assert provider.texts()[before:] == ["Добрый день!\nЧем помочь?"]
    found = await answer(GetConversation(conversation_id=shown.conversation_id), service)
    assert found.lines[-1].author == "staff:anna"
    assert found.conversation.waiting_since is None
    await answer(ResumeConversation(conversation_id=shown.conversation_id), service)
    assert await open_conversations(service) == []
    assert "На какую услугу" in await chat("хочу записаться")
    assert len(await service.told(ConversationChanged)) >= 4


async def test_finishing_the_task_resumes_and_another_task_does_not(chat, service, world):
    await chat("оператор")
    (task,) = await service.told(TaskRaised)
    about = {
        "network_id": world.network_id,
        "occurred_at": NOW,
        "version": 2,
        "kind": "handover",
        "branch_id": None,
    }
    await service.apply(TaskFinished(task_id=uuid4(), **about))
    assert len(await open_conversations(service)) == 1
    await service.apply(TaskFinished(task_id=task.task_id, **about))
    assert await open_conversations(service) == []


async def test_a_day_after_the_patient_wrote_the_channel_takes_no_free_text(chat, service, world):
    await chat("оператор")
    (shown,) = await open_conversations(service)
    assert shown.answer_until == NOW + timedelta(hours=24)
    service.clock.put(NOW + timedelta(hours=24))
    with pytest.raises(Refused) as refusal:
        await answer(SayInConversation(conversation_id=shown.conversation_id, text="Ещё здесь?"), service)
    assert refusal.value.refusal == "window-closed"


async def test_conversations_are_for_reception_and_managers_of_the_branch(chat, service, world):
    world.patient(PHONE)
    await chat("гигиена в Астане завтра")
    await chat("оператор")
    astana, elsewhere = str(world.branches[1].branch_id), str(world.branches[0].branch_id)
    with pytest.raises(NotAllowed):
        await open_conversations(service, roles=("accounting",))
    assert len(await open_conversations(service, roles=("reception",), branches=(astana,))) == 1
    assert await open_conversations(service, roles=("reception",), branches=(elsewhere,)) == []
    (shown,) = await open_conversations(service)
    with pytest.raises(Refused):
        await answer(GetConversation(conversation_id=shown.conversation_id), service, roles=("reception",), branches=(elsewhere,))  # fmt: skip


async def test_the_same_webhook_twice_does_not_advance_the_dialogue_twice(chat, world, provider):
    world.patient(PHONE)
    await chat("гигиена в Астане завтра", message_id="wamid.1")
    assert await chat("гигиена в Астане завтра", message_id="wamid.1") == ""
    assert "Вы записаны" in await chat("1", message_id="wamid.2")
    assert await chat("1", message_id="wamid.2") == ""
    assert len(commands(world, BookAppointment)) == 1


async def test_a_crash_after_booking_books_once_and_goes_on_where_it_was(service, world, chat, monkeypatch):
    world.patient(PHONE)
    await chat("гигиена в Астане завтра")
    from notifications.operations.replies import hearing
    from notifications.operations.replies.recording import record

    async def dies(*arguments):
        monkeypatch.setattr(hearing, "record", record)
        raise ConnectionError

    monkeypatch.setattr(hearing, "record", dies)
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, "1", message_id="wamid.9")]))
    async with service.parts.database.transaction(world.network_id) as tx:
        await tx.execute(sa.text("UPDATE webhooks SET leased_until = NULL"))
    await service.understand()
    assert len(commands(world, BookAppointment)) == 1
    assert len(world.booked_visits()) == 1
    async with service.parts.database.transaction(world.network_id) as tx:
        assert (await tx.execute(sa.select(threads.c.turn_of))).scalar_one() is None


async def test_two_messages_at_once_are_answered_one_after_the_other(service, world, chat):
    world.patient(PHONE)
    await chat("гигиена в Астане завтра")
    ids = []
    for number, text in enumerate(("1", "2")):
        command = IngestWebhook(
            command_id=uuid4(), provider="whatsapp", content_type="application/json",
            body=whatsapp_webhook(messages=[wrote(PHONE, text, message_id=f"wamid.{number}")]),
        )  # fmt: skip
        await webhooks.ingest(service.parts, command, world.network_id, now=service.clock.now())
        ids.append(command.command_id)
    started = asyncio.Event()
    other_tried = asyncio.Event()

    async def wait():
        started.set()
        await other_tried.wait()

    world.before_booking = wait
    first = asyncio.create_task(webhooks.work_off(service.parts, world.network_id, ids[:1]))
    await started.wait()
    with pytest.raises(Exception, match="another message"):
        await webhooks.work_off(service.parts, world.network_id, ids[1:])
    other_tried.set()
    await first
    world.before_booking = None
    await webhooks.work_off(service.parts, world.network_id, ids[1:])
    assert len(world.booked_visits()) == 1


@pytest.mark.parametrize("fault", ["lost-after", 400])
async def test_an_answer_that_may_not_have_arrived_is_not_repeated_and_a_person_is_asked(service, world, chat, provider, fault):  # fmt: skip
    provider.faults.append(fault)
    await chat("хочу записаться")
    before = len(provider.sent)
    await service.send()
    assert len(provider.sent) == before
    (task,) = await service.told(TaskRaised)
    assert task.reason in {"answer unknown", "answer failed"}
    async with service.parts.database.transaction(world.network_id) as tx:
        outcome = (await tx.execute(sa.select(utterances.c.outcome))).scalar_one()
    assert outcome == ("unknown" if fault == "lost-after" else "failed")


async def test_what_was_cut_off_while_it_was_said_is_never_said_again(service, world, chat, provider):
    await chat("хочу записаться")
    async with service.parts.database.transaction(world.network_id) as tx:
        await tx.execute(sa.update(utterances).values(outcome="sending", due_at=NOW, leased_until=None))
    before = len(provider.sent)
    await service.send()
    assert len(provider.sent) == before
    (task,) = await service.told(TaskRaised)
    assert task.reason == "answer unknown"


async def test_states_of_what_was_said_move_forward_only(service, world, chat, provider):
    await chat("хочу записаться")
    said = provider.sent[-1]
    for state in ("read", "delivered", "sent"):
        await service.webhook(whatsapp_webhook(statuses=[status(said["id"], state, said["reference"])]))
    async with service.parts.database.transaction(world.network_id) as tx:
        assert (await tx.execute(sa.select(utterances.c.outcome))).scalar_one() == "read"


async def test_nothing_said_in_a_chat_stands_in_the_clear_and_erasing_forgets_the_thread(
    service, world, chat
):
    card = world.patient(PHONE, "Шолпан")
    await chat("гигиена в Астане завтра, меня зовут Шолпан")
    async with service.parts.database.transaction(world.network_id) as tx:
        for table in ("threads", "utterances", "inbound", "outbox"):
            everything = (await tx.execute(sa.text(f"SELECT coalesce(json_agg(t)::text, '') FROM {table} t"))).scalar_one()  # fmt: skip
            for personal in (
                "77010000001",
                "Шолпан",
                "Шолпан".encode().hex(),
                b"77010000001".hex(),
                "гигиена",
            ):
                assert personal not in everything, table
    await service.apply(PatientErased(network_id=world.network_id, occurred_at=NOW, version=2, patient_id=card.patient_id))  # fmt: skip
    async with service.parts.database.transaction(world.network_id) as tx:
        for kept in (threads, utterances, patient_keys):
            assert (await tx.execute(sa.select(kept))).all() == []


@pytest.mark.parametrize(("owner", "phone"), [(7, "+77010000001"), (8, None), (None, None)])
def test_a_shared_contact_is_vouched_for_only_where_it_is_the_senders_own(owner, phone):
    contact = {"phone_number": "77010000001", "user_id": owner}
    message = {"message_id": 1, "chat": {"id": 7, "type": "private"}, "from": {"id": 7}, "contact": contact}
    _, (written,) = telegram.webhook(orjson.dumps({"update_id": 1, "message": message}), {})
    assert written.contact == phone
