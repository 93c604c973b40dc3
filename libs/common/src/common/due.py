"""Due work: rows with `due_at`, claimed in batches with SKIP LOCKED, so that any number of replicas share it.

A table of due work has the columns `network_id`, `<id>`, `due_at` (NULL when nothing is left to do) and
`leased_until`. The claim is made as the worker across networks and returns ids only; the work is done as the app
role, grouped by network, and itself moves or clears `due_at`. A lease runs on wall time and is renewed while its
holder works, however long that takes: whoever dies holding one is followed by another after `lease_seconds`.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from opentelemetry.trace import SpanKind

from common import telemetry
from common.clock import Clock, wall
from common.database import Database
from common.errors import Unavailable, unavailability
from common.waiting import rung

LOOK_AGAIN_SECONDS = 1.0
GATHER_SECONDS = 0.02
"""What becomes due within this time is worked off together: a batch costs little more than one row."""


@dataclass(frozen=True)
class DueTable:
    """Where due work stands: the table and its id column (both literals of the service's code)."""

    table: str
    identity: str
    order: str = "due_at"
    """What goes first where more is due than one batch takes (columns that the worker may read)."""
    only: str = "true"
    """Which of its rows, where several loops share a table (the same columns)."""

    def claim(self) -> sa.TextClause:
        """Lease up to `:limit` due rows, soonest first."""
        return sa.text(f"""
            UPDATE {self.table} SET leased_until = :lease
            FROM (SELECT network_id, {self.identity} FROM {self.table}
                  WHERE {self.only} AND due_at <= :now AND (leased_until IS NULL OR leased_until < :wall)
                  ORDER BY {self.order} LIMIT :limit FOR UPDATE SKIP LOCKED) AS due
            WHERE {self.table}.network_id = due.network_id AND {self.table}.{self.identity} = due.{self.identity}
            RETURNING {self.table}.network_id, {self.table}.{self.identity} AS id, {self.table}.due_at,
                      {self.table}.leased_until
        """)  # noqa: S608 - names come from code, values are bound

    def renew(self) -> sa.TextClause:
        """Prolong what is still leased as in `:leases`, but for rows that somebody is changing at this moment."""
        return sa.text(f"""
            UPDATE {self.table} SET leased_until = :until
            FROM (SELECT network_id, {self.identity} FROM {self.table}
                  WHERE network_id = ANY(:networks) AND {self.identity} = ANY(:ids) AND leased_until = ANY(:leases)
                  FOR UPDATE SKIP LOCKED) AS held
            WHERE {self.table}.network_id = held.network_id AND {self.table}.{self.identity} = held.{self.identity}
        """)  # noqa: S608

    def next_due(self) -> sa.TextClause:
        """The earliest instant after `:now`, and how many are due already."""
        return sa.text(f"""
            SELECT (SELECT min(due_at) FROM {self.table} WHERE {self.only} AND due_at > :now) AS next_due,
                   (SELECT count(*) FROM {self.table} WHERE {self.only} AND due_at <= :now) AS due_now
        """)  # noqa: S608


class DueLoop:
    """Claims and hands out due work of one table until stopped.

    `work(network_id, ids)` does it; what it leaves due (because somebody was unreachable) is claimed again after
    its lease, which `release` shortens. A loop whose rows are never due at once need not look after every commit
    (`follows_commits`): it sees new ones within seconds, and after every move of the clock. While one batch waits for
    others' answers, up to `at_once` of them are in hand.
    """

    def __init__(
        self,
        name: str,
        table: DueTable,
        database: Database,
        clock: Clock,
        work: Callable[[str, Sequence[UUID]], Awaitable[None]],
        *,
        batch: int = 100,
        lease_seconds: float = 30,
        follows_commits: bool = True,
        at_once: int = 1,
    ) -> None:
        self.name = name
        self._table = table
        self._database = database
        self._clock = clock
        self._work = work
        self._batch = batch
        self._lease = timedelta(seconds=lease_seconds)
        self._claim = table.claim()
        self._renew = table.renew()
        self._next = table.next_due()
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(at_once)
        self._batches: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.in_flight = 0
        self.done = 0
        self.blocked: dict[str, str] = {}
        """Network -> who does not answer, while due work waits for somebody."""
        clock.watch(self.wake)
        if follows_commits:
            database.after_commit.append(self.wake)

    def wake(self) -> None:
        """There may be something due."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what is in flight is finished."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until stopped; what is in hand then is finished."""
        try:
            while not self._stopping:
                pause = await self._begin()
                if pause and not self._stopping:
                    await rung(self._wake, within=pause)
            await asyncio.gather(*self._batches, return_exceptions=True)
        finally:
            for batch in self._batches:
                batch.cancel()

    async def _begin(self) -> float:
        """Claim a batch and set about it as soon as there is a place for it; returns how long to wait afterwards."""
        await self._places.acquire()
        self._wake.clear()
        rows: Sequence[Any] = ()
        try:
            rows = () if self._stopping else await self._claimed()
            return 0.0 if rows else await self._pause()
        except Unavailable as error:
            telemetry.log().warning("due work waits", loop=self.name, who=error.who)
        except Exception as error:  # noqa: BLE001 - one bad claim must not stop the ones after it
            telemetry.log().error("due work failed", loop=self.name, error=telemetry.where(error))
        finally:
            if rows:
                batch = asyncio.create_task(self._work_off(rows))
                self._batches.add(batch)
                batch.add_done_callback(self._finished)
            else:
                self._places.release()
        return LOOK_AGAIN_SECONDS

    def _finished(self, batch: asyncio.Task[None]) -> None:
        self._batches.discard(batch)
        self._places.release()
        if not batch.cancelled() and (error := batch.exception()) is not None:
            telemetry.log().error("due work failed", loop=self.name, error=telemetry.where(error))

    async def step(self) -> int:
        """Claim one batch and do it; returns how many rows it claimed."""
        rows = await self._claimed()
        await self._work_off(rows)
        return len(rows)

    async def _claimed(self) -> Sequence[Any]:
        now = self._clock.now()
        async with self._database.claiming() as tx:
            rows = (
                await tx.execute(
                    self._claim,
                    {"now": now, "wall": wall(), "lease": wall() + self._lease, "limit": self._batch},
                )
            ).all()
        for row in rows:
            telemetry.DUE_LATENESS.labels(loop=self.name).observe(
                max(0.0, (now - row.due_at).total_seconds())
            )
        return rows

    async def _work_off(self, rows: Sequence[Any]) -> None:
        waiting: dict[str, list[UUID]] = defaultdict(list)
        for row in rows:
            waiting[row.network_id].append(row.id)
        self.in_flight += len(rows)
        try:
            async with self._holding(waiting, {row.leased_until for row in rows}):
                for network_id in list(waiting):
                    await self._do(network_id, waiting[network_id])
                    del waiting[network_id]
        finally:
            self.in_flight -= len(rows)
            self.done += len(rows)

    @contextlib.asynccontextmanager
    async def _holding(
        self, waiting: Mapping[str, Sequence[UUID]], leases: Collection[datetime]
    ) -> AsyncIterator[None]:
        """Nobody else claims what still waits to be done. What the work itself has released or put off stays so."""
        done = asyncio.Event()
        renewing = asyncio.create_task(self._keep(waiting, leases, done))
        try:
            yield
        finally:
            done.set()
            await renewing

    async def _keep(
        self, waiting: Mapping[str, Sequence[UUID]], leases: Collection[datetime], done: asyncio.Event
    ) -> None:
        """Renew three times as often as a lease needs it: a database that is away for a moment costs none."""
        given = list(leases)
        while True:
            if await rung(done, within=self._lease.total_seconds() / 3):
                return
            until = wall() + self._lease
            given.append(until)
            ids = [one for each in waiting.values() for one in each]
            held = {"networks": list(waiting), "ids": ids, "leases": given, "until": until}
            try:
                async with self._database.claiming() as tx:
                    await tx.execute(self._renew, held)
            except Exception as error:  # noqa: BLE001 - the work goes on, and the next renewal may succeed
                telemetry.log().warning("lease not renewed", loop=self.name, error=telemetry.where(error))

    async def _do(self, network_id: str, ids: Sequence[UUID]) -> None:
        try:
            with telemetry.span(f"due {self.name}", SpanKind.INTERNAL, network=network_id):
                await self._work(network_id, ids)
            self.blocked.pop(network_id, None)
        except Exception as error:  # noqa: BLE001 - the other networks' work goes on
            away = unavailability(error)
            if away is None:
                telemetry.log().error(
                    "due work failed", loop=self.name, network=network_id, error=telemetry.where(error)
                )
                return
            telemetry.log().info(
                "due work waits for somebody", loop=self.name, network=network_id, who=away.who
            )
            self.blocked[network_id] = away.who
            await self.release(network_id, ids, after=timedelta(seconds=LOOK_AGAIN_SECONDS))

    async def release(self, network_id: str, ids: Sequence[UUID], *, after: timedelta) -> None:
        """Give leased rows back, to be claimed again after a while of wall time."""
        async with self._database.claiming() as tx:
            await tx.execute(
                sa.text(
                    f"UPDATE {self._table.table} SET leased_until = :until"  # noqa: S608
                    f" WHERE network_id = :network AND {self._table.identity} = ANY(:ids)"
                ),
                {"until": wall() + after, "network": network_id, "ids": list(ids)},
            )

    async def outlook(self) -> tuple[datetime | None, int]:
        """The next due instant after now, and how many rows are due now."""
        async with self._database.claiming() as tx:
            row = (await tx.execute(self._next, {"now": self._clock.now()})).one()
        return row.next_due, row.due_now

    async def _pause(self) -> float:
        next_due, due_now = await self.outlook()
        if due_now:
            return 0.2  # leased by somebody else, or just released
        if next_due is None:
            return LOOK_AGAIN_SECONDS * 5
        return min(self._clock.seconds_until(next_due) + GATHER_SECONDS, LOOK_AGAIN_SECONDS * 5)
