"""What the database layer promises."""

import asyncio
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy.ext.asyncio import AsyncConnection

from common import due, outbox
from common.clock import Clock, wall
from common.contracts.messages import Done
from common.database import AlreadyApplied, Database
from common.due import DueLoop, DueTable
from common.encoding import to_text
from common.errors import CommandReused, Refused, Unavailable
from common.ids import new_id
from common.sealed import Sealer
from common.statements import SCOPE, Statement
from common.testing import PATIENCE, START
from devkit.embedded.ports import free

from .conftest import Mark, Marked, labels, put_mark


async def test_a_network_neither_sees_nor_writes_the_rows_of_another(database: Database) -> None:
    async with database.transaction("alpha") as tx:
        await put_mark(tx, "alpha", "ours")
    assert await labels(database, "beta") == []
    with pytest.raises(sa.exc.DBAPIError, match="row-level security"):
        async with database.transaction("beta") as tx:
            await put_mark(tx, "alpha", "smuggled")
    assert await labels(database, "alpha") == ["ours"]


async def test_without_a_network_there_are_no_rows(database: Database) -> None:
    async with database.transaction("alpha") as tx:
        await put_mark(tx, "alpha", "ours")
    async with database.unscoped() as tx:
        assert (await tx.execute(sa.text("SELECT count(*) FROM marks"))).scalar_one() == 0


LABELS = Statement(
    f"WITH {SCOPE} SELECT found.label FROM scope,"
    " LATERAL (SELECT label FROM marks WHERE network_id = scope.network_id ORDER BY label OFFSET 0) AS found"
)
PUT = Statement(
    f"WITH {SCOPE} INSERT INTO marks (network_id, mark_id, label) SELECT :whose, :id, :label FROM scope"
)


async def test_a_statement_alone_sees_and_writes_the_rows_of_its_own_network(database: Database) -> None:
    run = database.statements.rows
    for network in ("alpha", "beta"):
        await run(PUT, {"network": network, "whose": network, "id": new_id(), "label": f"of {network}"})
    assert [row.label for row in await run(LABELS, {"network": "beta"})] == ["of beta"]
    with pytest.raises(asyncpg.PostgresError, match="row-level security"):
        await run(PUT, {"network": "beta", "whose": "alpha", "id": new_id(), "label": "smuggled"})
    assert [row.label for row in await run(LABELS, {"network": "alpha"})] == ["of alpha"]


async def test_a_statement_alone_leaves_no_network_behind_for_the_next(database: Database) -> None:
    await database.statements.rows(LABELS, {"network": "alpha"})
    told = Statement("SELECT current_setting('app.network', true) AS network")
    assert [row.network or None for row in await database.statements.rows(told, {})] == [None]


async def test_a_database_that_is_not_there_is_unavailable_to_a_statement_too() -> None:
    [port] = free(1)
    away = Database(f"postgresql+asyncpg://nobody:x@127.0.0.1:{port}/nothing")
    with pytest.raises(Unavailable):
        await away.statements.rows(LABELS, {"network": "alpha"})
    await away.dispose()


async def test_the_worker_sees_when_rows_are_due_and_nothing_else(database: Database) -> None:
    async with database.transaction("alpha") as tx:
        await put_mark(tx, "alpha", "secret", START)
    async with database.claiming() as tx:
        assert (await tx.execute(sa.text("SELECT count(due_at) FROM marks"))).scalar_one() == 1
    with pytest.raises(sa.exc.DBAPIError, match="permission denied"):
        async with database.claiming() as tx:
            await tx.execute(sa.text("SELECT label FROM marks"))


async def test_an_event_is_applied_once_however_often_it_comes(database: Database) -> None:
    event = Marked(network_id="alpha", occurred_at=START, version=1, label="x")
    for _ in range(2):
        try:
            async with database.applying(event, "toy-reader") as tx:
                await put_mark(tx, "alpha", event.label)
        except AlreadyApplied:
            pass
    assert await labels(database, "alpha") == ["x"]


