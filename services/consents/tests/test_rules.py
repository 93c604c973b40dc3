"""Who may be contacted for what and how, what acts make of permissions, and who may say so."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.consents import (
    ContactAnswer,
    ContactQuestion,
    Given,
    GrantPermissions,
    Permission,
    Purpose,
    WithdrawPermission,
)
from common.contracts.directory import Locale
from common.contracts.patient_profile import Channel
from common.errors import NotAllowed, Refused
from common.ids import new_id
from common.testing import caller
from consents.rules import access, contact, permissions, texts
from consents.rules.permissions import Book, State

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PATIENT = new_id()
BY_FORM = Given(text_version="marketing.ru.1", how="booking-form")


def held(**states: State) -> Book:
    return Book(
        PATIENT,
        {
            cast("Purpose", purpose): Permission(
                permission_id=new_id(),
                patient_id=PATIENT,
                purpose=cast("Purpose", purpose),
                state=state,
                given=BY_FORM,
                changed_at=NOW,
                version=count,
            )
            for count, (purpose, state) in enumerate(states.items(), start=1)
        },
    )


def asked(book: Book, *, at_home: bool = False, **more: Any) -> ContactAnswer:
    question = ContactQuestion(
        **{
            "patient_id": PATIENT,
            "message_class": "service",
            "channels": ["whatsapp", "sms"],
            "abroad": ["whatsapp"],
            **more,
        }
    )
    return contact.may_contact(question, book, data_at_home=at_home)


def test_service_messages_need_no_consent() -> None:
    said = asked(held())
    assert (said.allowed, said.refused, said.permission_ids, said.version) == (["whatsapp", "sms"], {}, [], 0)


@pytest.mark.parametrize("state", ["refused", "withdrawn"])
def test_service_messages_can_be_refused_and_the_answer_cites_it(state: State) -> None:
    book = held(service=state)
    said = asked(book)
    assert said.refused == {"whatsapp": f"service-{state}", "sms": f"service-{state}"}
    assert said.permission_ids == [book.held["service"].permission_id]


def test_the_answer_to_a_patients_own_act_goes_out_whatever_they_refused() -> None:
    book = held(service="refused", marketing="withdrawn")
    assert asked(book, message_class="immediate").allowed == ["whatsapp", "sms"]


def test_marketing_needs_a_permission_that_is_granted_now() -> None:
    assert asked(held(), message_class="marketing").refused["sms"] == "no-permission-for-marketing"
    assert asked(held(marketing="refused"), message_class="marketing").refused["sms"] == "marketing-refused"
    book = held(marketing="granted")
    said = asked(book, message_class="marketing")
    assert (said.allowed, said.permission_ids) == (
        ["whatsapp", "sms"],
        [book.held["marketing"].permission_id],
    )


def test_a_purpose_that_needs_consent_needs_it_in_every_class() -> None:
    for message_class in ("immediate", "service", "marketing"):
        said = asked(held(marketing="granted"), message_class=message_class, purpose="education")
        assert said.refused["sms"] == "no-permission-for-education"
        assert asked(held(education="granted"), message_class=message_class, purpose="education").allowed


def test_marketing_consent_is_no_consent_to_education_nor_the_reverse() -> None:
    assert not asked(held(education="granted"), message_class="marketing").allowed


def test_refusing_marketing_stops_no_appointment_reminder() -> None:
    assert asked(held(marketing="refused", education="withdrawn")).allowed == ["whatsapp", "sms"]


@pytest.mark.parametrize("message_class", ["immediate", "service", "marketing"])
def test_where_data_stays_at_home_a_foreign_channel_needs_its_own_permission(message_class: str) -> None:
    book = held(marketing="granted")
    said = asked(book, at_home=True, message_class=message_class)
    assert (said.allowed, said.refused) == (["sms"], {"whatsapp": "no-permission-for-cross-border"})
    book = held(marketing="granted", cross_border="withdrawn")
    assert asked(book, at_home=True, message_class=message_class).refused == {
        "whatsapp": "cross-border-withdrawn"
    }
    book = held(marketing="granted", cross_border="granted")
    said = asked(book, at_home=True, message_class=message_class)
    assert said.allowed == ["whatsapp", "sms"]
    assert book.held["cross_border"].permission_id in said.permission_ids


def test_where_data_may_leave_nobody_asks_about_borders() -> None:
    said = asked(held(cross_border="refused"))
    assert (said.allowed, said.permission_ids) == (["whatsapp", "sms"], [])


def test_sending_data_abroad_is_no_reason_to_write_to_anybody() -> None:
    with pytest.raises(Refused) as refusal:
        asked(held(cross_border="granted"), purpose="cross_border")
    assert refusal.value.refusal == "not-a-purpose-of-contact"


CHANNELS: list[Channel] = list(get_args(Channel))
PURPOSES: list[Purpose] = list(get_args(Purpose))
STATES = st.dictionaries(st.sampled_from(PURPOSES), st.sampled_from(get_args(State)))


@given(
    states=STATES,
    message_class=st.sampled_from(["immediate", "service", "marketing"]),
    purpose=st.sampled_from(["service", "marketing", "education"]),
    channels=st.lists(st.sampled_from(CHANNELS), min_size=1),
    abroad=st.lists(st.sampled_from(CHANNELS)),
    at_home=st.booleans(),
)
def test_every_channel_is_allowed_or_refused_and_nothing_goes_without_its_basis(
    states: dict[Purpose, State],
    message_class: str,
    purpose: Purpose,
    channels: list[Channel],
    abroad: list[Channel],
    at_home: bool,
) -> None:
    book = held(**states)
    said = asked(
        book, at_home=at_home, message_class=message_class, purpose=purpose, channels=channels, abroad=abroad
    )
    assert sorted([*said.allowed, *said.refused]) == sorted(set(channels))
    granted = {one for one, state in states.items() if state == "granted"}
    needed = "marketing" if (message_class, purpose) == ("marketing", "service") else purpose
    if said.allowed and needed != "service":
        assert needed in granted
        assert book.held[needed].permission_id in said.permission_ids
    if at_home and set(said.allowed) & set(abroad):
        assert "cross_border" in granted
    assert said.version == len(states)


# --- acts -------------------------------------------------------------------------------------------------


def ids() -> Iterator[UUID]:
    count = 0
    while True:
        count += 1
        yield UUID(int=count)


def grant(book: Book, *grants: Purpose, refusals: tuple[Purpose, ...] = ()) -> list[Permission]:
    command = GrantPermissions(
        patient_id=PATIENT, grants=list(grants), refusals=list(refusals), given=BY_FORM
    )
    return permissions.granted(book, command, BY_FORM, now=NOW, mint=ids().__next__)


def withdraw(book: Book, **command: Any) -> list[Permission]:
    order = WithdrawPermission(patient_id=PATIENT, **command)
    later = NOW + timedelta(hours=1)
    return permissions.withdrawn(book, order, now=later, mint=ids().__next__)


def test_each_answer_of_a_form_is_an_act_with_its_own_version() -> None:
    acts = grant(held(service="granted"), "marketing", "education", refusals=("cross_border",))
    assert [(act.purpose, act.state, act.version) for act in acts] == [
        ("marketing", "granted", 2),
        ("education", "granted", 3),
        ("cross_border", "refused", 4),
    ]
    assert len({act.permission_id for act in acts}) == 3


def test_a_permission_keeps_its_id_through_all_its_states() -> None:
    book = held(marketing="withdrawn")
    (act,) = grant(book, "marketing")
    assert act.permission_id == book.held["marketing"].permission_id


def test_agreeing_and_refusing_at_once_is_refused() -> None:
    with pytest.raises(permissions.Contradiction):
        grant(held(), "marketing", refusals=("marketing",))


def test_withdrawing_keeps_the_version_of_the_text_that_was_agreed_to() -> None:
    (act,) = withdraw(held(marketing="granted"), purpose="marketing", how="link")
    assert (act.state, act.given.text_version, act.given.how, act.version) == (
        "withdrawn",
        "marketing.ru.1",
        "link",
        2,
    )


@pytest.mark.parametrize("state", ["withdrawn", "refused"])
def test_withdrawing_what_is_not_granted_changes_nothing(state: State) -> None:
    assert withdraw(held(marketing=state), purpose="marketing") == []


def test_stop_holds_for_a_purpose_that_was_never_asked_about() -> None:
    (act,) = withdraw(held(), purpose="service", how="STOP by SMS")
    assert (act.purpose, act.state, act.given.how, act.version) == ("service", "withdrawn", "desk", 1)


def test_an_unknown_id_or_nothing_at_all_cannot_be_withdrawn() -> None:
    for command in ({"permission_id": new_id()}, {}):
        with pytest.raises(Refused) as refusal:
            withdraw(held(marketing="granted"), **command)
        assert refusal.value.refusal == "unknown-permission"


# --- who --------------------------------------------------------------------------------------------------


def test_accounting_has_no_part_in_permissions() -> None:
    for act in ("give", "withdraw", "ask", "read"):
        with pytest.raises(NotAllowed):
            access.require(caller("n", roles=("accounting",)), act)


def test_the_booking_form_gives_but_neither_withdraws_nor_asks_nor_reads() -> None:
    anonymous = caller("n", "anonymous", ())
    access.require(anonymous, "give", PATIENT)
    for act in ("withdraw", "ask", "read"):
        with pytest.raises(NotAllowed):
            access.require(anonymous, act)


def test_a_reply_on_a_phone_can_stop_what_it_answers() -> None:
    access.require(caller("n", "patient-by-reply", ()), "withdraw", PATIENT)


def test_patients_decide_for_themselves_alone() -> None:
    patient = caller("n", f"patient:{PATIENT}", ())
    access.require(patient, "withdraw", PATIENT)
    with pytest.raises(NotAllowed):
        access.require(patient, "withdraw", new_id())


@pytest.mark.parametrize("how", ["voice", "desk", "paper"])
def test_what_staff_heard_is_attested_by_who_heard_it(how: Any) -> None:
    evidence = Given(text_version="v", how=how)
    for role in ("reception", "delegate"):
        assert access.attested(evidence, caller("n", "staff:a", (role,))).attested_by == "staff:a"
    with pytest.raises(NotAllowed):
        access.attested(evidence, caller("n", "anonymous", ()))


def test_patients_attest_nothing() -> None:
    evidence = Given(text_version="v", how="booking-form", attested_by="staff:a")
    assert access.attested(evidence, caller("n", "anonymous", ())).attested_by is None


# --- words ------------------------------------------------------------------------------------------------

WORDS = {
    "marketing.ru.1": "34960ac2e8cf",
    "marketing.kk.1": "534adc00c92d",
    "marketing.en.1": "1d41a848600c",
    "marketing.pt-BR.1": "475fb189e4d7",
    "marketing.fa.1": "a123de5db9ff",
    "marketing.fr.1": "44b9e5e6c0ea",
    "marketing.zh-TW.1": "765e7cfe4b2d",
    "cross_border.ru.1": "29d0c899e7b9",
    "cross_border.kk.1": "4b694d59ee34",
    "cross_border.en.1": "c52582d93fb7",
    "cross_border.pt-BR.1": "5f23233de18a",
    "cross_border.fa.1": "102e0f892488",
    "cross_border.fr.1": "a40b577b98bd",
    "cross_border.zh-TW.1": "9f7f443f843b",
}


def test_every_locale_has_words_for_what_the_booking_form_asks() -> None:
    known = {(text.purpose, text.locale) for text in texts.asked()}
    assert known == {(p, one) for p in ("marketing", "cross_border") for one in get_args(Locale)}
    assert {text.locale for text in texts.asked("fa")} == {"fa"}


def test_the_words_of_a_version_never_change() -> None:
    assert {
        text.version: hashlib.sha256(text.text.encode()).hexdigest()[:12] for text in texts.asked()
    } == WORDS
