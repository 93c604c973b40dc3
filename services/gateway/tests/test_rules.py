"""The gateway's decisions, without anything around them."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.booking import AppointmentState, Status
from common.contracts.gateway import Role
from common.ids import new_id
from common.links import LinkExpired
from gateway.rules import accounts, audit, manage_links, permissions, webhooks
from gateway.rules.minted import Minted
from gateway.rules.permissions import ACTIONS, ROLES, Action, allowed

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

MAY: dict[str, dict[Role, bool]] = {
    line.split()[0]: {role: mark == "x" for role, mark in zip(ROLES, line.split()[1:], strict=True)}
    for line in """
    patients.search        x  x  -  x  -  -
    patients.read          x  x  x  x  -  -
    patients.write         x  -  -  x  -  -
    appointments.read      x  x  x  x  x  -
    appointments.book      x  x  -  x  -  -
    appointments.overbook  -  -  -  x  -  -
    absences.write         x  -  x  x  -  -
    waitlist.work          x  -  -  x  -  -
    appointments.change    x  x  x  x  -  -
    appointments.complete  x  -  x  x  -  -
    appointments.correct   x  -  -  x  -  -
    visits.join            x  -  x  x  -  -
    referrals.read         x  x  x  x  -  -
    referrals.write        x  -  x  x  -  -
    payments.record        x  -  -  x  x  -
    payments.refund        -  -  -  x  x  -
    money.see              x  -  -  x  x  -
    day.close              x  -  -  x  x  -
    board.read             x  x  x  x  x  -
    tasks.read             x  -  x  x  -  -
    tasks.work             x  -  x  x  -  -
    messages.read          x  x  x  x  -  -
    calls.read             x  -  -  x  -  -
    conversations.work     x  -  -  x  -  -
    consents.read          x  x  x  x  -  -
    consents.write         x  x  -  x  -  -
    recall.read            x  -  x  x  -  x
    recall.write           -  -  -  x  -  x
    directory.read         x  x  x  x  x  x
    directory.write        -  -  -  x  -  x
    reports.read           -  -  -  x  x  x
    reports.money          -  -  -  x  x  -
    sending.brake          -  -  -  x  -  x
    policies.write         -  -  -  x  -  x
    templates.write        -  -  -  x  -  x
    audit.read             -  -  -  x  -  x
    staff.read             -  -  -  x  -  x
    staff.write            -  -  -  -  -  x
    api-keys.write         -  -  -  -  -  x
    events.listen          x  x  x  x  x  x
    account.own            x  x  x  x  x  x
    """.strip().splitlines()
}
"""Reception, delegate, doctor, manager, accounting, admin: what a change of the table has to change here too."""


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_role_may_what_the_matrix_says(role: Role, action: Action) -> None:
    assert allowed([role], action) is MAY[action][role]


@given(st.text(), st.sampled_from(ACTIONS))
def test_an_unknown_role_may_nothing(role: str, action: Action) -> None:
    if role not in ROLES:
        assert not allowed([role], action)


def test_several_roles_may_what_any_of_them_may() -> None:
    assert allowed(["doctor", "accounting"], "money.see")
    assert not allowed([], "account.own")


def test_a_doctor_with_another_role_is_not_bound_to_the_own_practice() -> None:
    assert permissions.bound_to_agendas(["doctor"])
    assert permissions.bound_to_agendas(["delegate"])
    assert not permissions.bound_to_agendas(["doctor", "manager"])


@pytest.mark.parametrize(
    ("roles", "practitioners"),
    [(["delegate"], 0), (["reception"], 1), (["doctor"], 1), (["delegate", "doctor"], 1)],
)
def test_a_delegate_names_whom_they_act_for_and_nobody_else_does(
    roles: list[Role], practitioners: int
) -> None:
    with pytest.raises(accounts.PractitionersByRole):
        accounts.check_practitioners(roles, [new_id() for _ in range(practitioners)])


@pytest.mark.parametrize(
    "password", ["short", "aaaaaaaaaaaaaa", "Password123", "someone@example.org", "1234567890"]
)
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(accounts.PasswordTooWeak):
        accounts.check_password(password, email="someone@example.org")


def test_the_demo_password_is_accepted() -> None:
    accounts.check_password("vinculo-demo", email="reception@demo-kz.example")


def session(created: timedelta, seen: timedelta) -> accounts.Session:
    return accounts.Session("net", new_id(), ("reception",), (), None, (), "A", NOW - created, NOW - seen)


@pytest.mark.parametrize(
    ("created", "seen", "holds"),
    [
        (timedelta(hours=1), timedelta(minutes=14, seconds=59), True),
        (timedelta(hours=1), timedelta(minutes=15), False),
        (timedelta(hours=11, minutes=59), timedelta(0), True),
        (timedelta(hours=12), timedelta(0), False),
    ],
)
def test_a_session_ends_after_fifteen_idle_minutes_or_twelve_hours(
    created: timedelta, seen: timedelta, holds: bool
) -> None:
    assert accounts.session_holds(session(created, seen), now=NOW) is holds


@given(st.text(), st.text())
def test_minted_ids_follow_from_base_and_name_alone(one: str, other: str) -> None:
    base = UUID("018f3c3c-1234-7abc-8def-0123456789ab")
    minted, again = Minted(base), Minted(base)
    assert minted.id(one) == again.id(one)
    assert (minted.id(one) == minted.id(other)) is (one == other)


def test_minted_ids_are_in_the_order_of_their_requests() -> None:
    base = new_id()
    made = Minted(base).id("appointment")
    assert made.version == 7
    assert made.int >> 80 == base.int >> 80
    assert made.variant == base.variant


def entries(count: int) -> list[audit.Entry]:
    return [
        audit.Entry("net", f"staff:{n}", "patients.read", NOW + timedelta(seconds=n), "ok", "staff")
        for n in range(count)
    ]


@given(st.integers(1, 12), st.integers(0, 11), st.sampled_from(["actor", "action", "outcome", "purpose"]))
def test_a_changed_entry_breaks_the_chain_where_it_stands(count: int, at: int, name: str) -> None:
    at %= count
    links = audit.chained(entries(count), last_seq=0, last_hash=audit.BEGINNING)
    assert audit.first_break(links) is None
    change: dict[str, Any] = {name: "somebody else"}
    links[at] = replace(links[at], entry=replace(links[at].entry, **change))
    assert audit.first_break(links) == links[at].seq


@given(st.integers(2, 12), st.integers(0, 10))
def test_a_missing_entry_breaks_the_chain_after_it(count: int, at: int) -> None:
    at %= count - 1
    links = audit.chained(entries(count), last_seq=0, last_hash=audit.BEGINNING)
    following = links[at + 1].seq
    del links[at]
    assert audit.first_break(links) == following


def test_an_entry_that_was_hashed_anew_breaks_the_chain_after_it() -> None:
    links = audit.chained(entries(3), last_seq=0, last_hash=audit.BEGINNING)
    forged = replace(links[1].entry, actor="staff:forged")
    links[1] = audit.sealed(forged, 2, links[1].previous)
    assert audit.first_break(links) == 3


def test_a_chain_goes_on_from_where_it_ended() -> None:
    first = audit.chained(entries(2), last_seq=0, last_hash=audit.BEGINNING)
    second = audit.chained(entries(2), last_seq=first[-1].seq, last_hash=first[-1].hash)
    assert audit.first_break([*first, *second]) is None


@given(st.binary(), st.binary())
def test_only_the_signed_body_passes_as_from_meta(body: bytes, other: bytes) -> None:
    signature = "sha256=" + hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    webhooks.check_meta("secret", body, signature)
    for wrong in (None, "", signature[:-1], signature.replace("sha256", "sha1")):
        with pytest.raises(webhooks.BadSignature):
            webhooks.check_meta("secret", body, wrong)
    if other != body:
        with pytest.raises(webhooks.BadSignature):
            webhooks.check_meta("secret", other, signature)


def test_twilios_own_example_passes() -> None:
    """From Twilio's page on webhook security."""
    form = [("CallSid", "CA1234567890ABCDE"), ("Caller", "+12349013030"), ("Digits", "1234"),
            ("From", "+12349013030"), ("To", "+18005551212")]  # fmt: skip
    url = "https://example.com/myapp.php?foo=1&bar=2"
    signed = url + "".join(name + value for name, value in form)
    signature = base64.b64encode(hmac.new(b"12345", signed.encode(), hashlib.sha1).digest()).decode()
    webhooks.check_twilio("12345", url, list(reversed(form)), signature)
    with pytest.raises(webhooks.BadSignature):
        webhooks.check_twilio("12345", url + "&more=1", form, signature)
    with pytest.raises(webhooks.BadSignature):
        webhooks.check_twilio("12345", url, [*form, ("More", "1")], signature)


