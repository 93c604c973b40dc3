"""Ids, links, clock, zones and phones' normal form."""

import time
from datetime import timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.accounts import account_of
from common.clock import Clock
from common.contracts.directory import is_zone
from common.encoding import from_text, to_text
from common.ids import new_id
from common.links import Link, LinkExpired, LinkInvalid, Links
from common.sealed import normalised
from common.testing import START


def test_ids_are_uuids_of_version_7_in_order_of_time() -> None:
    first = new_id()
    time.sleep(0.002)
    second = new_id()
    assert first.version == second.version == 7
    assert first < second
    assert len({new_id() for _ in range(10_000)}) == 10_000


def link(**changes: object) -> Link:
    values = {
        "network_id": "demo-kz",
        "purpose": "manage",
        "thing_id": new_id(),
        "expires_at": START + timedelta(days=3),
    }
    return Link(**(values | changes))  # type: ignore[arg-type]


def test_a_link_says_what_it_was_made_for_and_nothing_else() -> None:
    links, made = Links(to_text(b"k" * 32)), link()
    token = links.token(made)
    assert links.read(token, now=START) == made
    assert len(token) < 64
    with pytest.raises(LinkExpired):
        links.read(token, now=START + timedelta(days=3))
    with pytest.raises(LinkInvalid):
        Links(to_text(b"x" * 32)).read(token, now=START)


def test_a_code_fits_into_a_chats_link_and_holds_in_its_network_alone() -> None:
    links, made = Links(to_text(b"k" * 32)), link(purpose="handle", network_id="n" * 40)
    code = links.code(made)
    assert len(code) == 44, "Telegram's links carry 64 characters"
    assert links.read_code(code, made.network_id, now=START) == made
    for refused in (lambda: links.read_code(code, "demo-br", now=START), lambda: links.read(code, now=START)):
        with pytest.raises(LinkInvalid):
            refused()
    with pytest.raises(LinkExpired):
        links.read_code(code, made.network_id, now=START + timedelta(days=3))


def test_a_network_has_its_own_account_or_the_shared_one_under_its_name() -> None:
    accounts = {"clinic": "own", "*": "{network}:shared"}
    assert account_of(accounts, "clinic") == "own"
    assert account_of(accounts, "demo-kz") == "demo-kz:shared"
    assert account_of({"clinic": "own"}, "demo-kz") is None


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_link_changed_anywhere_is_refused(position: int, change: int) -> None:
    links = Links(to_text(b"k" * 32))
    raw = bytearray(from_text(links.token(link())))
    raw[position % len(raw)] ^= change
    with pytest.raises(LinkInvalid):
        links.read(to_text(bytes(raw)), now=START)


@given(st.text())
def test_no_text_breaks_the_reading_of_links(text: str) -> None:
    with pytest.raises(LinkInvalid):
        Links(to_text(b"k" * 32)).read(text, now=START)


def test_a_clock_that_was_put_stands_and_moves_forward_only() -> None:
    clock, moves = Clock(), []
    clock.watch(lambda: moves.append(clock.now()))
    assert not clock.frozen
    clock.put(START)
    clock.put(START - timedelta(hours=1))
    assert clock.now() == START
    assert clock.seconds_until(START) == 0
    assert clock.seconds_until(START + timedelta(seconds=1)) == float("inf")
    clock.put(START + timedelta(hours=1))
    assert moves == [START, START + timedelta(hours=1)]


def test_names_are_compared_without_case_space_or_arabic_letter_forms() -> None:
    assert normalised("  Марат   ЕРЖАНОВ ") == "марат ержанов"
    assert normalised("علي") == normalised("علی")


@given(st.binary())
def test_text_and_bytes_are_the_same_thing(raw: bytes) -> None:
    assert from_text(to_text(raw)) == raw


def test_every_zone_of_the_database_is_one_and_what_lies_beside_them_is_none() -> None:
    assert {zone for zone in available_timezones() if not is_zone(zone)} <= {"localtime"}
    beside = ["posix/Europe/Paris", "right/Europe/Paris", "posixrules", "localtime", "zone.tab", "America"]
    wrong = [
        "",
        "europe/paris",
        "Europe/Pari",
        "../../../etc/localtime",
        "/etc/localtime",
        "a\0b",
        "x" * 5000,
    ]
    assert not any(map(is_zone, beside + wrong))
