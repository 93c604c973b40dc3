"""What requests, events and the outbox promise, on a real NATS."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from nats.js import JetStreamContext

from common import delivery, outbox, rpc, streams
from common.bus import Bus
from common.caller import Caller, Signer, Verifier, system
from common.contracts.messages import Done
from common.database import Database
from common.delivery import Consumption, Heard, Readers
from common.errors import NotAllowed, Refused, Unavailable
from common.rpc import Answers, Asks
from common.testing import PATIENCE, START, Answering, Keys, caller
from devkit.embedded import EmbeddedNats
from devkit.embedded.ports import free

from .conftest import CountMarks, Mark, Marked, labels, put_mark

STREAM = streams.Stream("toy")


def event(label: str, network_id: str = "alpha") -> Marked:
    return Marked(network_id=network_id, occurred_at=START, version=1, label=label)


async def record(database: Database, *events: Marked) -> None:
    async with database.transaction("alpha") as tx:
        await outbox.record(tx, *events)


@asynccontextmanager
async def relaying(database: Database, bus: Bus) -> AsyncIterator[outbox.Relay]:
    relay = outbox.Relay(database.engine, bus, STREAM)
    database.after_commit.append(relay.wake)
    task = asyncio.create_task(relay.run())
    yield relay
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def drained(database: Database) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            async with database.unscoped() as tx:
                if await outbox.waiting(tx) == 0:
                    return
            await asyncio.sleep(0.02)


async def until(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.02)


# --- requests -------------------------------------------------------------------------------------------


async def test_a_request_is_answered_to_the_caller_who_signed_it(answering: Answering, asks: Asks) -> None:
    answers = Answers[list[Caller]]()
    seen: list[Caller] = []

    @answers.to(CountMarks)
    async def count(_: CountMarks, who: Caller, parts: list[Caller]) -> Done:
        parts.append(who)
        return Done(version=3)

    async with answering(answers, seen):
        assert (await asks.ask(CountMarks(), caller=caller("alpha", "staff:1"))).version == 3
    assert seen == [caller("alpha", "staff:1")]


async def test_a_refusal_arrives_with_its_code_and_what_would_be_possible(
    answering: Answering, asks: Asks
) -> None:
    answers = Answers[None]()

    @answers.to(CountMarks)
    async def refuse(_: CountMarks, __: Caller, ___: None) -> Done:
        raise Refused("No room here", code="full", alternatives=["b"])

    async with answering(answers, None):
        with pytest.raises(Refused) as refusal:
            await asks.ask(CountMarks(), caller=caller("alpha"))
    assert (refusal.value.refusal, refusal.value.extra) == ("full", {"alternatives": ["b"]})


async def test_whoever_is_cancelled_while_flushing_leaves_the_others_hearing(
    answering: Answering, asks: Asks, bus: Bus
) -> None:
    for _ in range(20):
        flushing = asyncio.create_task(bus.flush())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        flushing.cancel()
    await asyncio.sleep(0.1)
    with pytest.raises(Unavailable, match="nobody answers"):
        await asks.ask(CountMarks(), caller=caller("alpha"))


async def test_nobody_listening_is_known_at_once(asks: Asks) -> None:
    with pytest.raises(Unavailable, match="nobody answers"):
        await asks.ask(CountMarks(), caller=caller("alpha"))


async def test_a_bug_is_answered_without_its_text(answering: Answering, asks: Asks) -> None:
    answers = Answers[None]()

    @answers.to(CountMarks)
    async def fail(_: CountMarks, __: Caller, ___: None) -> Done:
        raise ZeroDivisionError("Ivan Petrov")

    async with answering(answers, None):
        with pytest.raises(Refused) as refusal:
            await asks.ask(CountMarks(), caller=caller("alpha"))
    assert refusal.value.refusal == "internal-error"
    assert "Ivan" not in refusal.value.detail


async def test_slow_answers_do_not_hold_up_the_others(answering: Answering, asks: Asks) -> None:
    answers, gate, running = Answers[None](), asyncio.Event(), 0

    @answers.to(CountMarks)
    async def slow(_: CountMarks, __: Caller, ___: None) -> Done:
        nonlocal running
        running += 1
        if running == 10:
            gate.set()
        await gate.wait()
        return Done(version=1)

    async with answering(answers, None):
        await asyncio.gather(*(asks.ask(CountMarks(), caller=caller("alpha")) for _ in range(10)))


async def test_a_forged_or_overreaching_context_is_refused(keys: Keys) -> None:
    verifier = keys.verifier()
    assert verifier.verify(keys.signer("recall").sign(system("recall", "alpha"))).actor == "system:recall"
    forger = Signer("gateway", keys.private["recall"])
    for token in (
        forger.sign(caller("alpha", "staff:1")),
        keys.signer("recall").sign(caller("alpha", "staff:1")),
        keys.signer("recall").sign(caller("alpha", "patient-by-reply")),
        keys.signer("recall").sign(system("booking", "alpha")),
        "rubbish",
        "",
    ):
        with pytest.raises(NotAllowed):
            verifier.verify(token)
    assert verifier.verify(keys.signer("notifications").sign(caller("alpha", "patient-by-reply"))).is_patient
    assert Verifier(keys.public).verify(keys.signer("gateway").sign(caller("alpha"))).network_id == "alpha"


# --- outbox ---------------------------------------------------------------------------------------------


async def stored(bus: Bus) -> list[str]:
    js = await bus.jetstream()
    info = await js.stream_info(STREAM.name)
    held = [
        await js.get_msg(STREAM.name, seq=seq) for seq in range(info.state.first_seq, info.state.last_seq + 1)
    ]
    return [Marked.model_validate_json(message.data or b"").label for message in held]


async def test_what_was_committed_is_published_and_what_was_rolled_back_is_not(
    database: Database, bus: Bus
) -> None:
    async def fail() -> None:
        async with database.transaction("alpha") as tx:
            await outbox.record(tx, event("lost"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with relaying(database, bus):
        await record(database, *(event(f"{number}") for number in range(1200)))
        await drained(database)
    assert await stored(bus) == [f"{number}" for number in range(1200)]


async def test_losing_the_stream_loses_nothing(database: Database, bus: Bus) -> None:
    async with relaying(database, bus) as relay:
        await record(database, event("before"))
        await drained(database)
        js = await bus.jetstream()
        await js.delete_stream(STREAM.name)
        await record(database, event("after"))
        await drained(database)

        async def both() -> bool:
            return sorted(await stored(bus)) == ["after", "before"] and relay.published >= 3

        await until(both)


async def test_a_stream_that_answers_but_stores_nothing_any_more_is_made_anew(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when its store was deleted under the running server, and its first block is full."""
    monkeypatch.setattr(outbox, "ACKNOWLEDGE_SECONDS", 1.0)
    server = EmbeddedNats(tmp_path / "nats", port=free(1)[0], password="tests", log=tmp_path / "nats.log")
    server.start()
    bus = Bus(server.url, "tests")
    await bus.connect()
    try:
        async with relaying(database, bus):
            await record(database, event("before"))
            await drained(database)
            server.store.rename(tmp_path / "gone")
            labels = [f"{number}" + "x" * 30_000 for number in range(600)]
            await record(database, *(event(label) for label in labels))
            await drained(database)
            assert set(await stored(bus)) == {"before", *labels}
    finally:
        await bus.close()
        server.stop()


