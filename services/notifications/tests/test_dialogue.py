"""The dialogue as a pure machine: how few turns it takes, and that nothing happens which was not chosen."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.booking import AppointmentState, FindFreeSlots, Slot
from notifications.rules.dialogue import answered, machine
from notifications.rules.dialogue.values import (
    SHARE_PHONE,
    Agreement,
    Book,
    Cancel,
    Done,
    Facts,
    FindOthers,
    FindTimes,
    FindVisits,
    Got,
    Known,
    Move,
    Need,
    NotDone,
    Said,
    State,
    Times,
    Turn,
    Visits,
)
from notifications.rules.dialogue.wording import worded
from notifications.rules.values import Reader
from notifications.templates import texts

from .chat_world import ChatWorld, make_chat_world
from .world import NOW, almaty

WORLD = make_chat_world("clinic")


@dataclass
class Clinic:
    """Owners in memory around the machine: what it asks for is answered, what it changes is kept."""

    known: list[Known] = field(default_factory=list)
    visits: list[AppointmentState] = field(default_factory=list)
    phone: str | None = "+77010000001"
    shares_phone: bool = False
    world: ChatWorld = field(default_factory=lambda: WORLD)
    now_at: State | None = None
    acts: list[Any] = field(default_factory=list)
    refusals: list[NotDone] = field(default_factory=list)
    agreements: tuple[Agreement, ...] = ()
    last: Turn | None = None
    count: int = 0

    @property
    def state(self) -> State:
        """Where the dialogue stands, which it has to."""
        assert self.now_at is not None
        return self.now_at

    @property
    def turn(self) -> Turn:
        """What came of the last message."""
        assert self.last is not None
        return self.last

    def facts(self) -> Facts:
        return Facts(
            tuple(self.world.branches), tuple(self.world.practitioners), tuple(self.world.services), tuple(self.known),
            self.phone, "Улыбка", "https://clinic.example/book", NOW, self.shares_phone,
        )  # fmt: skip

    def say(self, text: str = "", *, payload: str | None = None, contact: str | None = None) -> list[str]:
        """One message; returns the names of the texts that answer it."""
        self.count += 1
        self.phone = contact or self.phone
        said = Said(f"q{self.count}", text, payload, contact)
        turn = machine.hear(self.now_at, said, self.facts())
        for _ in range(6):
            if turn.need is None:
                break
            assert turn.says == (), "a turn that asks owners says nothing yet"
            assert turn.state is not None
            turn = answered.got(turn.state, turn.need, self.answer(turn.need), said, self.facts())
        assert turn.need is None, "it goes round in circles"
        self.last, self.now_at = turn, None if turn.handover else turn.state
        return [one.line for one in turn.says]

    def press(self, place: int) -> list[str]:
        return self.say(payload=machine.payload(self.state.question, place))

    def answer(self, need: Need) -> Got:
        match need:
            case FindTimes():
                question = FindFreeSlots(
                    service_id=need.service_id, branch_id=need.branch_id, practitioner_id=need.practitioner_id,
                    from_date=need.first, days=need.days,
                )  # fmt: skip
                return Times(tuple(self.world.free(question)))
            case FindOthers():
                question = FindFreeSlots(service_id=self.visits[0].service_id, days=7)
                return Times(tuple(self.world.free(question)))
            case FindVisits():
                return Visits(tuple(self.visits))
        self.acts.append(need)
        if self.refusals:
            return self.refusals.pop(0)
        return Done(visit(need.slot) if isinstance(need, Book) else None, self.agreements)


def visit(slot: Slot | None = None, at: datetime | None = None) -> AppointmentState:
    starts_at = slot.starts_at if slot else at or almaty(12, 15)
    return AppointmentState(
        appointment_id=uuid4(), patient_id=uuid4(), status="booked", starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30), branch_id=WORLD.branches[0].branch_id,
        practitioner_id=WORLD.practitioners[0].practitioner_id, service_id=WORLD.services[0].service_id,
        source="whatsapp", created_at=NOW,
    )  # fmt: skip


def somebody(name: str = "Марат") -> Known:
    return Known(uuid4(), name)


BOOKINGS = {
    "ru": [
        "Здравствуйте! Хочу записаться",
        "Гигиена",
        "Алматы",
        "любой",
        "завтра после обеда",
        "1",
        "Марат Ержанов",
    ],
    "kk": ["Сәлеметсіз бе, жазылғым келеді", "1", "1", "кез келген", "2", "Айдос Қайратұлы"],
    "en": ["I want to book", "hygiene", "1", "any", "tomorrow afternoon", "2", "John Smith"],
    "pt-BR": ["Oi, quero marcar uma consulta", "limpeza", "1", "tanto faz", "3", "Ana Souza"],
    "fa": ["سلام، نوبت می‌خواهم", "۱", "۱", "فرقی نمی‌کند", "۲", "مریم رضایی"],
    "fr": ["Bonjour, je voudrais un rendez-vous", "1", "1", "peu importe", "1", "Jeanne Martin"],
    "zh-TW": ["你好，我想預約", "1", "1", "不限", "2", "王小明"],
}


@pytest.mark.parametrize("locale", BOOKINGS)
def test_a_stranger_books_in_every_language(locale):
    clinic = Clinic()
    for text in BOOKINGS[locale]:
        clinic.say(text)
    (booked,) = clinic.acts
    assert isinstance(booked, Book)
    assert (booked.full_name, booked.phone) == (BOOKINGS[locale][-1], "+77010000001")


@pytest.mark.parametrize(
    "wish",
    [
        "Хочу записаться на чистку",
        "тісті тазалату керек, жазылайын",
        "I'd like to book a cleaning",
        "quero marcar uma limpeza",
        "برای جرم‌گیری نوبت می‌خواهم",
        "je voudrais un rendez-vous pour un détartrage",
        "我想預約洗牙",
    ],
)
def test_a_service_is_known_by_what_people_call_it_too(wish):
    clinic = Clinic()
    clinic.say(wish)
    (hygiene,) = (one for one in WORLD.services if one.kind == "hygiene")
    assert clinic.state.service_id == hygiene.service_id


def test_six_turns_are_the_most_that_a_booking_by_buttons_takes():
    clinic = Clinic(known=[somebody("Марат"), somebody("Алия")])
    clinic.say("записаться")
    turns = 1
    while not clinic.acts:
        clinic.press(0)
        turns += 1
    assert turns <= 6


def test_where_the_channel_has_no_phones_name_and_phone_are_one_question():
    clinic = Clinic(phone=None)
    clinic.say("гигиена в Астане завтра")
    assert clinic.say("1") == ["chat-name-and-phone"]
    assert clinic.say("Марат Ержанов, 8 701 000 00 01") == ["chat-booked"]
    (booked,) = clinic.acts
    assert (booked.full_name, booked.phone) == ("Марат Ержанов", "8 701 000 00 01")


def test_a_shared_contact_is_the_phone_and_the_name_is_still_asked_for():
    clinic = Clinic(phone=None, shares_phone=True)
    clinic.say("гигиена в Астане завтра")
    assert clinic.say("1") == ["chat-share-or-write"]
    assert clinic.say(contact="+77010000001") == ["chat-name"]
    clinic.say("Марат")
    assert clinic.acts[0].phone == "+77010000001"


def test_whoever_is_known_by_the_phone_they_share_is_asked_no_more():
    clinic = Clinic(phone=None, shares_phone=True)
    clinic.say("гигиена в Астане завтра")
    clinic.say("1")
    clinic.known = [somebody()]
    assert clinic.say(contact="+77010000001") == ["chat-booked"]
    assert clinic.acts[0].patient_id == clinic.known[0].patient_id


def test_a_family_behind_a_shared_phone_is_asked_who_it_is_for():
    clinic = Clinic(phone=None, shares_phone=True)
    clinic.say("гигиена в Астане завтра")
    clinic.say("1")
    clinic.known = [somebody("Марат"), somebody("Алия")]
    assert clinic.say(contact="+77010000001") == ["chat-whom"]
    assert clinic.say("Алия") == ["chat-booked"]
    assert clinic.acts[0].patient_id == clinic.known[1].patient_id


def test_nobody_hears_that_they_have_no_visits_before_their_phone_is_known():
    clinic = Clinic(phone=None, shares_phone=True, visits=[visit()])
    assert clinic.say("мои записи") == ["chat-share-phone"]
    assert clinic.say("8 701 000 00 01") == ["chat-not-understood", "chat-share-phone"], (
        "anybody can type a phone"
    )
    clinic.known = [somebody()]
    assert clinic.say(contact="+77010000001") == ["chat-visit"]


def test_a_phone_that_is_shared_without_a_wish_leads_to_what_can_be_done_here():
    clinic = Clinic(phone=None, shares_phone=True)
    assert clinic.say(contact="+77010000001") == ["chat-greeting"]


@pytest.mark.parametrize("locale", BOOKINGS)
def test_where_the_app_can_share_the_phone_its_button_stands_with_the_question(locale):
    clinic = Clinic(phone=None, shares_phone=True)
    for wish in (["мои записи"], ["гигиена в Астане завтра", "1"]):
        for text in wish:
            clinic.say(text)
        message = worded(clinic.turn, clinic.facts(), texts(locale), Reader(locale))
        (button,) = message.buttons
        assert button.payload == SHARE_PHONE
        assert button.title in message.body, "the text says what to press"


def test_a_phone_that_is_none_is_asked_for_again():
    clinic = Clinic(phone=None, refusals=[NotDone("malformed-phone")])
    clinic.say("гигиена в Астане завтра")
    clinic.say("1")
    assert clinic.say("Марат 123-456-7") == ["chat-bad-phone", "chat-phone"]
    assert clinic.say("+7 701 000 00 01") == ["chat-booked"]


def test_more_shows_the_next_times_and_another_day_asks_for_it():
    clinic = Clinic(known=[somebody()])
    clinic.say("гигиена в Астане")
    first = [one.slot.starts_at for one in clinic.state.choices if one.slot]
    clinic.say("ещё")
    second = [one.slot.starts_at for one in clinic.state.choices if one.slot]
    assert len(first) == len(second) == 3
    assert max(first) < min(second)
    assert clinic.say("другой день") == ["chat-day"]
    clinic.say("в пятницу утром")
    assert {one.slot.starts_at.date().isoformat() for one in clinic.state.choices if one.slot} == {
        "2026-11-06"
    }


def test_where_nothing_is_free_then_the_nearest_is_offered_and_said_to_be():
    clinic = Clinic(known=[somebody()])
    assert clinic.say("гигиена в Астане завтра в 21:00") == ["chat-nothing-then", "chat-time"]
    assert clinic.say("гигиена в Астане в воскресенье") == ["chat-nothing-then", "chat-time"]


def test_an_exact_time_comes_first():
    clinic = Clinic(known=[somebody()])
    clinic.say("гигиена в Астане завтра в 15:00")
    assert next(one.slot.starts_at for one in clinic.state.choices if one.slot) == almaty(3, 15)


@pytest.mark.parametrize(("code", "line"), [("slot-taken", "chat-taken"), ("patient-busy", "chat-busy")])
def test_a_time_that_cannot_be_had_brings_others_at_once(code, line):
    clinic = Clinic(known=[somebody()], refusals=[NotDone(code)])
    clinic.say("гигиена в Астане завтра")
    assert clinic.say("1") == [line, "chat-time"]
    assert clinic.say("1") == ["chat-booked"]


@pytest.mark.parametrize("code", ["not-theirs", "not-offered", "not-allowed"])
def test_what_an_owner_refuses_for_good_goes_to_a_person(code):
    clinic = Clinic(known=[somebody()], refusals=[NotDone(code)])
    clinic.say("гигиена в Астане завтра")
    clinic.say("1")
    assert clinic.turn.handover == f"refused: {code}"


def test_a_visit_that_is_too_soon_is_left_to_a_call_without_pausing_the_chat():
    clinic = Clinic(known=[somebody()], visits=[visit()], refusals=[NotDone("too-late-to-cancel")])
    clinic.say("отменить запись")
    assert clinic.say("да") == ["chat-too-late"]
    assert clinic.turn.task == "call-back"


def test_agreeing_is_recorded_with_what_was_shown_and_not_agreeing_is_nothing():
    agreement = Agreement(purpose="marketing", version="marketing-1", text="Приглашать?")
    for word, acts in (("да", 2), ("нет", 1)):
        clinic = Clinic(known=[somebody()], agreements=(agreement,))
        clinic.say("гигиена в Астане завтра")
        assert clinic.say("1") == ["chat-booked", "chat-agree"]
        assert clinic.say(word) == ["chat-thanks"]
        assert len(clinic.acts) == acts
    assert clinic.now_at is None


def test_two_misses_in_a_row_call_a_person_and_an_answer_between_them_starts_anew():
    clinic = Clinic(known=[somebody()])
    clinic.say("бла бла")
    clinic.say("записаться")
    clinic.say("бла бла")
    assert clinic.turn.handover is None
    clinic.say("тру ля ля")
    assert clinic.turn.handover == "not understood twice"


def test_a_question_is_repeated_under_its_own_name_so_that_its_buttons_stay_good():
    clinic = Clinic(known=[somebody()])
    clinic.say("гигиена в Астане завтра")
    question = clinic.state.question
    clinic.say("бла бла")
    assert clinic.state.question == question
    assert clinic.press(0) == ["chat-booked"]


WORDS = ["да", "нет", "1", "2", "3", "9", "записаться", "мои записи", "перенести", "отменить", "гигиена", "Астана", "завтра", "в 15:00", "ещё", "другой день", "любой", "назад", "Марат", "👍", "", "бла", "merci", "好", "?"]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=12)), max_size=12))
@settings(max_examples=200, deadline=None)
def test_whatever_is_said_nothing_is_booked_moved_or_cancelled_that_was_not_offered(said):
    clinic = Clinic(known=[somebody()], visits=[visit(), visit(at=almaty(13, 10))])
    for text in said:
        before = clinic.now_at
        acts = len(clinic.acts)
        clinic.say(text)
        for act in clinic.acts[acts:]:
            assert before is not None, "a first message never changes anything"
            offered = {one.slot for one in before.choices if one.slot} | {before.slot}
            if isinstance(act, Book | Move):
                assert act.slot in offered
            if isinstance(act, Cancel):
                assert before.step == "sure"
                assert act.appointment_id == before.appointment_id
        if clinic.now_at is not None:
            assert clinic.turn.says, "whoever writes is answered"


@given(st.text("0123456789abcdefq:chat-", max_size=30))
def test_a_payload_that_is_not_of_the_standing_question_changes_nothing(payload):
    clinic = Clinic(known=[somebody()])
    clinic.say("гигиена в Астане завтра")
    if not payload.startswith(f"chat:{clinic.state.question}:"):
        clinic.say(payload=payload)
        assert clinic.acts == []


@pytest.mark.parametrize("locale", BOOKINGS)
def test_every_question_has_its_words_and_buttons_in_every_language(locale):
    clinic = Clinic(known=[somebody("Марат"), somebody("Алия")], visits=[visit(), visit(at=almaty(13, 10))])
    for text in (
        "записаться",
        "1",
        "1",
        "1",
        "1",
        "другой день",
        "мои записи",
        "1",
        "перенести",
        "отменить запись",
        "1",
        "бла",
    ):
        clinic.say(text)
        if clinic.turn.state is None:
            continue
        message = worded(clinic.turn, clinic.facts(), texts(locale), Reader(locale))
        assert message.lines
        assert "{" not in message.body
        assert [one.payload for one in message.buttons] == [
            machine.payload(clinic.state.question, place) for place in range(len(clinic.state.choices))
        ]
        assert all(one.title for one in message.buttons)


def test_the_state_survives_being_stored():
    clinic = Clinic(known=[somebody()], visits=[visit()])
    clinic.say("перенести запись")
    assert State.model_validate(clinic.state.model_dump(mode="json")) == clinic.state
