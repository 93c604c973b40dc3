"""Who is asking: sessions and keys, remembered for a moment so that each request need not ask the database."""

import time
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from common.caller import Caller
from common.clock import Clock
from common.database import Database
from gateway import tables
from gateway.rules import accounts
from gateway.rules.accounts import NotAuthenticated
from gateway.rules.permissions import bound_to_agendas

REMEMBERED_SECONDS = 1.0


@dataclass(frozen=True)
class Principal:
    """Somebody who was authenticated, and for what."""

    network_id: str
    actor: str
    roles: tuple[str, ...]
    branch_ids: tuple[str, ...] = ()
    practitioner_id: UUID | None = None
    """Who a doctor is in the directory."""
    practitioners: tuple[UUID, ...] = ()
    """Whose agendas they keep: a doctor their own, a delegate those of whom they act for."""
    staff_id: UUID | None = None
    display_name: str = ""
    token_hash: str = ""
    purpose: str = "staff"

    @property
    def bound_to(self) -> frozenset[UUID] | None:
        """The practitioners whose agendas and patients are all that this account sees; None: everybody's."""
        return frozenset(self.practitioners) if bound_to_agendas(self.roles) else None

    @property
    def caller(self) -> Caller:
        """As owners are told."""
        return Caller(
            network_id=self.network_id,
            actor=self.actor,
            roles=self.roles,
            branches=self.branch_ids,
            practitioners=tuple(map(str, self.practitioners)),
            purpose=self.purpose,
        )


class Principals:
    """Finds the principal of a token: `s.<network>.<secret>` of a session, `k.<network>.<secret>` of a machine."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._sessions: dict[str, tuple[accounts.Session, float]] = {}
        self._keys: dict[str, tuple[Principal, float]] = {}

    async def of_token(self, token: str, *, used: bool = True) -> Principal:
        """Raises `NotAuthenticated`. `used` false looks without counting as a use (an open stream)."""
        kind, _, rest = token.partition(".")
        network_id, _, secret = rest.partition(".")
        if not (network_id and secret and len(token) < 200 and token.isascii()):
            raise NotAuthenticated("Log in first")
        hashed = accounts.token_hash(token)
        if kind == "s":
            return await self._of_session(network_id, hashed, used)
        if kind == "k":
            return await self._of_key(network_id, hashed)
        raise NotAuthenticated("Log in first")

    def forget(self, hashed: str) -> None:
        """Logged out: look again."""
        self._sessions.pop(hashed, None)

    async def _of_session(self, network_id: str, hashed: str, used: bool) -> Principal:
        known = self._sessions.get(hashed)
        session = known[0] if known is not None and known[1] > time.monotonic() else None
        now = self._clock.now()
        if session is None or (used and now - session.last_seen_at > accounts.TOUCH_AFTER):
            session = await self._load(network_id, hashed, now, used)
        if not accounts.session_holds(session, now=now):
            self.forget(hashed)
            raise NotAuthenticated("The session is over: log in again")
        return Principal(
            network_id=network_id,
            actor=f"staff:{session.staff_id}",
            roles=session.roles,
            branch_ids=session.branch_ids,
            practitioner_id=session.practitioner_id,
            practitioners=accounts.agendas(session.practitioner_id, session.practitioner_ids),
            staff_id=session.staff_id,
            display_name=session.display_name,
            token_hash=hashed,
        )

    async def _load(self, network_id: str, hashed: str, now: datetime, used: bool) -> accounts.Session:
        async with self._database.transaction(network_id) as tx:
            session = await tables.session(tx, network_id, hashed)
            if session is None:
                raise NotAuthenticated("Log in first")
            stale = now - session.last_seen_at > accounts.TOUCH_AFTER
            if used and stale and accounts.session_holds(session, now=now):
                await tables.touch_session(tx, network_id, hashed, now)
                session = replace(session, last_seen_at=now)
        if len(self._sessions) > 10_000:
            self._sessions.clear()
        self._sessions[hashed] = (session, time.monotonic() + REMEMBERED_SECONDS)
        return session

    async def _of_key(self, network_id: str, hashed: str) -> Principal:
        known = self._keys.get(hashed)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        async with self._database.transaction(network_id) as tx:
            found = await tables.api_key(tx, network_id, hashed)
        if found is None:
            raise NotAuthenticated("This key is not valid")
        principal = Principal(
            network_id=network_id, actor=f"api-key:{found[0]}", roles=found[1], purpose="api"
        )
        if len(self._keys) > 10_000:
            self._keys.clear()
        self._keys[hashed] = (principal, time.monotonic() + REMEMBERED_SECONDS)
        return principal
