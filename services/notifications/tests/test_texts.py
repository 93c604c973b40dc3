"""The texts: golden in Russian, Kazakh and English; complete in every language."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icu4py.messageformat import MessageFormat

from common.contracts.directory import Locale
from notifications.rules.texts import Subject, Visit, compose, greeting
from notifications.rules.texts.icu import every_argument, format_message
from notifications.rules.values import Reader
from notifications.templates import texts

from .world import almaty, make_world

LOCALES = get_args(Locale)
NOON = almaty(9, 12)
LINK = "https://clinic.example/l/token"

WORLD = make_world("golden")


def subject(**more) -> Subject:
    known: dict[str, Any] = {
        "clinic": "Улыбка", "zone": "Asia/Almaty", "branch": WORLD.branch, "practitioner": WORLD.practitioner,
        "service": WORLD.service, "starts_at": almaty(12, 10), "link": LINK,
        "book_link": "https://clinic.example/book/golden",
    }  # fmt: skip
    return Subject(**(known | more))


def body(locale, *parts, now=NOON, asks=False, by_buttons=True, links=True, reader=None, **more) -> str:
    who = reader or Reader(locale, "Марат", "", "Ахметов", "Марат Ахметов", "male")
    return compose(
        texts(locale),
        parts,
        subject(**more),
        who,
        now=now,
        asks=asks,
        by_buttons=by_buttons,
        links=links,
        payload="id",
    ).body


GOLDEN = {
    ("ru", "confirmation"): """\
Здравствуйте, Марат!
Вы записаны к стоматологу Айгерим Нурлановне в клинику «Улыбка»: четверг, 12 ноября, в 10:00.
Услуга: Гигиена полости рта.
Адрес: Алматы, пр. Достык, 91, подъезд 2, 3 этаж, кабинет 305.
Перенести или отменить запись, добавить в календарь: https://clinic.example/l/token
Ваша клиника «Улыбка»""",
    ("kk", "confirmation"): """\
Сәлеметсіз бе, Марат!
Сіз «Улыбка» клиникасына жазылдыңыз: 12 қараша, бейсенбі, сағат 10:00. Қабылдайтын дәрігер: стоматолог Айгерім Нұрланқызы.
Қызмет: Ауыз қуысының гигиенасы.
Мекенжайы: Алматы, пр. Достык, 91, 2-кіреберіс, 3-қабат, 305-кабинет.
Уақытын ауыстыру, бас тарту немесе күнтізбеге қосу: https://clinic.example/l/token
Ваша клиника «Улыбка»""",
    ("en", "confirmation"): """\
Hello Марат,
you are booked at Улыбка: Thursday, November 12 at 10:00\u202fAM, with Aigerim Nurlanovna, dentist.
Service: Dental hygiene.
Address: Алматы, пр. Достык, 91, entrance 2, floor 3, room 305.
Move, cancel or add to your calendar: https://clinic.example/l/token
Ваша клиника «Улыбка»""",
    ("ru", "short"): """\
Здравствуйте, Марат! Ждём вас: завтра (четверг, 12 ноября) в 10:00, Улыбка, Алматы, пр. Достык, 91, подъезд 2, 3 этаж, кабинет 305.
Изменились планы? https://clinic.example/l/token
Ваша клиника «Улыбка»""",
    ("kk", "short"): """\
Сәлеметсіз бе, Марат! Сізді күтеміз: ертең (12 қараша, бейсенбі), сағат 10:00, Улыбка, Алматы, пр. Достык, 91, 2-кіреберіс, 3-қабат, 305-кабинет.
Жоспарыңыз өзгерді ме? https://clinic.example/l/token
Ваша клиника «Улыбка»""",
    ("en", "short"): """\
