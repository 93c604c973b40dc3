"""Queue numbers: drawn once, called once, and how long somebody will wait."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from booking.rules import queue as rules
from common.contracts.booking import CallTicket, EndTicket, GetTicket, ShowQueue, TakeTicket
from common.errors import Refused
from common.ids import new_id

from .clinic import Clinic, a_branch, a_practitioner, a_service, almaty, code_of

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def while_it_is_open(clinic: Clinic):
    clinic.put_clock(almaty(3, 10))


def taking(clinic: Clinic, **more) -> TakeTicket:
    return TakeTicket(ticket_id=new_id(), branch_id=clinic.branch.branch_id, **more)


async def take(clinic: Clinic, **more):
    return await clinic.tell(taking(clinic, **more))


def calling(clinic: Clinic, **more) -> CallTicket:
    return CallTicket(
        branch_id=clinic.branch.branch_id,
        **{"practitioner_id": clinic.practitioner.practitioner_id, **more},
    )


async def show(clinic: Clinic, caller=None):
    return await clinic.tell(ShowQueue(branch_id=clinic.branch.branch_id), caller)


async def test_fifty_draw_at_once_and_nobody_shares_a_number(clinic: Clinic):
    drawn = await asyncio.gather(*(take(clinic) for _ in range(50)))
    assert sorted(one.number for one in drawn) == list(range(1, 51))


async def test_five_call_at_once_and_nobody_is_called_twice(clinic: Clinic):
    for _ in range(4):
        await take(clinic)
    colleagues = [a_practitioner(clinic.branch, clinic.service) for _ in range(5)]
    await clinic.put(*colleagues)
    outcomes = await asyncio.gather(
        *(clinic.tell(calling(clinic, practitioner_id=one.practitioner_id)) for one in colleagues),
        return_exceptions=True,
    )
    called = [one.number for one in outcomes if not isinstance(one, BaseException)]
    assert sorted(called) == [1, 2, 3, 4]
    assert [one.refusal for one in outcomes if isinstance(one, Refused)] == ["queue-empty"]


async def test_a_patient_who_asks_twice_at_once_has_one_number(clinic: Clinic):
    patient_id = new_id()
    drawn = await asyncio.gather(*(take(clinic, patient_id=patient_id) for _ in range(8)))
    assert len({one.ticket_id for one in drawn}) == 1
    assert len((await show(clinic)).waiting) == 1


async def test_the_same_order_twice_is_one_number(clinic: Clinic):
    order = taking(clinic)
    assert await clinic.tell(order) == await clinic.tell(order)
    assert len((await show(clinic)).waiting) == 1


async def test_numbers_start_anew_each_day_and_only_while_the_branch_is_open(clinic: Clinic):
    assert (await take(clinic)).number == 1
    clinic.put_clock(almaty(3, 23))
    assert await code_of(take(clinic)) == "branch-closed"
    clinic.put_clock(almaty(4, 9))
    assert (await take(clinic)).number == 1


async def test_whoever_still_waits_when_the_branch_closes_is_called_that_day_and_no_other(clinic: Clinic):
    tickets = [await take(clinic) for _ in range(3)]
    clinic.put_clock(almaty(3, 18, 30))
    assert await code_of(take(clinic)) == "branch-closed"
    assert (await clinic.tell(calling(clinic))).number == 1
    assert (await clinic.tell(calling(clinic, ticket_id=tickets[2].ticket_id))).number == 3
    clinic.put_clock(almaty(4, 10))
    assert await code_of(clinic.tell(calling(clinic))) == "queue-empty"
    assert await code_of(clinic.tell(calling(clinic, ticket_id=tickets[1].ticket_id))) == "unknown-ticket"


async def test_a_number_of_another_branch_is_not_called(clinic: Clinic):
    elsewhere = a_branch()
    colleague = a_practitioner(elsewhere, clinic.service)
    await clinic.put(elsewhere, colleague)
    ticket = await take(clinic)
    order = CallTicket(
        branch_id=elsewhere.branch_id, practitioner_id=colleague.practitioner_id, ticket_id=ticket.ticket_id
    )
    reception = clinic.staff("reception", branches=(str(elsewhere.branch_id),))
    assert await code_of(clinic.tell(order, reception)) == "unknown-ticket"
    assert [one.number for one in (await show(clinic)).waiting] == [ticket.number]


async def test_who_performs_another_service_calls_the_next_for_their_own(clinic: Clinic):
    other = a_service()
    surgeon = a_practitioner(clinic.branch, other)
    await clinic.put(other, surgeon)
    await take(clinic, service_id=clinic.service.service_id)
    second = await take(clinic, service_id=other.service_id)
    called = await clinic.tell(calling(clinic, practitioner_id=surgeon.practitioner_id))
    assert called.ticket_id == second.ticket_id


async def test_the_wait_follows_how_long_turns_took_today(clinic: Clinic):
    for _ in range(5):
        await take(clinic)
    assert (await show(clinic)).wait_minutes == 6 * rules.TYPICAL_MINUTES
    for _ in range(3):
        called = await clinic.tell(calling(clinic))
        clinic.put_clock(clinic.parts.clock.now() + 10 * MINUTE)
        await clinic.tell(EndTicket(ticket_id=called.ticket_id))
    board = await show(clinic)
    assert [(one.number, one.ahead, one.wait_minutes) for one in board.waiting] == [(4, 0, 10), (5, 1, 20)]
    assert (board.served, board.wait_minutes) == (3, 30)


async def test_each_change_tells_once_with_the_next_version(clinic: Clinic):
    ticket = await take(clinic)
    await clinic.tell(calling(clinic))
    for _ in range(2):
        ended = await clinic.tell(EndTicket(ticket_id=ticket.ticket_id))
    assert (ended.status, ended.version) == ("served", 3)
    rows = await clinic.rows("SELECT subject FROM outbox WHERE subject LIKE '%.ticket.%' ORDER BY seq")
    assert [row.subject.split(".")[3] for row in rows] == ["taken", "called", "ended"]
    assert (
        await code_of(clinic.tell(EndTicket(ticket_id=ticket.ticket_id, outcome="left")))
        == "illegal-transition"
    )


async def test_patients_see_numbers_and_not_whose_they_are(clinic: Clinic):
    patient_id = new_id()
    ticket = await take(clinic, patient_id=patient_id)
    somebody = clinic.patient(new_id())
    assert [one.patient_id for one in (await show(clinic, somebody)).waiting] == [None]
    assert (await show(clinic)).waiting == [ticket]
    assert (await clinic.tell(GetTicket(ticket_id=ticket.ticket_id), somebody)).patient_id is None
    assert await code_of(clinic.tell(calling(clinic), somebody)) == "not-allowed"
    assert (
        await clinic.tell(EndTicket(ticket_id=ticket.ticket_id, outcome="left"), somebody)
    ).status == "left"


async def test_no_number_that_is_shown_to_everybody_can_be_given_back_by_somebody_else(clinic: Clinic):
    for _ in range(2):
        await take(clinic)
    called = await clinic.tell(calling(clinic))
    everybody = clinic.staff(actor="anonymous")
    board = await show(clinic, everybody)
    assert ([one.number for one in board.called], [one.number for one in board.waiting]) == ([1], [2])
    assert "ticket_id" not in board.model_dump_json()
    assert (await show(clinic, clinic.staff("accounting"))).called == [called]


@given(
    some.integers(min_value=1, max_value=200),
    some.floats(min_value=1, max_value=120),
    some.integers(min_value=1, max_value=10),
)
def test_whoever_is_further_back_never_waits_less(place: int, minutes: float, receiving: int):
    pace = rules.Pace(minutes, receiving)
    assert 0 < pace.wait(place) <= pace.wait(place + 1)
    assert pace.wait(place) >= rules.Pace(minutes, receiving + 1).wait(place)
