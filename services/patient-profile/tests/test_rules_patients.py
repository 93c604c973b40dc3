"""Registering, recognising, changing and sweeping people."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from common.contracts.booking import AppointmentState
from common.contracts.patient_profile import Alert, Card, PatientChanges, Preferences, RegisterPatient
from common.errors import Refused, VersionConflict
from common.ids import new_id
from common.testing import caller
from patient_profile.rules import patients
from patient_profile.rules.patients import Patient

DESK = caller("n", roles=("reception",))
ANONYMOUS = caller("n", "anonymous", ())


def registration(**more: Any) -> RegisterPatient:
    given = {
        "patient_id": new_id(),
        "full_name": "Ахметова Айгерим Нурлановна",
        "phone": "8 701 123 45 67",
        "country": "KZ",
        **more,
    }
    return RegisterPatient(**given)


def known(**more: Any) -> Patient:
    return Patient(card=patients.registered(registration(**more), DESK))


def change(patient: Patient, if_version: int | None = None, **changes: Any) -> Patient:
    return patients.changed(patient, PatientChanges(**changes), "KZ", if_version=if_version)


def test_somebody_new_is_addressed_by_the_parts_of_their_name() -> None:
    card = known().card
    assert (card.given_name, card.patronymic, card.family_name) == ("Айгерим", "Нурлановна", "Ахметова")
    assert (card.version, card.sex, card.provisional) == (1, "unknown", False)
    assert (card.phones[0].phone, card.phones[0].original) == ("+77011234567", "8 701 123 45 67")


@pytest.mark.parametrize("actor", ["anonymous", "patient:1", "patient-by-reply"])
def test_whoever_is_not_staff_makes_a_provisional_patient_whatever_they_say(actor: str) -> None:
    assert patients.registered(registration(provisional=False), caller("n", actor, ())).provisional


@pytest.mark.parametrize("address", ["a", "a@", "@b.c", "a@b", "a b@c.d", "a@b.c\u0000", "a@.", "a@b\n.c"])
def test_an_address_without_the_shape_of_one_is_refused(address: str) -> None:
    with pytest.raises(patients.MalformedEmail):
        patients.email(address)


def test_an_empty_address_is_none() -> None:
    assert patients.email("  ") is None
    assert patients.email(" aigerim@example.kz ") == "aigerim@example.kz"


def test_registering_again_fills_what_was_empty_and_replaces_nothing() -> None:
    card = known(locale="kk").card
    again = patients.registered(registration(locale="ru", email="a@example.kz", phone_verified=True), DESK)
    merged = patients.recognised(card, again)
    assert (merged.locale, merged.email, merged.phones[0].verified) == ("kk", "a@example.kz", True)
    assert merged.patient_id == card.patient_id


def test_nobody_unknown_can_put_their_address_on_anothers_card() -> None:
    again = patients.registered(registration(email="thief@example.kz"), ANONYMOUS)
    assert patients.recognised(known().card, again).email is None


def test_a_real_patient_stays_real_and_staff_make_a_provisional_one_real() -> None:
    provisional = patients.registered(registration(), ANONYMOUS)
    assert not patients.recognised(known().card, provisional).provisional
    assert patients.recognised(provisional, provisional).provisional
    assert not patients.recognised(provisional, known().card).provisional


def test_only_what_was_set_changes() -> None:
    before = known(email="a@example.kz", locale="ru")
    after = change(before, sex="female")
    assert after.card == before.card.model_copy(update={"sex": "female", "version": 2})


def test_none_empties_what_can_be_empty() -> None:
    before = change(
        known(email="a@example.kz", locale="ru"),
        birth_date=date(1990, 5, 1),
        zone="Asia/Almaty",
        sex="female",
        tags=["VIP"],
        alerts=[Alert(kind="allergy", text="лидокаин")],
        preferences=Preferences(channel="sms"),
    )
    after = change(
        before,
        email=None,
        locale=None,
        birth_date=None,
        zone=None,
        sex=None,
        tags=None,
        alerts=None,
        preferences=None,
        given_name=None,
        full_name=None,
        phones=None,
    )
    card = after.card
    assert (card.email, card.locale, card.birth_date, card.zone, card.sex) == (
        None,
        None,
        None,
        None,
        "unknown",
    )
    assert (after.tags, after.alerts, card.preferences, card.given_name) == ((), (), Preferences(), "")
    assert (card.full_name, card.phones) == (before.card.full_name, before.card.phones)


def test_another_name_is_split_anew_unless_its_parts_are_given() -> None:
    assert change(known(), full_name="Иванова Анна Петровна").card.family_name == "Иванова"
    card = change(known(), full_name="Анна Мария", given_name="Анна Мария").card
    assert (card.given_name, card.family_name) == ("Анна Мария", "")


def test_a_phone_that_stays_stays_verified() -> None:
    before = known(phone_verified=True)
    after = change(before, phones=["+7 702 000 00 00", "8 701 123 45 67", "8701 1234567"])
    assert [(one.phone, one.verified) for one in after.card.phones] == [
        ("+77020000000", False),
        ("+77011234567", True),
    ]


def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused() -> None:
    with pytest.raises(VersionConflict) as refusal:
        change(known(), if_version=7, sex="male")
    assert refusal.value.extra == {"version": 1}
    assert change(known(), if_version=1, sex="male").card.version == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"phones": ["not a phone"]}, "malformed-phone"),
        ({"full_name": "\x07bell"}, "malformed-name"),
        ({"given_name": "a\nb"}, "malformed-name"),
        ({"email": "nowhere"}, "malformed-email"),
        ({"zone": "Asia/Nowhere"}, "malformed-zone"),
    ],
)
def test_malformed_changes_are_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        change(known(), **changes)
    assert refusal.value.refusal == code


def appointment(patient_id: UUID, status: Any, booked_by: UUID | None = None) -> AppointmentState:
    at = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    return AppointmentState(
        appointment_id=new_id(),
        patient_id=patient_id,
        status=status,
        starts_at=at,
        ends_at=at,
        branch_id=new_id(),
        practitioner_id=new_id(),
        service_id=new_id(),
        source="site",
        created_at=at,
        booked_by=booked_by,
    )


def test_whoever_has_or_made_an_appointment_is_not_swept() -> None:
    booked, cancelled, mother, child, holding, idle = (new_id() for _ in range(6))
    verdict = patients.to_sweep(
        [booked, cancelled, mother, holding, idle],
        [
            appointment(booked, "booked"),
            appointment(cancelled, "cancelled"),
            appointment(child, "confirmed", booked_by=mother),
            appointment(holding, "held"),
        ],
    )
    assert verdict == patients.Sweep(real=[booked, cancelled, mother], held=[holding], over=[idle])


def test_a_hold_beside_an_appointment_makes_nobody_less_real() -> None:
    one = new_id()
    verdict = patients.to_sweep([one], [appointment(one, "held"), appointment(one, "booked")])
    assert (verdict.real, verdict.held) == ([one], [])


def test_a_card_says_who_somebody_is_found_by() -> None:
    card = known().card
    assert patients.is_found_by(card) == ("Ахметова Айгерим Нурлановна", frozenset({"+77011234567"}))
    assert isinstance(card, Card)
