"""The replay against a clinic played over HTTP: what it books, when, and what it says at the end."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid5

import orjson
import phonenumbers
import pytest

from common.ids import new_id
from devkit.replay import people, result
from devkit.replay.agenda import DURATION, Agenda, FreeSlot, practitioners_needed, starts
from devkit.replay.desk import Desk, Login, Place
from devkit.replay.http import Answer, Lost, client
from devkit.replay.reading import MADE_AFTER_ITS_DAY, NEGATIVE_AGE, TWICE, UNREADABLE, ZONE, NotThisFile, read
from devkit.replay.running import DAY_FULL, Replay

HEAD = "PatientId,AppointmentID,Gender,ScheduledDay,AppointmentDay,Age,No_show"
DAY = date(2016, 5, 3)
NAMESPACE = UUID(int=7)


@pytest.fixture
def file(tmp_path):
    def write(*lines: str, head: str = HEAD):
        path = tmp_path / "appointments.csv"
        path.write_text("\n".join((head, *lines)) + "\n")
        return path

    return write


def line(
    number: int, *, patient=None, made="2016-05-02 08:15:00", day="2016-05-03", age=30, no_show="No"
) -> str:
    return f"{patient or 1000 + number},{number},F,{made},{day},{age},{no_show}"


class Clinic:
    """What the gateway would say."""

    def __init__(self, practitioners: int = 1) -> None:
        self.practitioners = [uuid5(NAMESPACE, f"practitioner {number}") for number in range(practitioners)]
        self.now = datetime(2016, 1, 1, tzinfo=ZONE)
        self.booked: dict[str, tuple[datetime, str, str, datetime]] = {}
        self.closed: dict[str, str] = {}
        self.asked: Counter[str] = Counter()
        self.taken_behind_our_back: set[datetime] = set()
        self.session_ends_at = self.now
        self.not_settled = 0
        self.miscount = 0

    async def send(self, method, path, *, query=None, json=None, headers=None, within=60.0) -> Answer:
        verb = path.rpartition("/")[2]
        self.asked[verb] += 1
        match verb:
            case "slots":
                return self.slots(query)
            case "bookings":
                return self.book(json, headers["Idempotency-Key"])
            case "clock":
                return self.clock(json)
            case "sessions":
                self.session_ends_at = self.now + timedelta(minutes=15)
                return answer(201, {"token": "t"})
        if self.now > self.session_ends_at or headers.get("Authorization") != "Bearer t":
            return problem(401, "not-authenticated")
        if verb in {"complete", "no-show"} and method == "POST":
            self.closed[path.split("/")[-2]] = verb
            return answer(200, {})
        return self.report()

    def slots(self, query) -> Answer:
        day = date.fromisoformat(query["from"])
        found = [
            {"starts_at": start.isoformat(), "practitioner_id": str(practitioner)}
            for start in starts(day)
            if start > self.now
            for practitioner in self.practitioners
        ]
        return answer(200, {"slots": found})

    def book(self, body, key: str) -> Answer:
        start = datetime.fromisoformat(body["starts_at"])
        occupied = {(at, who) for at, who, _, _ in self.booked.values()}
        if start in self.taken_behind_our_back or (start, body["practitioner_id"]) in occupied:
            return problem(409, "slot-taken", alternatives=[])
        if any(at == start and phone == body["patient"]["phone"] for at, _, phone, _ in self.booked.values()):
            return problem(409, "patient-busy")
        identity = str(uuid5(NAMESPACE, key))
        self.booked[identity] = (start, body["practitioner_id"], body["patient"]["phone"], self.now)
        return answer(201, {"appointment": {"id": identity}})

    def clock(self, body) -> Answer:
        if body is not None:
            if self.not_settled:
                self.not_settled -= 1
                return problem(504, "not-settled")
            to = datetime.fromisoformat(body["now"])
            if to < self.now:
                return problem(409, "clock-backward")
            self.now = to
        return answer(200, {"now": self.now.isoformat()})

    def report(self) -> Answer:
        missed = sum(verb == "no-show" for verb in self.closed.values()) + self.miscount
        fulfilled = len(self.closed) - missed
        rate = missed / len(self.closed) if self.closed else 0.0
        totals = {"fulfilled": fulfilled, "noshow": missed, "rate": rate}
        return answer(200, {"totals": totals, "rows": []})


def answer(status: int, body: object) -> Answer:
    return Answer(status, orjson.dumps(body))


def problem(status: int, code: str, **extra) -> Answer:
    return answer(status, {"type": f"/problems/{code}", **extra})


async def replay(clinic: Clinic, reading, at_once: int = 8):
    desk = Desk(clinic, Place("vitoria", new_id(), new_id()), Login("desk@x.example", "secret"))
    outcome = await Replay(desk, reading, at_once=at_once, progress=lambda *_: None).run()
    comparison = result.compare(await desk.report("no-show", DAY, DAY), reading, outcome)
    return outcome, comparison


# --- the file -------------------------------------------------------------------------------------------


def test_rows_come_in_the_order_in_which_they_were_made(file):
    reading = read(file(line(1, made="2016-05-02 09:00:00"), line(2, made="2016-04-01 07:59:59")))
    assert [row.appointment for row in reading.rows] == ["2", "1"]
    assert [hour.hour for hour, _ in reading.hours] == [7, 9]
    assert reading.rows[1].made_at == datetime(2016, 5, 2, 9, tzinfo=ZONE)


def test_odd_rows_are_skipped_with_their_reason(file):
    reading = read(
        file(
            line(1),
            line(1),
            line(2, made="2016-05-04 08:00:00"),
            line(3, age=-1),
            line(4, made="yesterday"),
            line(5, no_show="Perhaps"),
        )
    )
    assert [row.appointment for row in reading.rows] == ["1"]
    assert reading.skipped == {TWICE: 1, MADE_AFTER_ITS_DAY: 1, NEGATIVE_AGE: 1, UNREADABLE: 2}


def test_a_limit_takes_the_first_rows_of_the_file(file):
    assert len(read(file(*(line(number) for number in range(9))), limit=4).rows) == 4


def test_another_file_is_refused(file):
    with pytest.raises(NotThisFile, match="No_show"):
        read(file(head="PatientId,AppointmentID,Gender,ScheduledDay,AppointmentDay,Age"))


def test_names_and_phones_are_the_same_every_time_and_valid():
    phones = {people.phone(str(number)) for number in range(500)}
    assert len(phones) == 500
    for phone in phones:
        parsed = phonenumbers.parse(phone)
        assert phonenumbers.is_valid_number(parsed)
        assert phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE
    assert people.phone("7") == people.phone("7")
    assert people.name("7", female=True) == people.name("7", female=True) != people.name("8", female=True)


# --- slots ----------------------------------------------------------------------------------------------


def test_the_first_free_slot_is_taken_and_nobody_is_in_two_places():
    one, two = sorted((new_id(), new_id()))
    first, second = starts(DAY)[:2]
    agenda = Agenda.of([FreeSlot(second, one), FreeSlot(first, two), FreeSlot(first, one)])
    assert agenda.take("a", not_before=first) == FreeSlot(first, one)
    assert agenda.take("a", not_before=first) == FreeSlot(second, one)
    assert agenda.take("b", not_before=first) == FreeSlot(first, two)
    assert agenda.take("b", not_before=first) is None


def test_as_many_practitioners_as_the_fullest_day_needs(file):
    per_day = len(starts(DAY))
    rows = read(file(*(line(number) for number in range(per_day + 1)))).rows
    assert practitioners_needed(rows) == 2
    assert practitioners_needed(rows[:per_day]) == 1


def test_late_rows_of_the_same_day_need_more_practitioners(file):
    late = read(file(*(line(number, made="2016-05-03 19:40:00") for number in range(4)))).rows
    assert practitioners_needed(late) == 2  # only 20:00, 20:30 and 21:00 are left


# --- http ----------------------------------------------------------------------------------------------


@asynccontextmanager
async def server(*answers: bytes):
    """Answers each request on a connection with the next of these; b"" hangs up."""
    seen: list[bytes] = []
    connections = 0

    async def serve(reader, writer):
        nonlocal connections
        connections += 1
        while (head := await reader.read(65536)) and len(seen) < len(answers):
            seen.append(head)
            said = answers[len(seen) - 1]
            if not said:
                break
            for half in (said[: len(said) // 2], said[len(said) // 2 :]):
                writer.write(half)
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", seen, lambda: connections
    finally:
        listening.close()


PLAIN = b'HTTP/1.1 201 Created\r\ncontent-length: 7\r\n\r\n{"a":1}'
CHUNKED = b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{"b\r\n4\r\n":2}\r\n0\r\n\r\n'


async def test_a_connection_is_kept_for_the_next_request():
    async with server(PLAIN, CHUNKED) as (url, seen, connections), client(url) as http:
        first = await http.send("POST", "/x", json={"é": 1}, headers={"idempotency-key": "k"})
        second = await http.send("GET", "/y", query={"from": "2016-05-03"})
        assert (first.status, first.good, first.json()) == (201, True, {"a": 1})
        assert (second.status, second.json()) == (200, {"b": 2})
        assert connections() == 1
    assert b"idempotency-key: k\r\n" in seen[0]
    assert seen[0].endswith('{"é":1}'.encode())
    assert seen[1].startswith(b"GET /y?from=2016-05-03 HTTP/1.1\r\n")


async def test_a_connection_that_breaks_is_lost_and_the_next_one_is_new():
    async with server(b"", PLAIN) as (url, _, connections), client(url) as http:
        with pytest.raises(Lost):
            await http.send("GET", "/x")
        assert (await http.send("GET", "/x")).status == 201
        assert connections() == 2


async def test_an_answer_that_takes_too_long_is_lost():
    async with server(PLAIN[:20]) as (url, _, _connections), client(url) as http:
        with pytest.raises(Lost):
            await http.send("GET", "/x", within=0.2)


# --- the whole ------------------------------------------------------------------------------------------


async def test_everything_is_booked_when_it_was_made_and_closed_as_it_ended(file):
    reading = read(
        file(
            line(1, made="2016-04-20 10:30:00", no_show="Yes"),
            line(2, made="2016-05-03 09:10:00"),
            line(3, made="2016-05-02 08:00:00"),
            line(4, made="2016-05-02 08:59:00", day="2016-05-04", no_show="Yes"),
        )
    )
    clinic = Clinic()
    outcome, comparison = await replay(clinic, reading)
    assert set(outcome.booked) == {"1", "2", "3", "4"}
    made = sorted((at, start) for start, _, _, at in clinic.booked.values())
    assert [(at.day, at.hour, start.day, start.hour, start.minute) for at, start in made] == [
        (20, 10, 3, 7, 0),
        (2, 8, 3, 7, 30),
        (2, 8, 4, 7, 0),
        (3, 9, 3, 10, 0),  # not at 9:30: it may have been made after that
    ]
    ended = {number: clinic.closed[str(identity)] for number, identity in outcome.booked.items()}
    assert ended == {"1": "no-show", "2": "complete", "3": "complete", "4": "no-show"}
    assert (comparison.agree, comparison.reported, comparison.counted) == (True, 0.5, 0.5)
    assert clinic.asked["slots"] == 2, "each day is asked for once"
    assert clinic.now == datetime(2016, 5, 5, 21, 30, tzinfo=ZONE)


async def test_a_slot_that_somebody_else_took_is_replaced(file):
    clinic = Clinic()
    clinic.taken_behind_our_back = set(starts(DAY)[:2])
    outcome, _ = await replay(clinic, read(file(line(1))))
    assert [start for start, *_ in clinic.booked.values()] == [starts(DAY)[2]]
    assert not outcome.skipped


async def test_one_patient_twice_a_day_gets_two_times(file):
    clinic = Clinic(practitioners=3)
    await replay(clinic, read(file(line(1, patient=5), line(2, patient=5))))
    assert len({start for start, *_ in clinic.booked.values()}) == 2


async def test_a_full_day_is_a_reason_to_skip(file):
    rows = [line(number, made="2016-05-03 20:10:00") for number in range(2)]
    outcome, _ = await replay(Clinic(), read(file(*rows)))
    assert len(outcome.booked) == 1
    assert outcome.skipped == {DAY_FULL: 1}


async def test_a_clock_that_needs_longer_is_asked_again(file):
    clinic = Clinic()
    clinic.not_settled = 3
    outcome, _ = await replay(clinic, read(file(line(1))))
    assert len(outcome.booked) == 1


async def test_the_session_is_renewed_when_the_clock_moved_past_it(file):
    clinic = Clinic()
    outcome, _ = await replay(clinic, read(file(line(1), line(2, day="2016-05-06"))))
    assert outcome.closed == 2
    assert clinic.asked["sessions"] >= 2


async def test_a_report_that_counts_otherwise_does_not_agree(file):
    clinic = Clinic()
    clinic.miscount = 1
    reading = read(file(line(1), line(2)))
    outcome, comparison = await replay(clinic, reading)
    assert not comparison.agree
    said = result.lines(reading, outcome, comparison, {"rows": []}, requests=3)
    assert any("DO NOT AGREE" in one for one in said)


def test_the_summary_names_reasons_and_channels(file):
    from devkit.replay.running import Outcome

    reading = read(file(line(1), line(2, age=-4)))
    outcome = Outcome(booked={"1": new_id()}, skipped=Counter(reading.skipped), closed=1)
    comparison = result.compare({"totals": {"rate": 0.0, "fulfilled": 1, "noshow": 0}}, reading, outcome)
    rows = [{"labels": {"channel": "whatsapp", "outcome": "delivered"}, "values": {"count": 3}}]
    text = "\n".join(result.lines(reading, outcome, comparison, {"rows": rows}, requests=5))
    assert "booked        1 of 2" in text
    assert "negative age: 1" in text
    assert "whatsapp delivered 3" in text
    assert "they agree" in text


def test_half_an_hour_fits_the_grid_of_the_day():
    grid = starts(DAY)
    assert all(later - sooner == DURATION for sooner, later in pairwise(grid))
