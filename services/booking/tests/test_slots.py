"""A whole search against a model that tries every minute: branches in several zones, the nights when clocks change."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.rules import slots
from booking.rules.availability import Span, seconds
from booking.rules.catalogue import Catalogue
from booking.rules.slots import Search, Taken
from common.contracts.booking import FreeSlots, Slot
from common.contracts.directory import Branch, Network, OpeningHours, Practitioner, Service, WorkingHours

from .clinic import a_branch, a_practitioner, a_room, a_service

SPRING, AUTUMN = date(2027, 3, 28), date(2026, 10, 25)
"""The clocks of Europe/Paris go forward at 02:00, and back at 03:00."""
NETWORK = Network(network_id="model", name="Model", country="FR", locales=["fr"], currency="EUR", preset="fr")
ZONES = ("Europe/Paris", "Asia/Almaty", "America/Sao_Paulo")

hours = st.tuples(st.integers(0, 95), st.integers(1, 96)).map(sorted)
busy = st.lists(st.tuples(st.integers(-60, 3 * 24 * 60), st.integers(5, 180)), max_size=12)


def _clock(quarter: int) -> time:
    return time(quarter // 4 % 24, quarter % 4 * 15)


def _weekly(branch: Branch, worked: tuple[int, int]) -> list[WorkingHours]:
    return [
        WorkingHours(
            branch_id=branch.branch_id, weekday=day, starts=_clock(worked[0]), ends=_clock(worked[1])
        )
        for day in range(1, 8)
    ]


def _works(branch: Branch, practitioner: Practitioner, minute: int) -> bool:
    """Whether the branch's own clock shows an open and worked minute."""
    local = datetime.fromtimestamp(minute * 60, ZoneInfo(branch.zone))

    def within(starts: time, ends: time) -> bool:
        return starts <= local.time() and (local.time() < ends or ends == time())

    return any(
        one.weekday == local.isoweekday() and within(one.opens, one.closes) for one in branch.hours
    ) and any(
        one.weekday == local.isoweekday() and within(one.starts, one.ends)
        for one in practitioner.working_hours
        if one.branch_id == branch.branch_id
    )


