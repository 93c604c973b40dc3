"""The calendar file, read back by a library that importers use too."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event

from common.calendar import calendar_file
from common.contracts.booking import AppointmentState
from common.contracts.directory import Address, Branch, Locale, NameForms, Network, Practitioner
from common.ids import new_id

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
NETWORK = Network(
    network_id="n", name="Clinique; Étoile, Nord", country="FR", locales=["fr"], currency="EUR", preset="fr"
)
ADDRESS = Address(city="Paris", street="12, rue du Lac; cour\\2", entrance="B", floor="3", room="301")
BRANCH = Branch(
    branch_id=new_id(), name="Étoile", zone="Europe/Paris", locale="fr", address=ADDRESS, phone="+33140000000",
    hours=[],
)  # fmt: skip
DOCTOR = Practitioner(
    practitioner_id=new_id(), name="Claire Moreau", name_forms=NameForms(display={"fr": "Dr Claire Moreau"}),
    speciality={"fr": "Psychiatre"}, service_ids=[], working_hours=[], rooms={str(BRANCH.branch_id): "7"},
)  # fmt: skip


def visit(local: datetime, **changes: Any) -> AppointmentState:
    """An hour from a local time in Paris."""
    starts_at = local.replace(tzinfo=PARIS).astimezone(UTC)
    values: dict[str, Any] = {
        "appointment_id": new_id(), "patient_id": new_id(), "status": "booked", "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=1), "branch_id": BRANCH.branch_id,
        "practitioner_id": DOCTOR.practitioner_id, "service_id": new_id(), "source": "site", "created_at": NOW,
    }  # fmt: skip
    return AppointmentState.model_validate({**values, **changes})


def read(state: AppointmentState, **more: Any) -> tuple[Calendar, Event]:
    """What an importer understands."""
    made = calendar_file(state, network=NETWORK, branch=BRANCH, practitioner=DOCTOR, now=NOW, **more)
    calendar = Calendar.from_ical(made.body)
    assert isinstance(calendar, Calendar)
    assert str(calendar["method"]) == made.method
    [event] = calendar.walk("VEVENT")
    assert isinstance(event, Event)
    return calendar, event


@pytest.mark.parametrize(
    ("day", "offset"),
    [(datetime(2027, 3, 27, 10), 1), (datetime(2027, 3, 28, 10), 2), (datetime(2027, 3, 29, 10), 2)],
)
def test_ten_in_paris_is_ten_in_paris_on_both_sides_of_the_change_of_the_clocks(
    day: datetime, offset: int
) -> None:
    _, event = read(visit(day))
    starts, ends = event.DTSTART, event.DTEND
    assert isinstance(starts, datetime)
    assert isinstance(ends, datetime)
    assert starts.utcoffset() == timedelta(0)
    assert starts.astimezone(PARIS).replace(tzinfo=None) == day
    assert starts.astimezone(PARIS).utcoffset() == timedelta(hours=offset)
    assert ends - starts == timedelta(hours=1)


def test_a_visit_in_the_night_of_the_change_lasts_as_long_as_it_lasts() -> None:
    _, event = read(visit(datetime(2027, 3, 28, 1, 30)))
    assert event.DTEND.astimezone(PARIS).strftime("%H:%M") == "03:30"


def test_the_uid_stays_and_the_sequence_grows_through_moves_and_cancellations() -> None:
    first = visit(datetime(2027, 3, 27, 10))
    life = [
        first,
        first.model_copy(update={"sequence": 1}),
        first.model_copy(update={"sequence": 1, "status": "displaced"}),
        first.model_copy(update={"sequence": 2}),
        first.model_copy(update={"sequence": 2, "status": "cancelled"}),
    ]
    files = [read(one) for one in life]
    assert {str(event["uid"]) for _, event in files} == {f"{first.appointment_id}@vinculo"}
    numbers = [int(str(event["sequence"])) for _, event in files]
    assert numbers == sorted(set(numbers))
    assert [str(calendar["method"]) for calendar, _ in files] == [
        "PUBLISH", "PUBLISH", "CANCEL", "PUBLISH", "CANCEL",
    ]  # fmt: skip
    assert str(files[-1][1]["status"]) == "CANCELLED"


@pytest.mark.parametrize("locale", get_args(Locale))
def test_it_says_with_whom_and_where_in_every_language_and_never_what_for(locale: Locale) -> None:
    _, event = read(visit(datetime(2027, 3, 27, 10)), locale=locale)
    assert NETWORK.name in str(event["summary"])
    assert "Claire Moreau" in str(event["description"])
    for part in ("Étoile", "Paris", "12, rue du Lac; cour\\2", "B", "3", "7"):
        assert part in str(event["location"])
    assert "301" not in str(event["location"]), "the practitioner's own room is the one to come to"
    assert "Psychiatre" not in event.to_ical().decode()


def test_what_looks_like_syntax_is_text() -> None:
    sly = BRANCH.model_copy(update={"name": "A\r\nATTENDEE:mailto:x@example.org"})
    made = calendar_file(
        visit(datetime(2027, 3, 27, 10)), network=NETWORK, branch=sly, practitioner=DOCTOR, now=NOW
    )
    [event] = Calendar.from_ical(made.body).walk("VEVENT")
    assert "attendee" not in event
    assert "ATTENDEE" in str(event["location"])


def test_an_online_visit_has_no_address_and_leads_to_its_page_once_there_is_one() -> None:
    _, event = read(visit(datetime(2027, 3, 29, 10)), online=True)
    assert (str(event["location"]), event.get("url")) == ("En ligne", None)
    page = "https://clinic.example/v/token"
    _, event = read(visit(datetime(2027, 3, 29, 10)), online=True, join_url=page)
    assert (str(event["location"]), str(event["url"])) == (page, page)