def test_the_same_webhook_is_the_same_command_and_another_is_another() -> None:
    one = webhooks.command_id("net", "sms", "ref=1", b"body")
    assert one == webhooks.command_id("net", "sms", "ref=1", b"body")
    others = {
        webhooks.command_id("two", "sms", "ref=1", b"body"),
        webhooks.command_id("net", "whatsapp", "ref=1", b"body"),
        webhooks.command_id("net", "sms", "ref=2", b"body"),
        webhooks.command_id("net", "sms", "ref=1", b"other"),
    }
    assert len(others - {one}) == 4


def appointment(status: Status) -> AppointmentState:
    some = new_id()
    return AppointmentState(
        appointment_id=some, patient_id=some, status=status, starts_at=NOW, ends_at=NOW + timedelta(minutes=30),
        branch_id=some, practitioner_id=some, service_id=some, source="site", created_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "read_only"),
    [("booked", False), ("confirmed", False), ("cancelled", True), ("arrived", True), ("fulfilled", True),
     ("noshow", True), ("displaced", False)],
)  # fmt: skip
def test_a_link_changes_an_appointment_only_while_it_stands(status: Status, read_only: bool) -> None:
    assert manage_links.read_only(appointment(status)) is read_only


def test_a_link_expires_with_the_end_of_the_visit() -> None:
    still = NOW + timedelta(minutes=29, seconds=59)
    booked, over = appointment("booked"), NOW + timedelta(minutes=30)
    manage_links.check_time(booked, "manage", now=still, book_path="/book/net")
    manage_links.check_time(booked, "visit", now=over, book_path="/book/net")
    with pytest.raises(LinkExpired) as expired:
        manage_links.check_time(booked, "manage", now=over, book_path="/book/net")
    assert expired.value.extra == {"book_path": "/book/net"}
