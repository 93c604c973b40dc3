"""Replies to what was asked, carried out: one question at a time, invitations, visits of one day, and scores."""

from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from common.contracts.booking import CancelAppointment, ConfirmAppointment
from common.contracts.consents import WithdrawPermission
from common.contracts.notifications import ReplyUnderstood, SurveyAnswered, TaskRaised
from common.contracts.recall import OutreachDue
from common.ids import new_id

from .chat_world import make_chat_world
from .world import NOW, almaty, pressed, whatsapp_webhook, wrote

PHONE = "+77010000001"

where_chats_book = pytest.mark.parametrize("world", [make_chat_world], indirect=True, ids=["bookable"])


@pytest.fixture
def world(world, network_id, request):
    make = getattr(request, "param", None)
    return world if make is None else make(network_id)


@pytest.fixture
async def two_days(service, world):
    """Visits on the 12th and the 13th, booked by one person; nothing was asked yet."""
    card = world.patient(PHONE)
    events = [world.booked(card, almaty(day, 15)) for day in (12, 13)]
    await service.apply(*events)
    await service.send()
    await service.delivered()
    return [one.appointment.appointment_id for one in events]


@pytest.fixture
async def one_day(service, world):
    """Two visits of the 12th, whose patient was asked about both in one message."""
    card = world.patient(PHONE)
    events = [world.booked(card, almaty(12, hour)) for hour in (11, 15)]
    await service.apply(*events)
    await service.send()
    await service.delivered()
    await service.at(almaty(10, 11))
    await service.delivered()
    return [one.appointment.appointment_id for one in events]


async def says(service, text, **more):
    await service.webhook(whatsapp_webhook(messages=[wrote(PHONE, text, **more)]))


async def says_by_sms(service, world, text):
    form = {
        "MessageSid": uuid4().hex,
        "From": PHONE,
        "To": world.network_id,
        "Body": text,
        "SmsStatus": "received",
    }
    await service.webhook(urlencode(form), provider="sms")


def ordered(world):
    return [(type(command), getattr(command, "appointment_id", None)) for _, command in world.commands]


async def tasks(service):
    return [(one.kind, one.reason) for one in await service.told(TaskRaised)]


# --- one question at a time --------------------------------------------------------------------------------


async def test_the_answer_to_a_later_reminder_is_not_read_as_the_choice_asked_for_before(
    service, world, provider, two_days
):
    first, second = two_days
    await service.at(almaty(10, 9))
    await says(service, "отмена")
    assert "1. четверг, 12 ноября" in provider.texts()[-1]
    await says(service, "2")
    assert ordered(world) == [(CancelAppointment, second)]
    await service.at(almaty(10, 15))
    await service.delivered()
    await says_by_sms(service, world, "1")
    assert ordered(world)[1:] == [(ConfirmAppointment, first)]


async def test_a_question_is_answered_once(service, world, two_days):
    await says(service, "отмена")
    await says(service, "2")
    await says(service, "1")
    assert ordered(world) == [(CancelAppointment, two_days[1])]


# --- invitations ---------------------------------------------------------------------------------------------


async def invited(service, world, card, template="recall"):
    await service.apply(
        OutreachDue(
            network_id=world.network_id, occurred_at=NOW, version=1, outreach_id=new_id(), patient_id=card.patient_id,
            template=template, branch_id=world.branch.branch_id, service_id=world.service.service_id,
            practitioner_id=None, last_visit_at=NOW - timedelta(days=165), expires_at=NOW + timedelta(days=14),
        )
    )  # fmt: skip
    await service.send()


@pytest.fixture
async def invited_beside_a_visit(service, world, provider):
    card = world.patient(PHONE)
    await service.apply(world.booked(card, almaty(12, 15)))
    await service.send()
    await service.delivered()
    await invited(service, world, card)
    return provider.sent[-1]


@pytest.mark.parametrize("said", ["Бас тарту: СТОП", "бас тарту", "لغو", "لغو دریافت", "Отказ"])
@pytest.mark.parametrize("quoting", [True, False])
async def test_whoever_refuses_an_invitation_gets_no_more_of_them_and_keeps_the_visit(
    service, world, invited_beside_a_visit, said, quoting
):
    await says(service, said, answers=invited_beside_a_visit["id"] if quoting else None)
    ((_, command),) = world.commands
    assert isinstance(command, WithdrawPermission)
    assert command.purpose == "marketing"


