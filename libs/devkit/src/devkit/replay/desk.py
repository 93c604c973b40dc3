"""The public and the staff's HTTP interface, as the replay uses it."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from devkit.replay.agenda import FreeSlot
from devkit.replay.http import Answer, Lost, Sends

BUSY = frozenset({429, 502, 503, 504})
TRIES = 8
UNAUTHORIZED = 401


class Failed(Exception):  # noqa: N818
    """An answer that the replay has no use for."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(f"{status} {code}")
        self.code = code


class Taken(Exception):  # noqa: N818
    """The slot is not free any more; these are."""

    def __init__(self, alternatives: list[FreeSlot]) -> None:
        super().__init__("slot-taken")
        self.alternatives = alternatives


@dataclass(frozen=True)
class Login:
    """A member of staff."""

    email: str
    password: str


@dataclass(frozen=True)
class Place:
    """What is booked, and where."""

    network_id: str
    branch_id: UUID
    service_id: UUID


def _slots(found: list[dict[str, Any]]) -> list[FreeSlot]:
    return [FreeSlot(datetime.fromisoformat(one["starts_at"]), UUID(one["practitioner_id"])) for one in found]


class Desk:
    """One client for everything; logs in again where a session ends as the clock moves on."""

    def __init__(self, http: Sends, place: Place, login: Login) -> None:
        self._http = http
        self._place = place
        self._login = login
        self._token = ""
        self._logging_in = asyncio.Lock()
        self.requests = 0

    async def slots(self, day: date) -> list[FreeSlot]:
        """What is free on a local day, with every practitioner."""
        answer = await self._send(
            "GET",
            f"/api/v1/networks/{self._place.network_id}/slots",
            query={
                "service_id": str(self._place.service_id),
                "branch_id": str(self._place.branch_id),
                "from": day.isoformat(),
                "days": "1",
            },
        )
        return _slots(answer["slots"])

    async def book(self, slot: FreeSlot, *, name: str, phone: str, key: str) -> UUID:
        """Book as a patient would; raises `Taken`. The same `key` is the same booking, however often it is sent."""
        body = {
            "service_id": str(self._place.service_id),
            "branch_id": str(self._place.branch_id),
            "practitioner_id": str(slot.practitioner_id),
            "starts_at": slot.starts_at.isoformat(),
            "patient": {"full_name": name, "phone": phone, "locale": "pt-BR"},
            "source": "site",
        }
        answer = await self._send(
            "POST",
            f"/api/v1/networks/{self._place.network_id}/bookings",
            json=body,
            headers={"Idempotency-Key": key},
        )
        return UUID(answer["appointment"]["id"])

    async def close_visit(self, appointment_id: UUID, *, came: bool) -> None:
        """At the end of the day: it took place, or the patient stayed away."""
        verb = "complete" if came else "no-show"
        await self._as_staff(
            "POST",
            f"/api/v1/appointments/{appointment_id}/{verb}",
            json={},
            headers={"Idempotency-Key": f"close-{appointment_id}"},
        )

    async def report(self, kpi: str, first: date, last: date) -> dict[str, Any]:
        """A report over local days."""
        dates = {"from": first.isoformat(), "to": last.isoformat()}
        found: dict[str, Any] = await self._as_staff("GET", f"/api/v1/reports/{kpi}", query=dates)
        return found

    async def move_clock(self, to: datetime) -> None:
        """Let everything happen that is due until then; again where it took longer than the keeper's patience."""
        while True:
            try:
                await self._send("POST", "/dev/clock", json={"now": to.isoformat()}, within=1800, tries=1)
            except Failed as failed:
                if failed.code != "not-settled":
                    raise
            else:
                return

    async def now(self) -> datetime:
        """What time it is there."""
        return datetime.fromisoformat((await self._send("GET", "/dev/clock"))["now"])

    async def _as_staff(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> Any:
        for _ in range(3):
            token = self._token
            if token:
                with contextlib.suppress(_LoggedOut):
                    authorized = {"Authorization": f"Bearer {token}", **(headers or {})}
                    return await self._send(method, path, headers=authorized, staff=True, **more)
            async with self._logging_in:
                if self._token == token:
                    await self._log_in()
        raise Failed("not-authenticated", 401)

    async def _log_in(self) -> None:
        body = {"email": self._login.email, "password": self._login.password}
        self._token = (await self._send("POST", "/api/v1/sessions", json=body))["token"]

    async def _send(
        self, method: str, path: str, *, staff: bool = False, tries: int = TRIES, **more: Any
    ) -> Any:
        for left in reversed(range(tries)):
            try:
                answer = await self._http.send(method, path, **more)
            except Lost:
                if not left:
                    raise
            else:
                self.requests += 1
                if answer.good:
                    return answer.json()
                if answer.status not in BUSY or not left:
                    raise _refusal(answer, staff=staff)
            await asyncio.sleep(0.3)
        raise AssertionError("no tries")


class _LoggedOut(Exception):  # noqa: N818
    pass


def _refusal(answer: Answer, *, staff: bool) -> Exception:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    code = str(problem.get("type", "")).rpartition("/")[2] or "no-problem"
    if staff and answer.status == UNAUTHORIZED:
        return _LoggedOut()
    if code == "slot-taken":
        return Taken(_slots(problem.get("alternatives", [])))
    return Failed(code, answer.status)