Hello Марат, we expect you tomorrow (Thursday, November 12) at 10:00\u202fAM: Улыбка, Алматы, пр. Достык, 91, entrance 2, floor 3, room 305.
Plans changed? https://clinic.example/l/token
Ваша клиника «Улыбка»""",
}  # fmt: skip


@pytest.mark.parametrize(("locale", "template"), GOLDEN)
def test_the_text_reads_as_a_clinic_would_write_it(locale, template):
    evening = almaty(11, 20, 30)
    assert body(locale, template, now=evening if template == "short" else NOON) == GOLDEN[locale, template]


def own_digits(locale: str, said: str) -> str:
    digits = texts(locale).digits
    return said.translate({ord(str(number)): digit for number, digit in enumerate(digits)})


@pytest.mark.parametrize("locale", LOCALES)
def test_a_confirmation_says_when_where_and_who_in_every_language(locale):
    text = body(locale, "confirmation")
    ten = "۱۰:۰۰" if locale == "fa" else "10:00"
    weekday = {"ru": "четверг", "kk": "бейсенбі", "en": "Thursday", "pt-BR": "quinta-feira", "fa": "پنجشنبه",
               "fr": "jeudi", "zh-TW": "星期四"}[locale]  # fmt: skip
    day = {"fa": "۲۱ آبان"}.get(locale, "12")
    for said in (ten, weekday, day, "пр. Достык, 91", "2", "3", "305", "Улыбка", LINK):
        digits = own_digits(locale, said) if said != LINK else said
        assert digits in text, said
    assert any(name in text for name in ("Нурлановна", "Нурлановне", "Нұрланқызы", "Nurlanovna"))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("template", list(texts("ru").lines))
def test_every_template_can_be_said_in_every_language(locale, template):
    said = body(
        locale,
        template,
        previous_starts_at=almaty(11, 10),
        options=(almaty(12, 10), almaty(13, 10)),
        choices=("A", "B"),
        visits=(Visit(almaty(12, 10)),),
        until=almaty(9, 18),
    )
    assert said
    assert "{" not in said


@pytest.mark.parametrize("locale", LOCALES)
def test_languages_have_the_same_templates_and_short_titles(locale):
    own = texts(locale)
    assert set(own.lines) == set(texts("ru").lines)
    assert set(own.buttons) == {"confirm", "move", "cancel"}
    assert all(1 <= len(title) <= 20 for title in own.buttons.values())


def test_the_day_is_named_as_it_is_at_the_real_moment():
    at_evening = body("ru", "short", now=almaty(11, 20, 30))
    at_morning = body("ru", "short", now=almaty(12, 9))
    after_midnight = body("ru", "short", now=almaty(12, 0, 30))
    assert "завтра (четверг, 12 ноября)" in at_evening
    assert "сегодня (четверг, 12 ноября)" in at_morning
    assert "сегодня" in after_midnight
    assert "через" not in at_evening


@pytest.mark.parametrize(
    ("locale", "reader", "expected"),
    [
        ("ru", Reader("ru", "Айгерим", "Нурлановна", "Ахметова", "", "female"), "Здравствуйте, Айгерим Нурлановна!"),
        ("ru", Reader("ru", full_name="Мадонна"), "Здравствуйте, Мадонна!"),
        ("ru", Reader("ru"), "Здравствуйте!"),
        ("kk", Reader("kk", "Айгерім", full_name="Айгерім Ахметова"), "Сәлеметсіз бе, Айгерім!"),
        ("en", Reader("en", "Ann", "", "Lee", "Ann Lee", "female"), "Hello Ann,"),
        ("fr", Reader("fr", "Jean", "", "Dupont", "Jean Dupont", "male"), "Bonjour M. Dupont,"),
        ("fr", Reader("fr", "Camille", "", "Dupont", "Camille Dupont"), "Bonjour Camille Dupont,"),
        ("fa", Reader("fa", "رضا", "", "احمدی", "رضا احمدی", "male"), "جناب آقای احمدی، سلام"),
        ("fa", Reader("fa", "نسرین", "", "احمدی", "نسرین احمدی", "female"), "سرکار خانم احمدی، سلام"),
        ("zh-TW", Reader("zh-TW", "小明", "", "王", "王小明", "male"), "王先生您好："),
        ("pt-BR", Reader("pt-BR", "Maria", "", "Silva", "Maria Silva"), "Olá, Maria!"),
    ],
)  # fmt: skip
def test_a_patient_is_addressed_as_the_language_does(locale, reader, expected):
    assert greeting(texts(locale), reader) == expected


def test_without_a_stored_dative_the_wording_is_neutral():
    practitioner = WORLD.practitioner.model_copy(
        update={"name_forms": WORLD.practitioner.name_forms.model_copy(update={"dative": {}})}
    )
    text = body("ru", "confirmation", practitioner=practitioner)
    assert "Приём ведёт стоматолог Айгерим Нурлановна." in text


def test_a_question_has_buttons_or_says_how_to_answer():
    by_buttons = compose(
        texts("ru"), ["confirm-request"], subject(), Reader("ru", "Марат"), now=NOON, asks=True, payload="7"
    )
    assert [(one.title, one.payload) for one in by_buttons.buttons] == [
        ("Приду", "confirm:7"), ("Перенести", "move:7"), ("Отменить", "cancel:7")
    ]  # fmt: skip
    assert "1 — приду" not in by_buttons.body
    assert "1 — приду" in body("ru", "confirm-request", asks=True, by_buttons=False)


def test_a_confirmation_that_also_asks_and_prepares_says_all_of_it():
    text = body("ru", "confirmation", "confirm-request", "details", asks=True)
    assert "Вы записаны" in text
    assert "Подтвердите, пожалуйста" in text
    assert "Почистите зубы." in text


def test_names_with_braces_and_quotes_do_not_break_a_text():
    text = body("ru", "confirmation", reader=Reader("ru", "О'{Брайен} <b>'"))
    assert "О'{Брайен} <b>'" in text


def test_persian_isolates_what_runs_the_other_way():
    assert f"\u2066{LINK}\u2069" in body("fa", "confirmation")


def test_french_puts_a_space_that_does_not_break_before_its_marks():
    for line in body("fr", "confirmation", now=datetime(2026, 11, 9, tzinfo=UTC)).split("\n"):
        for mark in (" :", " ?", " !", " ;"):
            assert mark not in line


@given(pattern=st.sampled_from(sorted({line for each in LOCALES for one in texts(each).lines.values() for line in one})),
       locale=st.sampled_from(LOCALES), words=st.lists(st.text(), min_size=1))  # fmt: skip
def test_every_line_reads_as_icu_itself_would_write_it(pattern, locale, words):
    values = {
        one.name: words[place % len(words)] for place, one in enumerate(every_argument(pattern)) if not one.branches
    } | {one.name: 2 if one.kind == "plural" else "yes" for one in every_argument(pattern) if one.branches}  # fmt: skip
    assert format_message(locale, pattern, values) == MessageFormat(pattern, locale).format(values)