async def test_words_about_a_visit_in_answer_to_an_invitation_are_for_a_person(
    service, world, provider, invited_beside_a_visit
):
    await says(service, "не приду")
    assert world.commands == []
    assert await tasks(service) == [("call-back", "answered an invitation")]
    assert "администратору" in provider.texts()[-1]


async def test_a_yes_to_an_invitation_by_sms_is_for_a_person_and_confirms_nothing(
    service, world, invited_beside_a_visit
):
    await says_by_sms(service, world, "да")
    assert world.commands == []
    assert await tasks(service) == [("call-back", "answered an invitation")]


@where_chats_book
async def test_a_yes_to_an_invitation_in_a_chat_begins_the_booking_of_its_service(
    service, world, provider, invited_beside_a_visit
):
    await says(service, "да")
    assert world.commands == []
    assert await tasks(service) == []
    assert provider.interactive()[0].startswith("chat:")
    assert world.service.name["ru"] not in provider.texts()[-1], "for what is known already"


# --- several visits of one day -------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["button", "word", "number"])
async def test_one_of_several_visits_of_a_day_is_cancelled_by_its_number_only(
    service, world, provider, one_day, how
):
    first, second = one_day
    match how:
        case "button":
            await service.webhook(whatsapp_webhook(messages=[pressed(PHONE, f"cancel:{first}")]))
        case "word":
            await says(service, "отмена")
        case _:
            await says(service, "3")
    assert world.commands == []
    assert "1. четверг, 12 ноября, в 11:00\n2. четверг, 12 ноября, в 15:00" in provider.texts()[-1]
    await says(service, "2")
    assert ordered(world) == [(CancelAppointment, second)]


async def test_which_of_several_visits_of_a_day_is_to_be_moved_is_asked(service, world, provider, one_day):
    await service.webhook(whatsapp_webhook(messages=[pressed(PHONE, f"move:{one_day[0]}")]))
    assert "2. четверг, 12 ноября, в 15:00" in provider.texts()[-1]
    await says(service, "2")
    assert world.commands == []
    assert "Свободного времени" in provider.texts()[-1]


async def test_what_was_cancelled_meanwhile_keeps_nobody_from_confirming_the_rest(service, world, one_day):
    world.cancel(one_day[1])
    await says(service, "да")
    assert ordered(world) == [(ConfirmAppointment, one_day[0])]
    assert await tasks(service) == []


# --- scores ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def surveyed(service, world, provider):
    """Somebody with a visit ahead who was asked to confirm it, and then how the last one was."""
    card = world.patient(PHONE)
    await service.apply(world.booked(card, almaty(12, 15)))
    await service.send()
    await service.delivered()
    await service.at(almaty(10, 15))
    await service.delivered()
    await invited(service, world, card, template="survey")
    return await service.step("survey")


@pytest.mark.parametrize("digit", ["3", "۳"])
async def test_a_score_is_kept_and_thanked_for_and_cancels_no_visit(
    service, world, provider, surveyed, digit
):
    await says_by_sms(service, world, digit)
    assert world.commands == []
    (told,) = await service.told(SurveyAnswered)
    assert (told.message_id, told.patient_id, told.score) == (surveyed.message_id, surveyed.patient_id, 3)
    assert await service.told(ReplyUnderstood) == []
    assert await tasks(service) == []
    assert provider.texts()[-1].startswith("Спасибо!")


async def test_a_low_score_pauses_automation_and_a_person_goes_on(service, world, provider, surveyed):
    await says(service, "1")
    assert world.commands == []
    assert [one.score for one in await service.told(SurveyAnswered)] == [1]
    assert await tasks(service) == [("handover", "low score")]
    assert "администратору" in provider.texts()[-1]
    count = len(provider.sent)
    await says(service, "да")
    assert (world.commands, len(provider.sent)) == ([], count), "a person answers now"


async def test_a_second_low_score_is_kept_and_asks_for_no_second_person(service, surveyed):
    await says(service, "1")
    await says(service, "2")
    assert [one.score for one in await service.told(SurveyAnswered)] == [1, 2]
    assert await tasks(service) == [("handover", "low score")]