async def test_a_stream_that_lost_its_end_and_was_written_to_since_is_noticed(
    database: Database, bus: Bus
) -> None:
    async with relaying(database, bus) as relay:
        await record(database, event("1"), event("2"))
        await drained(database)
        js = await bus.jetstream()
        await js.delete_msg(STREAM.name, 2)
        relay.connection_changed()
        await record(database, event("3"))
        await drained(database)

        async def republished() -> bool:
            async with database.unscoped() as tx:
                return await outbox.waiting(tx) == 0 and relay.published >= 5

        await until(republished)


async def test_a_lost_end_is_noticed_though_more_was_acknowledged_than_the_stream_holds_now(
    database: Database, bus: Bus, js: JetStreamContext
) -> None:
    async with relaying(database, bus) as relay:
        await record(database, event("1"), event("2"), event("3"))
        await drained(database)
        await js.delete_msg(STREAM.name, 2)
        async with database.unscoped() as tx:
            await tx.execute(sa.text("UPDATE outbox SET stream_seq = 9 WHERE stream_seq = 3"))
        relay.connection_changed()

        async def all_again() -> bool:
            return relay.published == 6

        await until(all_again)


async def test_a_connection_that_changes_while_the_relay_looks_is_not_forgotten(
    database: Database, bus: Bus, js: JetStreamContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = outbox.Relay._is_another

    async def look_while_it_changes(relay: outbox.Relay, *about: Any) -> bool:
        another = await look(relay, *about)
        relay.connection_changed()
        return another

    async with relaying(database, bus) as relay:
        await record(database, event("1"), event("2"))
        await drained(database)
        await js.delete_msg(STREAM.name, 2)
        monkeypatch.setattr(outbox.Relay, "_is_another", look_while_it_changes)

        async def again() -> bool:
            return relay.published >= 4

        await until(again)


async def test_only_one_relay_publishes_at_a_time(database: Database, bus: Bus) -> None:
    async with relaying(database, bus) as first, relaying(database, bus) as second:
        await record(database, *(event(f"{number}") for number in range(50)))

        async def all_of_them() -> bool:
            return first.published + second.published == 50

        await until(all_of_them)
        assert 0 in (first.published, second.published)


async def test_a_relay_that_is_woken_as_it_is_told_to_stop_stops(database: Database, bus: Bus) -> None:
    relay = outbox.Relay(database.engine, bus, STREAM)
    task = asyncio.create_task(relay.run())
    await record(database, event("1"))
    await drained(database)
    await asyncio.sleep(0.2)  # by now it waits for more
    relay.wake()
    task.cancel()
    stopped, _ = await asyncio.wait({task}, timeout=20)
    task.cancel()
    assert stopped


# --- events ---------------------------------------------------------------------------------------------


@asynccontextmanager
async def consuming(readers: Readers[Any], database: Database, bus: Bus, url: str) -> AsyncIterator[Any]:
    consumption = Consumption(
        url, "toy", bus, database, readers, database,
        development=True, shutdown_seconds=5, stream=streams.Stream,
    )  # fmt: skip
    await consumption.start()
    yield consumption
    await consumption.stop()


async def publish(bus: Bus, *events: Marked) -> None:
    js = await bus.jetstream()
    await streams.declare(js, STREAM)
    for one in events:
        await js.publish(
            one.subject, one.model_dump_json().encode(), headers={"Nats-Msg-Id": str(one.event_id)}
        )


async def test_events_published_before_and_after_the_start_are_applied_once(
    database: Database, bus: Bus, nats_server: Any
) -> None:
    readers = Readers[Database]()

    @readers.of(Marked, durable="toy-marks")
    async def mark(one: Marked, parts: Database) -> None:
        async with parts.applying(one, "toy-marks") as tx:
            await put_mark(tx, one.network_id, one.label)

    await publish(bus, event("a"))
    async with consuming(readers, database, bus, nats_server.url) as consumption:
        twice = event("b")
        await publish(bus, twice)
        await marked(database, "a", "b")
        assert (
            await consumption.applying.apply(
                readers.readers[0], twice.subject, twice.model_dump_json().encode(), {}, 2
            )
            == "repeated"
        )
        assert await labels(database, "alpha") == ["a", "b"]


async def test_events_that_wait_are_applied_together_and_one_by_one_where_one_of_them_fails(
    database: Database, bus: Bus, nats_server: Any
) -> None:
    readers, sizes = Readers[Database](), []

    @readers.together(Marked, durable="toy-marks")
    async def mark(heard: Sequence[Heard[Marked]], parts: Database) -> None:
        sizes.append(len(heard))
        async with parts.applying_together([one.event for one in heard], "toy-marks") as (tx, fresh):
            for one in heard:
                if one.event.label == "bug":
                    raise ZeroDivisionError
                if one.event.event_id in fresh:
                    await put_mark(tx, one.event.network_id, one.event.label)

    twice, elsewhere = event("b"), event("c").model_copy(update={"network_id": "beta"})
    await publish(bus, event("a"), twice, elsewhere)
    async with consuming(readers, database, bus, nats_server.url) as consumption:
        await marked(database, "a", "b")
        await marked(database, "c", network_id="beta")
        assert sorted(sizes) == [1, 2]
        outcome = await consumption.applying.apply(
            readers.readers[0], twice.subject, twice.model_dump_json().encode(), {}, 2
        )
        assert outcome == "repeated"
        await publish(bus, event("bug"), event("d"), event("e"))
        await marked(database, "a", "b", "d", "e")
        await until(lambda: _buried(database))
        await until(lambda: _read_all(consumption))


async def marked(database: Database, *expected: str, network_id: str = "alpha") -> None:
    """These were read, whatever the server says of what is unread: it hears later of an event than its publisher."""

    async def exactly() -> bool:
        return await labels(database, network_id) == sorted(expected)

    await until(exactly)


async def _buried(database: Database) -> bool:
    async with database.unscoped() as tx:
        return bool((await tx.execute(sa.text("SELECT count(*) FROM dead_letters"))).scalar_one() == 1)


async def _read_all(consumption: Consumption[Any]) -> bool:
    return await consumption.unread() == 0


async def test_an_unreachable_service_delays_an_event_and_a_bug_buries_it_where_it_can_be_replayed(
    database: Database, bus: Bus, nats_server: Any
) -> None:
    readers, tries, mended = Readers[Database](), 0, False

    @readers.of(Marked, durable="toy-marks")
    async def mark(one: Marked, parts: Database) -> None:
        nonlocal tries
        tries += 1
        if one.label == "waits" and tries < 3:
            raise Unavailable("somebody")
        if one.label == "bug" and not mended:
            raise ZeroDivisionError
        async with parts.applying(one, "toy-marks") as tx:
            await put_mark(tx, one.network_id, one.label)

    async with consuming(readers, database, bus, nats_server.url) as consumption:
        await publish(bus, event("waits"))
        await marked(database, "waits")
        await publish(bus, event("bug"), event("fine"))
        await marked(database, "fine", "waits")
        await until(lambda: _buried(database))
        async with database.unscoped() as tx:
            buried = (await tx.execute(sa.text("SELECT attempts, error FROM dead_letters"))).one()
            assert buried.attempts == delivery.ATTEMPTS
            assert buried.error.startswith("ZeroDivisionError at test_bus.py")
            await tx.execute(sa.text("UPDATE dead_letters SET replay_requested_at = now()"))
        mended = True
        assert await consumption.applying.replay_requested() == 1
    assert await labels(database, "alpha") == ["bug", "fine", "waits"]


async def test_readers_go_on_after_the_streams_were_deleted(
    database: Database, bus: Bus, nats_server: Any
) -> None:
    readers = Readers[Database]()

    @readers.of(Marked, durable="toy-marks")
    async def mark(one: Marked, parts: Database) -> None:
        async with parts.applying(one, "toy-marks") as tx:
            await put_mark(tx, one.network_id, one.label)

    async with consuming(readers, database, bus, nats_server.url) as consumption:
        await publish(bus, event("a"))
        await marked(database, "a")
        js = await bus.jetstream()
        await js.delete_stream(STREAM.name)
        await consumption.declare()
        await publish(bus, event("b"))
        await marked(database, "a", "b")


async def test_a_consumer_that_is_not_what_the_code_declares_is_an_error(bus: Bus) -> None:
    js = await bus.jetstream()
    await streams.declare_durable(js, streams.Durable("toy-marks", STREAM, (Marked.subject,)))
    await streams.declare_durable(js, streams.Durable("toy-marks", STREAM, (Marked.subject,)))
    with pytest.raises(streams.Drift, match="filter_subjects"):
        await streams.declare_durable(js, streams.Durable("toy-marks", STREAM, ("toy.event.other.v1",)))
    with pytest.raises(streams.Drift, match="max_age"):
        await streams.declare(js, streams.Stream("toy", max_age_days=1))


def test_one_durable_reads_one_owner() -> None:
    from common.contracts.booking import AppointmentBooked

    with pytest.raises(ValueError, match="one owner"):
        Readers[None]().of(Marked, AppointmentBooked, durable="mixed")


def test_a_subject_is_answered_once() -> None:
    answers = rpc.Answers[None]()

    async def answer(_: Mark, __: Caller, ___: None) -> Done:
        return Done(version=1)

    answers.to(Mark)(answer)
    with pytest.raises(ValueError, match="twice"):
        answers.to(Mark)(answer)