async def test_two_deliveries_at_once_apply_an_event_once(database: Database) -> None:
    event = Marked(network_id="alpha", occurred_at=START, version=1, label="x")

    async def deliver() -> bool:
        try:
            async with database.applying(event, "toy-reader") as tx:
                await put_mark(tx, "alpha", event.label)
                await asyncio.sleep(0.01)
        except AlreadyApplied:
            return False
        return True

    assert sorted(await asyncio.gather(*(deliver() for _ in range(8)))) == [False] * 7 + [True]
    assert await labels(database, "alpha") == ["x"]


async def test_a_repeated_command_is_answered_the_same_and_done_once(database: Database) -> None:
    command = Mark(label="x")

    async def work(tx: AsyncConnection) -> Done:
        await put_mark(tx, "alpha", command.label)
        return Done(version=7)

    answers = await asyncio.gather(*(database.once(command, "alpha", work) for _ in range(5)))
    assert {answer.version for answer in answers} == {7}
    assert await labels(database, "alpha") == ["x"]
    with pytest.raises(CommandReused):
        await database.once(Mark(command_id=command.command_id, label="y"), "alpha", work)


async def test_a_refused_command_is_decided_anew(database: Database) -> None:
    command, full = Mark(label="x"), True

    async def work(tx: AsyncConnection) -> Done:
        if full:
            raise Refused("no room", code="full")
        await put_mark(tx, "alpha", command.label)
        return Done(version=1)

    with pytest.raises(Refused, match="no room"):
        await database.once(command, "alpha", work)
    full = False
    assert (await database.once(command, "alpha", work)).version == 1


async def test_replicas_share_due_work_and_none_of_it_is_done_twice(database: Database, clock: Clock) -> None:
    async with database.transaction("alpha") as tx:
        for number in range(60):
            await put_mark(tx, "alpha", f"{number:02}", START - timedelta(seconds=number))
    done: list[object] = []

    async def work(network_id: str, ids: Sequence[UUID]) -> None:
        done.extend(ids)
        async with database.transaction(network_id) as tx:
            await tx.execute(
                sa.text("UPDATE marks SET due_at = NULL WHERE mark_id = ANY(:ids)"), {"ids": list(ids)}
            )

    loops = [DueLoop("marks", DueTable("marks", "mark_id"), database, clock, work, batch=7) for _ in range(3)]
    while any(await asyncio.gather(*(loop.step() for loop in loops))):
        pass
    assert len(done) == len(set(done)) == 60


async def test_work_whose_holder_died_is_claimed_again_after_its_lease(
    database: Database, clock: Clock
) -> None:
    async with database.transaction("alpha") as tx:
        await put_mark(tx, "alpha", "x", START)
    calls = []

    async def work(network_id: str, ids: Sequence[UUID]) -> None:
        calls.append(ids)  # and never clears due_at, as if it had died

    loop = DueLoop("marks", DueTable("marks", "mark_id"), database, clock, work, lease_seconds=30)
    assert await loop.step() == 1
    assert await loop.step() == 0
    async with database.transaction("alpha") as tx:
        await tx.execute(sa.text("UPDATE marks SET leased_until = now()"))
    assert await loop.step() == 1
    assert await loop.outlook() == (None, 1)


