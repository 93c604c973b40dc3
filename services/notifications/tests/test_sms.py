"""What an SMS costs: alphabets, segments, and letters that some operators cannot carry."""

from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.directory import Country
from notifications.rules.sms import Charge, Counted, Price, Tariff, as_sent, charge, counted
from notifications.templates.checks import tariff


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Counted("gsm-7", 0, 1)),
        ("a" * 160, Counted("gsm-7", 160, 1)),
        ("a" * 161, Counted("gsm-7", 161, 2)),
        ("a" * 306, Counted("gsm-7", 306, 2)),
        ("a" * 307, Counted("gsm-7", 307, 3)),
        ("€" * 80, Counted("gsm-7", 160, 1)),
        ("€" * 81, Counted("gsm-7", 162, 2)),
        ("я" * 70, Counted("ucs-2", 70, 1)),
        ("я" * 71, Counted("ucs-2", 71, 2)),
        ("я" * 134, Counted("ucs-2", 134, 2)),
        ("я" * 135, Counted("ucs-2", 135, 3)),
        ("😀" * 35, Counted("ucs-2", 70, 1)),
        ("ção", Counted("ucs-2", 3, 1)),
        ("café", Counted("gsm-7", 4, 1)),
    ],
)
def test_segments_are_counted_as_operators_bill_them(text, expected):
    assert counted(text) == expected


def test_an_extended_character_is_not_cut_in_two_by_the_end_of_a_part():
    assert counted("a" * 152 + "€" + "a" * 152).segments == 3
    assert counted("a" * 153 + "€" + "a" * 151).segments == 2


def test_a_character_of_two_units_is_not_cut_in_two_by_the_end_of_a_part():
    assert counted("я" * 66 + "😀" + "я" * 66).segments == 3


@pytest.mark.parametrize(
    ("text", "simplified", "expected"),
    [
        ("Não há horário às 10h", True, "Nao ha horario às 10h"),
        ("Não há horário às 10h", False, "Não há horário às 10h"),
        ("3º andar, sala 2ª", True, "3o andar, sala 2a"),
        ("aujourd’hui à 10:00\u00a0: «\u00a0RDV\u00a0»", False, 'aujourd\'hui à 10:00 : "RDV"'),
        ("tomorrow at 10:00\u202fAM", False, "tomorrow at 10:00 AM"),
        ("Улыбка — «Достык»", True, "Улыбка — «Достык»"),
        ("王小明您好", True, "王小明您好"),
        ("سلام", True, "سلام"),
    ],
)
def test_a_text_goes_in_the_cheaper_alphabet_only_where_its_script_can(text, simplified, expected):
    assert as_sent(text, simplified=simplified) == expected


@given(st.text())
def test_what_is_sent_is_gsm_7_or_untouched(text):
    sent = as_sent(text, simplified=True)
    assert sent == text or counted(sent).alphabet == "gsm-7"


@given(st.text(alphabet="abcя€😀", max_size=400))
def test_more_segments_never_come_from_less_text(text):
    assert counted(text[:-1]).segments <= counted(text).segments


def test_a_charge_is_at_the_price_of_its_day():
    prices = (Price(20, "KZT", date(2026, 1, 1), "list"), Price(25, "KZT", date(2027, 1, 1), "list"))
    known = Tariff(prices, most_segments=3, transliterated=frozenset())
    text = "я" * 71
    assert charge(text, known, date(2026, 12, 31)) == Charge(Counted("ucs-2", 71, 2), 40, "KZT")
    assert charge(text, known, date(2027, 1, 1)) == Charge(Counted("ucs-2", 71, 2), 50, "KZT")
    assert charge(text, known, date(2025, 1, 1)) == Charge(Counted("ucs-2", 71, 2), None, None)


@pytest.mark.parametrize("country", get_args(Country))
def test_every_country_has_a_price_with_its_source(country):
    price = tariff(country).price(date(2026, 11, 22))
    assert price is not None
    assert price.amount > 0
    assert price.source
