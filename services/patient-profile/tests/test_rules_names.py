"""Names: what is one, which part is which, and how two are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patient_profile.rules.names import MalformedName, Parts, cleaned, compared, parts, words


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ахметова Айгерим Нурлановна", Parts("Айгерим", "Нурлановна", "Ахметова")),
        ("Айгерим Нурлановна Ахметова", Parts("Айгерим", "Нурлановна", "Ахметова")),
        ("Назарбаев Нұрсұлтан Әбішұлы", Parts("Нұрсұлтан", "Әбішұлы", "Назарбаев")),
        ("Сәрсенова Айгүл Серікқызы", Parts("Айгүл", "Серікқызы", "Сәрсенова")),
        ("Иванов Пётр Ильич", Parts("Пётр", "Ильич", "Иванов")),
        ("Айгерим Нурлановна", Parts("Айгерим", "Нурлановна", "")),
        ("Айгерим Ахметова", Parts("Айгерим", "", "Ахметова")),
        ("Ахметова Айгерим", Parts("Айгерим", "", "Ахметова")),
        ("Ковальчук Ирина", Parts("Ирина", "", "Ковальчук")),
        ("Айгерим", Parts("Айгерим", "", "")),
        ("Ахметова", Parts("", "", "Ахметова")),
    ],
)
def test_cyrillic_names_are_told_apart_by_patronymics_and_surnames(name: str, expected: Parts) -> None:
    assert parts(name, "KZ") == expected


@pytest.mark.parametrize(
    "name",
    [
        "Серик Ахмет",  # either may be the surname
        "Ли Марина",
        "Абрамович Роман Аркадьевич Младший",
        "Мария Анна София",
        "Akhmetova Aigerim",  # in Kazakhstan Latin letters say nothing about the order
        "محمد رضا احمدی",  # a double given name, or a double surname
        "陳 美麗",
        "阿布都熱依木江",
        "Айгерим Smith",
    ],
)
def test_where_a_name_does_not_tell_its_parts_none_is_guessed(name: str) -> None:
    assert parts(name, "KZ") == Parts()


def test_a_mans_second_word_may_be_a_surname_so_only_the_first_is_taken() -> None:
    assert parts("Роман Абрамович", "KZ") == Parts(given_name="Роман")


@pytest.mark.parametrize(
    ("name", "country", "expected"),
    [
        ("陳美麗", "TW", Parts("美麗", "", "陳")),
        ("陳美", "TW", Parts("美", "", "陳")),
        ("歐陽修文", "TW", Parts("修文", "", "歐陽")),
        ("歐陽", "TW", Parts("陽", "", "歐")),
        ("محمد رضایی", "IR", Parts("محمد", "", "رضایی")),
        ("Maria da Silva Santos", "BR", Parts("Maria", "", "da Silva Santos")),
        ("Marie DUPONT", "FR", Parts("Marie", "", "DUPONT")),
        ("DUPONT Marie Claire", "FR", Parts("Marie Claire", "", "DUPONT")),
        ("Ana", "BR", Parts("Ana", "", "")),
    ],
)
def test_other_scripts_have_their_own_order(name: str, country: str, expected: Parts) -> None:
    assert parts(name, country) == expected


@pytest.mark.parametrize(
    "name",
    [
        "Иван\nИванов",
        "Ann\x00",
        "\x1b[31mAnn",
        "Ann\u202eevE",
        "А" * 121,
        "12345",
        "   ",
        "…",
        "\u200b",
        "Ann\ud800",
    ],
)
def test_control_characters_and_what_is_no_name_are_refused(name: str) -> None:
    with pytest.raises(MalformedName) as refusal:
        cleaned(name)
    assert refusal.value.refusal == "malformed-name"


def test_a_name_is_kept_as_written_but_for_spaces_and_invisible_marks() -> None:
    assert cleaned("  Айгерим \u200e  Ахметова\ufeff ") == "Айгерим Ахметова"
    assert cleaned("O'Brien-Smith") == "O'Brien-Smith"


def test_the_joiner_inside_a_persian_name_stays() -> None:
    assert cleaned("علی\u200cرضا") == "علی\u200cرضا"


def test_a_name_of_120_letters_is_a_name() -> None:
    assert len(cleaned("А" * 120)) == 120


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Алёна Ёлкина", "АЛЕНА  елкина"),
        ("علي", "علی"),
        ("ＡＮＮ", "ann"),
    ],
)
def test_spellings_of_one_name_are_compared_as_equal(one: str, other: str) -> None:
    assert compared(one) == compared(other)


def test_somebody_is_found_by_each_word_of_a_double_name() -> None:
    assert words("Анна-Мария Ахметова Анна") == ["анна", "мария", "ахметова"]


@given(st.text(max_size=200))
def test_whatever_is_typed_is_refused_or_kept_within_bounds_for_good(name: str) -> None:
    try:
        kept = cleaned(name)
    except MalformedName:
        return
    assert cleaned(kept) == kept
    assert 0 < len(kept) <= 120
    split = parts(kept, "KZ")
    assert all(part in kept for part in (split.given_name, split.patronymic, split.family_name))