async def test_work_that_takes_longer_than_its_lease_is_done_by_nobody_else_meanwhile(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for network_id in ("alpha", "beta"):
        async with database.transaction(network_id) as tx:
            await put_mark(tx, network_id, "x", START)
    long_enough, done = asyncio.Event(), []
    now = START

    async def work(network_id: str, ids: Sequence[UUID]) -> None:
        await long_enough.wait()
        done.append(network_id)
        async with database.transaction(network_id) as tx:
            await tx.execute(
                sa.text("UPDATE marks SET due_at = NULL WHERE mark_id = ANY(:ids)"), {"ids": ids}
            )

    async def leased() -> set[datetime | None]:
        found = set()
        for network_id in ("alpha", "beta"):
            async with database.reading(network_id) as tx:
                found |= set((await tx.execute(sa.text("SELECT leased_until FROM marks"))).scalars())
        return found

    monkeypatch.setattr(due, "wall", lambda: now)
    lease = timedelta(seconds=0.6)
    slow, other = (
        DueLoop("marks", DueTable("marks", "mark_id"), database, clock, work, lease_seconds=0.6)
        for _ in range(2)
    )
    working = asyncio.create_task(slow.step())
    claimed = 0
    # The wall goes on once the lease is renewed, so that a machine that stands still costs none.
    for _ in range(4):
        async with asyncio.timeout(PATIENCE):
            while await leased() != {now + lease}:  # noqa: ASYNC110 - what is waited for is in the database
                await asyncio.sleep(0.02)
        now += lease * 0.9
        claimed += await other.step()
    long_enough.set()
    assert await working == 2
    assert claimed == 0
    assert sorted(done) == ["alpha", "beta"]


async def test_what_the_work_itself_gave_back_is_not_leased_again_for_it(
    database: Database, clock: Clock
) -> None:
    async with database.transaction("alpha") as tx:
        await put_mark(tx, "alpha", "x", START)
    soon = wall() + timedelta(seconds=1)

    async def work(network_id: str, ids: Sequence[UUID]) -> None:
        async with database.transaction(network_id) as tx:
            await tx.execute(sa.text("UPDATE marks SET leased_until = :soon"), {"soon": soon})
        await asyncio.sleep(0.3)

    loop = DueLoop("marks", DueTable("marks", "mark_id"), database, clock, work, lease_seconds=0.3)
    await loop.step()
    async with database.transaction("alpha") as tx:
        assert (await tx.execute(sa.text("SELECT leased_until FROM marks"))).scalar_one() == soon


async def test_nothing_sealed_can_be_read_once_the_patients_key_is_dropped(database: Database) -> None:
    sealer, patient, other = Sealer(to_text(b"k" * 32)), new_id(), new_id()
    async with database.transaction("alpha") as tx:
        seals = await sealer.of_many(tx, "alpha", [patient, other])
        closed = seals[patient].close({"phone": "+77010000000"}, about="contact")
        assert b"7701" not in closed
        assert seals[patient].open(closed, about="contact") == {"phone": "+77010000000"}
        with pytest.raises(InvalidTag):
            seals[patient].open(closed, about="note")
        with pytest.raises(InvalidTag):
            seals[other].open(closed, about="contact")
        await sealer.drop(tx, "alpha", patient)
    async with database.transaction("alpha") as tx:
        assert list(await sealer.existing(tx, "alpha", [patient, other])) == [other]
        with pytest.raises(InvalidTag):
            (await sealer.of(tx, "alpha", patient)).open(closed, about="contact")


def test_a_keyed_index_differs_between_networks_and_keys() -> None:
    first, second = Sealer(to_text(b"a" * 32)), Sealer(to_text(b"b" * 32))
    assert first.index("alpha", "+7701") == first.index("alpha", "+7701")
    assert (
        len({first.index("alpha", "+7701"), first.index("beta", "+7701"), second.index("alpha", "+7701")})
        == 3
    )


async def test_only_a_transaction_that_tells_something_wakes_the_relay(database: Database) -> None:
    woken: list[str] = []
    database.after_commit.append(lambda: woken.append("loops"))
    database.after_telling.append(lambda: woken.append("relay"))
    async with database.transaction("net"):
        pass
    assert woken == ["loops"]
    async with database.transaction("net") as tx:
        await outbox.record(tx, Marked(network_id="net", occurred_at=START, version=1, label="x"))
    assert woken == ["loops", "loops", "relay"]


async def test_a_server_that_does_not_answer_a_connection_in_time_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+asyncpg://somebody:secret@127.0.0.1:{silent.getsockname()[1]}/marks"
        database = Database(url)
        with pytest.raises(Unavailable, match="database"):
            await database.ping()
        await database.dispose()
