"""Phones in the shapes in which people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patient_profile.rules.phones import MalformedPhone, parse


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("8 701 123 45 67", "KZ", "+77011234567"),
        ("8(701)123-45-67", "kz", "+77011234567"),
        ("+7 701 123 45 67", "KZ", "+77011234567"),
        ("7 701 1234567", "KZ", "+77011234567"),
        ("701 123 45 67", "KZ", "+77011234567"),
        ("۰۹۱۲۳۴۵۶۷۸۹", "IR", "+989123456789"),
        ("٠٩١٢ ٣٤٥ ٦٧٨٩", "IR", "+989123456789"),
        ("0912-345-678", "TW", "+886912345678"),
        ("(27) 99999-0001", "BR", "+5527999990001"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("+33 6 12 34 56 78", "KZ", "+33612345678"),
        ("＋７７０１１２３４５６７", "KZ", "+77011234567"),
    ],
)
def test_any_shape_of_a_phone_becomes_one(text: str, country: str, e164: str) -> None:
    contact = parse(text, country)
    assert (contact.phone, contact.original, contact.verified) == (e164, text, False)


@pytest.mark.parametrize(
    "text",
    ["", "abc", "123", "12345", "1" * 17, "+", "+999 1", "8 701 12", "phone", "+7701123456789", "\x00"],
)
def test_what_cannot_be_a_phone_is_refused(text: str) -> None:
    with pytest.raises(MalformedPhone) as refusal:
        parse(text, "KZ")
    assert refusal.value.refusal == "malformed-phone"


@given(st.text(max_size=40))
def test_whatever_is_typed_is_refused_or_becomes_e164(text: str) -> None:
    try:
        contact = parse(text, "KZ")
    except MalformedPhone:
        return
    assert contact.phone.startswith("+")
    assert contact.phone[1:].isdigit()
    assert parse(contact.phone, "KZ").phone == contact.phone
