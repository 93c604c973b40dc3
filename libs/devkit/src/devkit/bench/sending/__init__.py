"""From due to handed over: what sending does in a second, stage by stage, and procrastinate beside it."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from common.due import DueLoop, DueTable
from devkit.bench.results import Result
from devkit.bench.sending import beside, owners, planning, table
from devkit.bench.sending.replicas import Report, sending, until_none_is_due
from devkit.bench.sending.servers import Servers, served
from notifications.workers import BATCH

DUE = 100_000
ALONE = 30_000
"""Of them, by one process; the rest is shared by two."""
A_SECOND = 300
SECONDS = 20
WARMING_UP = 200
"""Messages that a process has sent before it is measured: the first ones load calendars and texts."""
CAMPAIGN = 50_000
WRITING = timedelta(seconds=10)
"""Until then whatever falls due later is written."""


async def measure(*, size: int = table.MESSAGES, due: int = DUE) -> list[Result]:
    """All of it, on servers of its own."""
    async with served() as servers:
        clinic = owners.Clinic()
        async with owners.answering(servers, clinic):
            with tempfile.TemporaryDirectory(prefix="vinculo-bench-reports-") as folder:
                planned = await planning.measure(servers, clinic)
                async with servers.connected() as connection:
                    await table.fill(connection, size - due, later=timedelta(days=1))
                    await _warmed_up(servers, Path(folder))
                    await table.due(connection, due, table.sealer(servers))
                    await connection.execute("VACUUM ANALYZE")
                return [
                    *planned,
                    await _claiming(servers),
                    *await _handing_over(servers, Path(folder), due, min(ALONE, due // 3)),
                    await _punctual(servers, Path(folder)),
                    *await _lanes(servers, Path(folder), min(CAMPAIGN, due // 2)),
                ]


async def _warmed_up(servers: Servers, folder: Path) -> None:
    """Some have been sent before: PostgreSQL knows what its tables hold, as it does after the first minute of a day."""
    async with sending(servers, folder, "warm"), servers.connected() as connection:
        await table.due(connection, WARMING_UP, table.sealer(servers))
        await until_none_is_due(servers)


async def _claiming(servers: Servers) -> Result:
    """Leases alone, given back afterwards."""
    settings = planning.settings(servers)
    parts, close = await planning.connected(settings)
    claimed = 0

    async def nothing(network_id: str, ids: Sequence[UUID]) -> None:
        del network_id, ids

    try:
        loop = DueLoop(
            "claim", DueTable("messages", "message_id", only="lane = 1"), parts.database, parts.clock, nothing,
            batch=BATCH,
        )  # fmt: skip
        started = time.perf_counter()
        while claimed < ALONE and (more := await loop.step()):
            claimed += more
        rate = claimed / (time.perf_counter() - started)
    finally:
        await close()
    async with servers.connected() as connection:
        await connection.execute("UPDATE messages SET leased_until = NULL WHERE leased_until IS NOT NULL")
        await connection.execute("VACUUM ANALYZE messages")
    return Result("sending: claiming", rate, "messages/s", notes=f"{BATCH} at a time, by one process")


async def _handing_over(servers: Servers, folder: Path, due: int, alone: int) -> list[Result]:
    began = datetime.now(UTC)
    async with sending(servers, folder, "first") as first:
        await until_none_is_due(servers, left=due - alone)
        joined = time.time()
        async with sending(servers, folder, "second") as second:
            together = time.time()
            await until_none_is_due(servers)
    assert first.report is not None
    assert second.report is not None
    both = sorted(first.report.handed + second.report.handed, key=lambda one: one[1])
    await _each_once(servers, [reference for reference, _ in both], since=began)
    one = _rate([at for _, at in first.report.handed if at < joined])
    two = _rate([at for _, at in both if at > together])
    cpu = (first.report.cpu + second.report.cpu) / len(both) * 1000
    same, nothing = await beside.doing_the_same(servers), await beside.doing_nothing(servers, due)
    return [
        _beside("sending: due to handed over, one process", one, same, "that do the same", f"{cpu:.2f} ms of its CPU for each"),
        _beside("sending: due to handed over, two processes", two, same, "that do the same", f"{len(both):,} once each"),
        _beside("sending: due to handed over, one process", one, nothing, "that do nothing", "which claims and is told, no more"),
    ]  # fmt: skip


def _beside(what: str, rate: float, peer: float | None, jobs: str, notes: str) -> Result:
    if peer is None:
        return Result(
            what, rate, "messages/s", notes=f"{notes}; {beside.PEER} cannot be had (requirements/bench.txt)"
        )
    return Result(what, rate, "messages/s", peer, f"jobs/s of {beside.PEER} {jobs}", notes)


def _rate(instants: Sequence[float]) -> float:
    return (len(instants) - 1) / (instants[-1] - instants[0]) if len(instants) > 1 else 0.0


async def _each_once(servers: Servers, references: Sequence[str], *, since: datetime) -> None:
    """What was handed over are the attempts that were recorded, and each message has one."""
    async with servers.connected() as connection:
        recorded = await connection.fetch(
            "SELECT attempt_id::text, message_id FROM attempts WHERE at >= $1", since
        )
    assert sorted(references) == sorted(one["attempt_id"] for one in recorded), "handed over but not recorded"
    assert len({one["message_id"] for one in recorded}) == len(recorded), "a message went out twice"


async def _punctual(servers: Servers, folder: Path) -> Result:
    """As they become due evenly, how late each is handed over."""
    async with sending(servers, folder, "punctual") as replica:
        async with servers.connected() as connection:
            await table.due(connection, WARMING_UP, table.sealer(servers))
            await until_none_is_due(servers)
            began = datetime.now(UTC)
            await table.due(
                connection, A_SECOND * SECONDS, table.sealer(servers), per_second=A_SECOND,
                since=timedelta(seconds=3),
            )  # fmt: skip
        await asyncio.sleep(WRITING.total_seconds() + SECONDS)
        await until_none_is_due(servers)
    assert replica.report is not None
    late = (await _lateness(servers, replica.report, since=began))["service"]
    return Result(
        f"sending: lateness p99 at {A_SECOND} due a second", _quantile(late, 0.99), "s", 2.0, "allowed",
        f"p50 {statistics.median(late):.3f} s, one process",
    )  # fmt: skip


async def _lanes(servers: Servers, folder: Path, campaign: int) -> list[Result]:
    """A campaign falls due at once; reminders and answers go on falling due meanwhile."""
    async with sending(servers, folder, "lanes") as replica, servers.connected() as connection:
        for message_class, count, per_second in (
            ("service", 20 * SECONDS, 20), ("immediate", 5 * SECONDS, 5), ("marketing", campaign, 0),
        ):  # fmt: skip
            await table.due(
                connection, count, table.sealer(servers), message_class=message_class, per_second=per_second,
                since=WRITING,
            )  # fmt: skip
        await asyncio.sleep(WRITING.total_seconds() + SECONDS)
        await until_none_is_due(servers, "service")
        await until_none_is_due(servers, "immediate")
        left = await connection.fetchval(
            "SELECT count(*) FROM messages WHERE message_class = 'marketing' AND due_at <= now()"
        )
    assert replica.report is not None
    late = await _lateness(servers, replica.report)
    return [
        Result(
            f"sending: latest {kind} one beside a campaign of {campaign:,}", max(late[kind]), "s", allowed, "allowed",
            f"of {len(late[kind])}; {left:,} of the campaign were still due then",
        )
        for kind, allowed in (("service", 2.0), ("immediate", 1.0))
    ]  # fmt: skip


async def _lateness(
    servers: Servers, report: Report, *, since: datetime | None = None
) -> dict[str, list[float]]:
    """Seconds from due to handed over, by class of message."""
    at = dict(report.handed)
    async with servers.connected() as connection:
        rows = await connection.fetch(
            "SELECT attempt_id::text AS reference, target_at, message_class FROM attempts JOIN messages"
            " USING (network_id, message_id) WHERE attempt_id = ANY($1::uuid[]) "
            " AND ($2::timestamptz IS NULL OR target_at >= $2)",
            list(at),
            since,
        )
    late: dict[str, list[float]] = {"service": [], "immediate": [], "marketing": []}
    for row in rows:
        due = datetime.fromtimestamp(at[row["reference"]], UTC)
        late[row["message_class"]].append((due - row["target_at"]).total_seconds())
    return late


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]
