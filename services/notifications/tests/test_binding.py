"""What a reply is about: the newest question or the quoted message, one visit of several, and never another's."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest

from common.contracts.booking import AppointmentState
from common.contracts.directory import Locale
from notifications.channels import Written
from notifications.operations.planning.rows import answer
from notifications.operations.replies.binding import Heard, meaning_of
from notifications.rules import words
from notifications.rules.understand import score
from notifications.tables.attempts import Attempt
from notifications.tables.messages import Message
from notifications.templates import texts
from notifications.templates.checks import rulebook

from .world import NOW

PATIENT, BRANCH, PRACTITIONER, SERVICE = (uuid4() for _ in range(4))
FIRST, SECOND = uuid4(), uuid4()


def visit(appointment_id: UUID, *, days: int = 2, **more: Any) -> AppointmentState:
    starts_at = NOW + timedelta(days=days)
    state = AppointmentState(
        appointment_id=appointment_id, patient_id=PATIENT, status="booked", starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30), branch_id=BRANCH, practitioner_id=PRACTITIONER,
        service_id=SERVICE, source="site", created_at=NOW,
    )  # fmt: skip
    return state.model_copy(update=more)


ONE = {FIRST: visit(FIRST)}
TWO = {FIRST: visit(FIRST), SECOND: visit(SECOND, days=3)}


def sent(
    template: str, about: UUID | None = FIRST, *, ago: timedelta = timedelta(hours=1), **data: Any
) -> Message:
    at = NOW - ago
    return Message(
        network_id="n", message_id=uuid4(), version=1, patient_id=PATIENT,
        origin="appointment" if about else "outreach", origin_id=about or uuid4(), appointment_id=about,
        branch_id=BRANCH, practitioner_id=PRACTITIONER, service_id=SERVICE, step=template, template=template,
        parts=[template], message_class="service" if about else "marketing", asks=False, orientation=False,
        only_channel=None, locale="ru", zone="Asia/Almaty", provisional=False, starts_at=NOW + timedelta(days=2),
        asked_at=at, target_at=at, earliest_at=at, latest_at=at, budget_seconds=60, due_at=None, outcome="delivered",
        reason=None, paused=False, verdict="", text=None, data=data, traceparent=None, created_at=at, sent_at=at,
    )  # fmt: skip


def asking(about: UUID = FIRST, **more: Any) -> Message:
    return sent("confirm-request", about, asked_confirm=True, **more)


def which_one(intent: str, **more: Any) -> Message:
    return sent("which-one", intent=intent, appointments=[str(FIRST), str(SECOND)], **more)


def listing_both(**more: Any) -> Message:
    of = {"patient_id": str(PATIENT), "service_id": str(SERVICE), "practitioner_id": str(PRACTITIONER)}
    return asking(FIRST, also=[{"appointment_id": str(SECOND), **of}], **more)


def meant(
    text: str, *newest_first: Message, ahead: dict[UUID, AppointmentState] = ONE, quoting: Message | None = None,
    payload: str | None = None, talked: timedelta | None = None,
):  # fmt: skip
    attempts = [
        Attempt(
            one.network_id, uuid4(), one.message_id, PATIENT, one.appointment_id, "sms", "accepted", "delivered", False,
            1, NOW, b"", b"", str(one.message_id), None, None,
        )
        for one in newest_first
    ]  # fmt: skip
    written = Written(
        "sms", "1", "7", text, payload=payload, answers=str(quoting.message_id) if quoting else None
    )
    messages = {one.message_id: one for one in newest_first}
    heard = Heard(uuid4(), written, b"", attempts, messages, NOW - talked if talked else None)
    return meaning_of(heard, ahead, NOW)


def visits_of(meaning) -> set[UUID | None]:
    return {one.appointment_id for one in (meaning.options or (meaning.about,)) if one is not None}


# --- numbers ----------------------------------------------------------------------------------------------


def test_a_number_picks_from_the_question_which_visit_was_meant():
    meaning = meant("2", which_one("cancel"), asking(SECOND), asking(), ahead=TWO)
    assert (meaning.intent, visits_of(meaning)) == ("cancel", {SECOND})


def test_a_newer_question_ends_the_one_which_visit_was_meant():
    meaning = meant("1", asking(SECOND), which_one("cancel", ago=timedelta(hours=3)), ahead=TWO)
    assert (meaning.intent, visits_of(meaning)) == ("confirm", {SECOND})


def test_a_question_that_was_answered_is_over():
    answered = which_one("cancel", answered="that one")
    for question in (None, answered):
        assert meant("1", answered, asking(), ahead=TWO, quoting=question).intent is None


def test_a_number_beside_another_quoted_message_picks_nothing():
    reminder = asking(SECOND)
    meaning = meant("1", which_one("cancel"), reminder, ahead=TWO, quoting=reminder)
    assert (meaning.intent, visits_of(meaning)) == ("confirm", {SECOND})


@pytest.mark.parametrize("number", ["3", "9", "3 3"])
def test_a_number_that_the_newest_question_does_not_list_means_nothing(number):
    newest = [
        which_one("move"), which_one("move", ago=timedelta(days=2)),
        sent("displaced", offers=[{}, {}], until=NOW.isoformat()),
    ]  # fmt: skip
    for question in newest:
        for quoting in (None, question):
            assert meant(number, question, asking(), ahead=TWO, quoting=quoting).intent is None


def test_a_number_without_a_question_means_nothing():
    assert meant("3", sent("confirmation")).intent is None
    assert meant("3", sent("confirmation"), asking(SECOND)).intent is None, "that visit is over"
    assert meant("3", asking()).intent == "cancel"


@pytest.mark.parametrize("said", ["3", "1", "да"])
def test_a_talk_since_the_question_leaves_a_number_or_a_bare_yes_without_one(said):
    question, since, before = asking(), timedelta(minutes=40), timedelta(hours=2)
    assert meant(said, question, talked=since).intent is None
    assert meant(said, question, talked=since, quoting=question).intent is not None
    assert meant(said, question, talked=before).intent is not None
    assert meant("не приду", question, talked=since).intent == "cancel"


def test_the_title_of_another_button_cancels_nothing():
    assert meant("Отменить", asking(), payload="chat:old:1").intent is None


# --- invitations -------------------------------------------------------------------------------------------


def opting_out() -> list[tuple[str, str, str]]:
    """Each way that a built-in invitation names to be rid of more: the word itself, and what stands before its colon."""
    found = []
    marketing = {name for name, one in rulebook().contracts.items() if one.message_class == "marketing"}
    for locale in get_args(Locale):
        pattern = rulebook().opt_out[locale]
        for name in sorted(marketing):
            for form in (texts(locale).lines, texts(locale).sms):
                for line in form.get(name, ()):
                    for named in pattern.finditer(line):
                        label = re.search(r"([^.!:{}]+):\s*$", line[: named.start()])
                        found.append((locale, name, named.group()))
                        if label is not None:
                            found += [
                                (locale, name, label[1]),
                                (locale, name, f"{label[1]}: {named.group()}"),
                            ]
    return sorted(set(found))


@pytest.mark.parametrize(("locale", "template", "said"), opting_out())
def test_whatever_an_invitation_says_to_answer_opts_out_and_touches_no_visit(locale, template, said):
    invitation = sent(template, None)
    for newest_first, quoting in (
        ([invitation, asking()], None),
        ([asking(), invitation], invitation),
    ):
        meaning = meant(said, *newest_first, quoting=quoting)
        assert (meaning.intent, meaning.about) == ("stop", invitation), locale


def test_every_locale_says_how_to_opt_out():
    assert {locale for locale, _, _ in opting_out()} == set(get_args(Locale))


REFUSING = [(code, said) for code in get_args(Locale) for said in words.language(code)["refusal"]]


@pytest.mark.parametrize(("code", "said"), REFUSING)
def test_words_that_would_cancel_a_visit_refuse_invitations_where_one_is_answered(code, said):
    assert meant(said, sent("recall", None), asking()).intent == "stop"
    assert meant(said, asking(), sent("recall", None)).intent in {"cancel", None}


@pytest.mark.parametrize(
    ("said", "intent"), [("да", "confirm"), ("перенести", "move"), ("не приду", "cancel"), ("3", "cancel")]
)
def test_other_words_to_an_invitation_are_about_the_invitation(said, intent):
    invitation = sent("recall", None)
    meaning = meant(said, invitation, asking())
    assert (meaning.intent, meaning.about, meaning.options) == (intent, invitation, ())


def test_our_answer_to_a_refusal_makes_the_same_word_no_word_about_a_visit():
    invitation = sent("recall", None)
    stopped = answer(invitation, "stopped", channel="sms", now=NOW)
    assert meant("бас тарту", stopped, invitation, asking()).intent == "stop"


def test_what_is_said_after_an_invitation_is_answered_as_ever():
    meaning = meant("отмена", sent("details"), sent("recall", None), asking())
    assert (meaning.intent, visits_of(meaning)) == ("cancel", {FIRST})


@pytest.mark.parametrize("said", ["да", "перенести", "отмена", "1", "3"])
def test_an_answer_to_what_is_about_no_visit_touches_none(said):
    reminder = replace(sent("medication", None), message_class="service")
    assert meant(said, reminder, asking()).intent is None


# --- several visits in one message -------------------------------------------------------------------------


@pytest.mark.parametrize("intent", ["cancel", "move"])
def test_which_visit_of_a_day_is_meant_is_asked_for_button_word_and_number(intent):
    reminder = listing_both()
    said = {"cancel": ("отмена", "3"), "move": ("перенести", "2")}[intent]
    heard = [
        meant(each, reminder, ahead=TWO, quoting=quoting) for each in said for quoting in (None, reminder)
    ]
    heard.append(meant("", reminder, ahead=TWO, payload=f"{intent}:{FIRST}"))
    for meaning in heard:
        assert (meaning.intent, meaning.about) == (intent, None)
        assert [one.appointment_id for one in meaning.options] == [FIRST, SECOND]


def test_a_yes_to_a_message_about_several_visits_is_one_to_all_that_stand():
    reminder = listing_both()
    for meaning in (
        meant("да", reminder, ahead=TWO),
        meant("да", reminder, ahead=TWO, quoting=reminder),
        meant("", reminder, ahead=TWO, payload=f"confirm:{FIRST}"),
    ):
        assert meaning.about is not None
        assert (meaning.about.appointment_id, len(meaning.about.data["also"])) == (FIRST, 1)
    left = meant("да", reminder, ahead={SECOND: TWO[SECOND]}).about
    assert left is not None
    assert (left.appointment_id, left.data["also"]) == (SECOND, [])


def test_the_button_of_a_message_that_lists_several_stays_theirs_after_it_was_answered():
    reminder = listing_both(ago=timedelta(days=1))
    thanks = answer(reminder, "thanks", channel="sms", now=NOW)
    assert len(meant("", thanks, reminder, ahead=TWO, payload=f"cancel:{FIRST}").options) == 2


def test_a_message_that_listed_several_visits_never_cancels_the_last_one_unasked():
    reminder = listing_both()
    meaning = meant("", reminder, ahead={SECOND: TWO[SECOND]}, payload=f"cancel:{FIRST}")
    assert [one.appointment_id for one in meaning.options] == [SECOND]


def test_a_visit_chosen_by_its_number_is_chosen_alone():
    reminder = listing_both()
    meaning = meant("1", which_one("confirm"), reminder, ahead=TWO)
    assert meaning.about is not None
    assert (meaning.about.appointment_id, meaning.about.data["also"]) == (FIRST, [])


# --- scores ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", ["12345", "１２３４５", "۱۲۳۴۵", "١٢٣٤٥"])
def test_a_number_that_answers_a_survey_is_its_score(digits):
    survey = sent("survey")
    for place, digit in enumerate(digits, start=1):
        for quoting in (None, survey):
            meaning = meant(digit, survey, asking(SECOND), ahead=TWO, quoting=quoting)
            assert (meaning.intent, meaning.about, meaning.score) == (None, survey, place)


@pytest.mark.parametrize("code", get_args(Locale))
def test_a_score_can_be_a_word(code):
    for place, said in enumerate(words.language(code)["scores"], start=1):
        assert {score(one) for one in said} == {place}


@pytest.mark.parametrize("said", ["6", "0", "3 3", "да", "👍"])
def test_what_is_no_score_says_nothing_of_another_visit(said):
    meaning = meant(said, sent("survey"), asking(SECOND), ahead=TWO)
    assert (meaning.intent, meaning.score) == (None, None)


def test_after_the_next_question_a_number_is_no_score():
    meaning = meant("1", asking(), sent("survey", SECOND, ago=timedelta(days=1)))
    assert (meaning.intent, meaning.score) == ("confirm", None)


def test_a_survey_that_was_long_ago_has_no_score_and_its_number_still_means_nothing():
    meaning = meant("3", sent("survey", SECOND, ago=timedelta(days=30)), asking())
    assert (meaning.intent, meaning.score) == (None, None)
