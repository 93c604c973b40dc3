"""The audit log's writer: entries of many requests are committed together, and each request waits for its own."""

import asyncio
import contextlib
from collections import defaultdict

from common import telemetry
from common.database import Database
from common.errors import Unavailable
from gateway import tables
from gateway.rules import audit
from gateway.rules.audit import Entry

MOST_AT_ONCE = 500


class AuditLog:
    """Appends entries to the chain of their network. `run` commits what has gathered, again and again.

    An answer is sent only after its entry stands; where the database is away the request is `Unavailable`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._ends: dict[str, audit.Link] = {}
        """Where each network's chain ended when we last lengthened it; another process may have since."""
        self._wake = asyncio.Event()
        self._stopping = False
        self.in_flight = 0
        self.done = 0

    async def write(self, entry: Entry) -> None:
        """Returns when the entry is committed; raises `Unavailable` where it could not be."""
        if self._stopping:
            await self._commit([entry])
            return
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, committed))
        self._wake.set()
        await committed

    def stop(self) -> None:
        """What comes later is written one by one."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Commit what has gathered until stopped."""
        while not (self._stopping and not self._waiting):
            await self._wake.wait()
            if not self._stopping:
                self._wake.clear()
            taken, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            if self._waiting:
                self._wake.set()
            if taken:
                await self._commit_all(taken)

    async def _commit_all(self, taken: list[tuple[Entry, asyncio.Future[None]]]) -> None:
        by_network: dict[str, list[tuple[Entry, asyncio.Future[None]]]] = defaultdict(list)
        for entry, committed in taken:
            by_network[entry.network_id].append((entry, committed))
        self.in_flight += len(taken)
        for waiting in by_network.values():
            error: Exception | None = None
            try:
                await self._commit([entry for entry, _ in waiting])
            except Exception as failed:  # noqa: BLE001 - each request is told; the writer goes on
                telemetry.log().error("audit not written", error=telemetry.where(failed))
                error = failed if isinstance(failed, Unavailable) else Unavailable("audit", "not written")
            for _, committed in waiting:
                with contextlib.suppress(asyncio.InvalidStateError):
                    committed.set_exception(error) if error else committed.set_result(None)
        self.in_flight -= len(taken)

    async def _commit(self, entries: list[Entry]) -> None:
        """In one round trip where the chain still ends where we left it; else under its lock."""
        network_id = entries[0].network_id
        end = self._ends.get(network_id)
        if end is not None:
            links = audit.chained(entries, last_seq=end.seq, last_hash=end.hash)
            if await tables.append_at_once(self._database.statements, network_id, links):
                self._ends[network_id] = links[-1]
                return
        async with self._database.transaction(network_id) as tx:
            seq, last = await tables.lock_chain(tx, network_id)
            links = audit.chained(entries, last_seq=seq, last_hash=last)
            await tables.append_audit(tx, links)
        self._ends[network_id] = links[-1]