def _by_the_minute(
    search: Search, catalogue: Catalogue, taken: Mapping[UUID, Sequence[Span]], now: datetime
) -> list[tuple[datetime, UUID, UUID]]:
    """Every start at which each minute of the visit is worked, and none with its buffers is taken."""
    service, found = search.service, []
    for branch, practitioner in catalogue.offers(service):
        first = seconds(datetime.combine(search.first or now.date(), time(), UTC)) // 60 - 24 * 60
        worked = [_works(branch, practitioner, minute) for minute in range(first, first + 6 * 24 * 60)]
        gone = {
            minute
            for start, end in taken.get(practitioner.practitioner_id, ())
            for minute in range(start // 60, end // 60)
        }
        opened = 0
        for number in range(1, len(worked) - service.duration):
            if worked[number] and not worked[number - 1]:
                opened = number
            minute = first + number
            day = datetime.fromtimestamp(minute * 60, ZoneInfo(branch.zone)).date()
            if (
                search.first is not None
                and search.first <= day < search.first + timedelta(days=search.days)
                and (number - opened) % service.granularity == 0
                and all(worked[number : number + service.duration])
                and minute * 60 >= seconds(now)
                and gone.isdisjoint(
                    range(minute - service.buffer_before, minute + service.duration + service.buffer_after)
                )
            ):
                found.append(
                    (datetime.fromtimestamp(minute * 60, UTC), practitioner.practitioner_id, branch.branch_id)
                )
    return sorted(found)


def _catalogue(service: Service, branches: list[Branch], practitioners: list[Practitioner]) -> Catalogue:
    return Catalogue(
        revision=1,
        network=NETWORK,
        branches={one.branch_id: one for one in branches},
        practitioners={one.practitioner_id: one for one in practitioners},
        rooms={},
        services={service.service_id: service},
        versions={},
    )


@settings(max_examples=25, deadline=None)
@given(
    first=st.sampled_from([SPRING - timedelta(days=1), SPRING, AUTUMN, AUTUMN - timedelta(days=1)]),
    opened=hours.filter(lambda pair: pair[0] < pair[1]),
    worked=st.lists(hours.filter(lambda pair: pair[0] < pair[1]), min_size=3, max_size=3),
    taken=st.lists(busy, min_size=3, max_size=3),
    duration=st.sampled_from([15, 20, 45, 90]),
    granularity=st.sampled_from([10, 15, 30]),
    buffers=st.tuples(st.sampled_from([0, 5, 15]), st.sampled_from([0, 10])),
    late=st.integers(0, 30),
)
def test_a_search_finds_what_a_look_at_every_minute_finds(
    first, opened, worked, taken, duration, granularity, buffers, late
):
    service = a_service(
        duration=duration, granularity=granularity, buffer_before=buffers[0], buffer_after=buffers[1]
    )
    branches = [
        a_branch(
            zone=zone,
            hours=[
                OpeningHours(weekday=day, opens=_clock(opened[0]), closes=_clock(opened[1]))
                for day in range(1, 8)
            ],
        )
        for zone in ZONES
    ]
    practitioners = [
        a_practitioner(branch, service, working_hours=_weekly(branch, tuple(own)))
        for branch, own in zip(branches, worked, strict=True)
    ]
    midnight = seconds(datetime.combine(first, time(), UTC))
    known = {
        one.practitioner_id: [
            (midnight + start * 60, midnight + (start + length) * 60) for start, length in spans
        ]
        for one, spans in zip(practitioners, taken, strict=True)
    }
    now = datetime.combine(first, time(), UTC) - timedelta(days=2) + timedelta(hours=late * 2)
    search = Search(service, first=first, days=2)
    catalogue = _catalogue(service, branches, practitioners)
    found = slots.find(search, catalogue, Taken(known), now=now).slots()
    assert [(one.starts_at, one.practitioner_id, one.branch_id) for one in found] == _by_the_minute(
        search, catalogue, known, now
    )
    assert all(one.ends_at - one.starts_at == timedelta(minutes=duration) for one in found)


def test_what_is_written_reads_as_the_values():
    service, branch = a_service(), a_branch(zone="Europe/Paris")
    catalogue = _catalogue(service, [branch], [a_practitioner(branch, service) for _ in range(3)])
    search = Search(service, first=AUTUMN, days=3)
    now = datetime.combine(AUTUMN, time(), UTC) - timedelta(days=3)
    free = slots.find(search, catalogue, Taken(), now=now)
    values: list[Slot] = free.slots()
    assert values
    assert free.written() == FreeSlots(slots=values).model_dump_json().encode()


def test_what_is_written_says_whether_there_is_more(monkeypatch: pytest.MonkeyPatch):
    service, branch = a_service(), a_branch(zone="Europe/Paris")
    catalogue = _catalogue(service, [branch], [a_practitioner(branch, service)])
    now = datetime.combine(AUTUMN, time(), UTC) - timedelta(days=3)
    monkeypatch.setattr(slots, "MOST_SLOTS", 2)
    free = slots.find(Search(service, first=AUTUMN, days=1), catalogue, Taken(), now=now)
    assert free.written() == FreeSlots(slots=free.slots(), truncated=True).model_dump_json().encode()
    assert len(free.found) == 2


def test_one_room_for_two_practitioners_is_free_for_one_of_them():
    service, branch = a_service(room_kind="chair"), a_branch(zone="Europe/Paris")
    room = a_room(branch, kind="chair")
    catalogue = _catalogue(service, [branch], [a_practitioner(branch, service) for _ in range(2)])
    with_room = replace(catalogue, rooms={room.room_id: room})
    now = datetime.combine(AUTUMN, time(), UTC) - timedelta(days=3)
    search = Search(service, first=AUTUMN, days=1)
    [first, *_] = slots.find(search, with_room, Taken(), now=now).slots()
    span = (seconds(first.starts_at), seconds(first.ends_at))
    left = slots.find(search, with_room, Taken(rooms={room.room_id: [span]}), now=now).slots()
    assert first.starts_at not in {one.starts_at for one in left}
