"""A service's own PostgreSQL: roles, transactions scoped to one network, and exactly-once application.

Three roles per service: `<service>_owner` migrates, `<service>_app` works under forced row-level security, and
`<service>_worker` claims due rows across networks and sees nothing but their ids.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as UUID_COLUMN
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from common import outbox
from common.clock import wall
from common.contracts.messages import Command, Event, Message
from common.encoding import digest
from common.errors import CommandReused, Unavailable
from common.statements import Statements

Answer = TypeVar("Answer", bound=Message)

INSTANT = sa.DateTime(timezone=True)

CommandRow = dict[str, Any]

RECORD_COMMAND_FROM = (
    "INSERT INTO commands (network_id, command_id, body_hash, reply)"
    " SELECT :network, :command_id, :body_hash, :reply FROM"
)
"""For a hot path that does its work and records the command in one statement: where the work left a row.

A command that was carried out before is a unique violation, and undoes the work.
"""


class AlreadyApplied(Exception):  # noqa: N818
    """This event was applied by this reader before; there is nothing to do but to acknowledge it."""


def standard_tables(metadata: sa.MetaData) -> None:
    """The tables that every service's database has: outbox, inbox, commands and dead letters."""
    sa.Table(
        "outbox", metadata,
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("event_id", UUID_COLUMN, nullable=False, unique=True),
        sa.Column("network_id", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("traceparent", sa.Text),
        sa.Column("recorded_at", INSTANT, nullable=False, server_default=sa.func.now()),
        sa.Column("published_at", INSTANT),
        sa.Column("stream_created", sa.Text),
        sa.Column("stream_seq", sa.BigInteger),
        sa.Index("outbox_unpublished", "seq", postgresql_where=sa.text("published_at IS NULL")),
        sa.Index("outbox_published", "published_at"),
    )  # fmt: skip
    sa.Table(
        "inbox", metadata,
        sa.Column("event_id", UUID_COLUMN, primary_key=True),
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("network_id", sa.Text, nullable=False),
        sa.Column("applied_at", INSTANT, nullable=False, server_default=sa.func.now()),
        sa.Index("inbox_applied", "applied_at"),
    )  # fmt: skip
    sa.Table(
        "commands", metadata,
        sa.Column("network_id", sa.Text, primary_key=True),
        sa.Column("command_id", UUID_COLUMN, primary_key=True),
        sa.Column("body_hash", sa.Text, nullable=False),
        sa.Column("reply", sa.LargeBinary),
        sa.Column("recorded_at", INSTANT, nullable=False, server_default=sa.func.now()),
        sa.Index("commands_recorded", "recorded_at"),
    )  # fmt: skip
    sa.Table(
        "dead_letters", metadata,
        sa.Column("event_id", UUID_COLUMN, primary_key=True),
        sa.Column("durable", sa.Text, primary_key=True),
        sa.Column("network_id", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("headers", JSONB, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("died_at", INSTANT, nullable=False, server_default=sa.func.now()),
        sa.Column("replay_requested_at", INSTANT),
        sa.Column("replayed_at", INSTANT),
    )  # fmt: skip


def lost_connection(error: BaseException) -> bool:
    """Whether the database went away, rather than refused a statement."""
    if isinstance(error, (ConnectionError, TimeoutError, PoolTimeout)):
        return True
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state.startswith(("08", "57P")) or (
            isinstance(error, (InterfaceError, OperationalError)) and not state
        )  # fmt: skip
    return False


class Database:
    """Connections of a running service.

    `after_commit` callbacks wake the loops of due work, `after_telling` ones the relay. Whoever finds no connection
    free has one within `patience` seconds or is told that the database is away; half of that is for making one.
    """

    def __init__(
        self,
        url: str,
        worker_url: str | None = None,
        *,
        pool_size: int = 16,
        secret: str = "",
        patience: float = 10.0,
    ) -> None:
        options: dict[str, Any] = {
            "pool_size": pool_size,
            # Connections beyond the pool would be made and closed at every turn, and each costs a process and a
            # password check there: whoever finds none free waits a moment instead.
            "max_overflow": 0,
            "pool_timeout": patience,
            "connect_args": {"server_settings": {"jit": "off"}, "timeout": patience / 2},
            "json_deserializer": orjson.loads,
        }
        self.engine = create_async_engine(url, **options)
        # A claim is one statement: without BEGIN and COMMIT around it, it costs a third of the round trips.
        self.worker_engine = create_async_engine(
            worker_url or url, **{**options, "pool_size": 3, "isolation_level": "AUTOCOMMIT"}
        )
        self.statements = Statements(self.engine, size=pool_size, patience=patience)
        self.after_commit: list[Callable[[], None]] = []
        self.after_telling: list[Callable[[], None]] = []
        self.applied = 0
        self.commits = 0
        self._secret = secret

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        await self.worker_engine.dispose()
        await self.statements.close()

    @asynccontextmanager
    async def transaction(self, network_id: str) -> AsyncIterator[AsyncConnection]:
        """One transaction that sees and writes the rows of one network; commits at the end of the block."""
        async with self._transaction(_SCOPE, {"network": network_id}) as (tx, _):
            yield tx

    @asynccontextmanager
    async def reading(self, network_id: str) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads: it commits nothing, so it wakes nobody."""
        async with self._transaction(_SCOPE, {"network": network_id}, wakes=False) as (tx, _):
            yield tx

    @asynccontextmanager
    async def _transaction(
        self, first: sa.TextClause, parameters: dict[str, Any], *, wakes: bool = True
    ) -> AsyncIterator[tuple[AsyncConnection, sa.CursorResult[Any]]]:
        """A transaction whose first statement sets its network, and what that statement returned."""
        with outbox.noticing() as told:
            try:
                async with self.engine.begin() as tx:
                    yield tx, await tx.execute(first, parameters)
            except Exception as error:
                if lost_connection(error):
                    self.commits += 1  # perhaps: whoever remembers what is stored has to look again
                    raise Unavailable("database", "connection lost") from error
                raise
        if wakes or told:
            self.committed(told=bool(told))

    @asynccontextmanager
    async def unscoped(self) -> AsyncIterator[AsyncConnection]:
        """A transaction for the tables without row-level security (outbox, inbox, commands, dead letters)."""
        try:
            async with self.engine.begin() as tx:
                yield tx
        except Exception as error:
            if lost_connection(error):
                raise Unavailable("database", "connection lost") from error
            raise

    @asynccontextmanager
    async def claiming(self) -> AsyncIterator[AsyncConnection]:
        """As the worker, who claims due rows of all networks and sees only their ids; each statement commits itself."""
        try:
            async with self.worker_engine.begin() as tx:
                yield tx
        except Exception as error:
            if lost_connection(error):
                raise Unavailable("database", "connection lost") from error
            raise

    @asynccontextmanager
    async def applying(self, event: Event, reader: str) -> AsyncIterator[AsyncConnection]:
        """Record the event in the inbox and do its work in one transaction.

        Raises `AlreadyApplied` on a second delivery; the reader's frame acknowledges it.
        """
        async with self.transaction(event.network_id) as tx:
            fresh = await tx.execute(
                _RECEIVE, {"event_id": event.event_id, "reader": reader, "network": event.network_id}
            )
            if fresh.rowcount == 0:
                raise AlreadyApplied
            yield tx
        self.applied += 1

    @asynccontextmanager
    async def applying_together(
        self, events: Sequence[Event], reader: str
    ) -> AsyncIterator[tuple[AsyncConnection, set[UUID]]]:
        """The same for many events of one network; which of them are fresh comes with the transaction.

        Raises `AlreadyApplied` where none is.
        """
        async with self.transaction(events[0].network_id) as tx:
            received = await tx.execute(
                _RECEIVE_ALL,
                {
                    "event_ids": [event.event_id for event in events],
                    "reader": reader,
                    "network": events[0].network_id,
                },
            )
            fresh = set(received.scalars())
            if not fresh:
                raise AlreadyApplied
            yield tx, fresh
        self.applied += len(fresh)

    async def once(
        self,
        command: Command[Answer],
        network_id: str,
        work: Callable[[AsyncConnection], Awaitable[Answer]],
        *,
        again: Callable[[AsyncConnection], Awaitable[Answer]] | None = None,
    ) -> Answer:
        """Carry out a command exactly once, in one transaction with the record that it was.

        A repeated one is given the stored reply, or what `again` reads where a reply holds personal data and is
        not stored. A refusal rolls back, and is decided anew next time. Raises `CommandReused` for another body.
        """
        body_hash = self._hash_of(command)
        key = {"network": network_id, "command_id": command.command_id}
        async with self._transaction(_RECORD_COMMAND, {**key, "body_hash": body_hash}) as (tx, fresh):
            if fresh.rowcount == 0:
                known = (await tx.execute(_KNOWN_COMMAND, key)).one()
                if known.body_hash != body_hash:
                    raise CommandReused("This command id was used with another body")
                if again is not None:
                    return await again(tx)
                return type(command).reply_type().model_validate_json(known.reply)
            answer = await work(tx)
            if again is None:
                await tx.execute(_REMEMBER_REPLY, {**key, "reply": answer.model_dump_json().encode()})
        return answer

    def command_row(self, command: Command[Answer], network_id: str, answer: Answer) -> CommandRow:
        """The record of a command and its answer, as `RECORD_COMMAND_FROM` names its values."""
        return {
            "network": network_id,
            "command_id": command.command_id,
            "body_hash": self._hash_of(command),
            "reply": answer.model_dump_json().encode(),
        }

    def _hash_of(self, command: Command[Answer]) -> str:
        """Keyed: a body may hold a name and a phone, which can be guessed."""
        return digest({"subject": command.subject, **command.model_dump(mode="json")}, self._secret)

    def committed(self, *, told: bool = True) -> None:
        """Wake whoever waits for new rows; the relay only where there are events."""
        self.commits += 1
        for wake in (*self.after_commit, *(self.after_telling if told else ())):
            wake()

    async def prune(self, *, window_days: float) -> None:
        """Forget published events after the replay window, and the inbox and commands after twice that (wall time)."""
        async with self.unscoped() as tx:
            await tx.execute(outbox.PRUNE, {"before": wall(), "days": window_days})
            await tx.execute(_PRUNE_INBOX, {"before": wall(), "days": window_days * 2})
            await tx.execute(_PRUNE_COMMANDS, {"before": wall(), "days": window_days * 2})

    async def ping(self) -> None:
        """Raises where the database does not answer."""
        async with self.unscoped() as tx:
            await tx.execute(sa.text("SELECT 1"))


_SCOPE = sa.text("SELECT set_config('app.network', :network, true)")
_RECEIVE = sa.text(
    "INSERT INTO inbox (event_id, reader, network_id) VALUES (:event_id, :reader, :network) ON CONFLICT DO NOTHING"
)
_RECEIVE_ALL = sa.text(
    "INSERT INTO inbox (event_id, reader, network_id) SELECT event_id, :reader, :network"
    " FROM unnest(CAST(:event_ids AS uuid[])) AS event_id ON CONFLICT DO NOTHING RETURNING event_id"
)
_RECORD_COMMAND = sa.text(
    "WITH scope AS MATERIALIZED (SELECT set_config('app.network', :network, true) AS network_id)"
    " INSERT INTO commands (network_id, command_id, body_hash)"
    " SELECT network_id, :command_id, :body_hash FROM scope ON CONFLICT DO NOTHING"
)
_KNOWN_COMMAND = sa.text(
    "SELECT body_hash, reply FROM commands WHERE network_id = :network AND command_id = :command_id"
)
_REMEMBER_REPLY = sa.text(
    "UPDATE commands SET reply = :reply WHERE network_id = :network AND command_id = :command_id"
)
_PRUNE_INBOX = sa.text(
    "DELETE FROM inbox WHERE applied_at < CAST(:before AS timestamptz) - make_interval(secs => :days * 86400)"
)
_PRUNE_COMMANDS = sa.text(
    "DELETE FROM commands WHERE recorded_at < CAST(:before AS timestamptz) - make_interval(secs => :days * 86400)"
)
