"""Where channels reach somebody, and in which order they are tried."""

from typing import Any

from common.contracts.patient_profile import Card, Channel, Contact, Preferences
from common.ids import new_id
from notifications import packs
from notifications.rules import facts

OFFERED: tuple[Channel, ...] = ("sms", "whatsapp", "telegram", "line", "instagram")


def card(**more: Any) -> Card:
    phone = Contact(phone="+77010000001", original="8 701 000 00 01")
    return Card(patient_id=new_id(), version=1, full_name="Марат", phones=[phone], **more)


def test_a_chat_is_reached_by_its_own_id_and_never_by_the_phone():
    linked = card(handles={"telegram": "77"})
    assert facts.address(linked, "telegram") == "77"
    assert facts.address(linked, "line") is None
    assert facts.address(linked, "whatsapp") == "+77010000001"


def test_the_jurisdiction_orders_the_channels_and_none_begins_on_instagram():
    assert facts.channel_order(packs.pack("TW"), card(), OFFERED)[0] == "line"
    for country in ("KZ", "TW", "BR", "FR", "IR", "GB"):
        assert "instagram" not in facts.channel_order(packs.pack(country), None, OFFERED)


def test_a_chat_that_the_patient_opened_comes_before_what_was_only_given():
    linked = card(handles={"telegram": "77"})
    assert facts.channel_order(packs.pack("KZ"), linked, OFFERED) == ("telegram", "whatsapp", "sms")


def test_what_the_patient_prefers_comes_before_the_chat():
    linked = card(handles={"telegram": "77"}, preferences=Preferences(channel="sms"))
    assert facts.channel_order(packs.pack("KZ"), linked, OFFERED) == ("sms", "telegram", "whatsapp")


def test_whoever_has_no_smartphone_gets_no_chat():
    without = card(handles={"telegram": "77"}, preferences=Preferences(no_smartphone=True))
    assert facts.channel_order(packs.pack("KZ"), without, OFFERED) == ("sms",)
