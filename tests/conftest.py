"""A whole running Vínculo for journeys: started as a newcomer would, on free ports, with a home of its own.

`VINCULO_GATEWAY_URL` and `VINCULO_SANDBOX_URL` name one that runs already (a compose installation, say); tests that
kill processes then say that they were skipped.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from devkit.embedded.ports import free

BEGINS = "2026-11-02T09:00:00+05:00"
"""A Monday morning at which the clock stands until a test moves it: no test depends on the day that it is run."""
START_SECONDS = 170
TRIES = 5
SECOND_TRY = timedelta(seconds=6)
"""After what time by the clock, which stands, whatever did not reach a provider has been tried again."""
HARMLESS_POSTS = {"sessions", "patients/search", "policies/rehearsal"}
"""Logging in, and questions that are asked by POST because what they ask about does not belong into an address."""


@dataclass
class System:
    """What runs, and where; `home` is None for one that was given by URL."""

    gateway: str
    sandbox: str
    home: Path | None

    @property
    def run(self) -> dict[str, Any]:
        """What the supervisor says of its processes at this moment."""
        assert self.home is not None
        return dict(json.loads((self.home / "run.json").read_text()))

    def pid(self, name: str) -> int:
        return int(self.run["processes"][name]["pid"])

    def kill(self, name: str) -> None:
        """As a power cut would."""
        os.kill(self.pid(name), signal.SIGKILL)


def start_system(home: Path, **environment: str) -> tuple[subprocess.Popen[str], System]:
    gateway, sandbox = free(2)
    process = subprocess.Popen(
        [sys.executable, "-m", "devkit.cli", "up"],
        env={**os.environ, "VINCULO_HOME": str(home), "GATEWAY_PORT": str(gateway), "SANDBOX_PORT": str(sandbox), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    assert process.stdout is not None
    deadline, seen = time.monotonic() + START_SECONDS, []
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        seen.append(line)
        if line.startswith("ready"):
            return process, System(f"http://127.0.0.1:{gateway}", f"http://127.0.0.1:{sandbox}", home)
        if not line and process.poll() is not None:
            break
    process.kill()
    raise AssertionError("it never got ready: " + "".join(seen)[-2000:])


def stop_system(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=120)
    assert process.stdout is not None
    process.stdout.close()


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    given = os.environ.get("VINCULO_GATEWAY_URL")
    if given:
        yield System(given, os.environ["VINCULO_SANDBOX_URL"], None)
        return
    with tempfile.TemporaryDirectory(prefix="vinculo journeys ") as folder:
        process, started = start_system(Path(folder) / "home", VINCULO_CLOCK_START=BEGINS)
        yield started
        stop_system(process)


@dataclass
class Person:
    """A patient with a phone of their own."""

    full_name: str
    phone: str
    locale: str = "ru"

    @property
    def body(self) -> dict[str, str]:
        return {"full_name": self.full_name, "phone": self.phone, "locale": self.locale}


class Again(httpx.AsyncHTTPTransport):
    """A good client asks again, where somebody was away for a moment: what changes nothing, what is known again by
    its key (and every order has one), and to be let in."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET" and request.url.path.startswith("/api/"):
            request.headers.setdefault("Idempotency-Key", str(uuid4()))
        harmless = (
            request.method == "GET"
            or "Idempotency-Key" in request.headers
            or request.url.path.removeprefix("/api/v1/") in HARMLESS_POSTS
        )
        for _ in range(TRIES):
            response = await super().handle_async_request(request)
            if response.status_code != 503 or not harmless:
                return response
            await response.aclose()
            await asyncio.sleep(float(response.headers.get("Retry-After", 1)))
        return await super().handle_async_request(request)


class Clinic:
    """The outer contract as a client uses it: everything here is HTTP."""

    def __init__(self, system: System, network: str = "demo-kz") -> None:
        self.system = system
        self.network = network
        self.http = httpx.AsyncClient(base_url=system.gateway, timeout=90, transport=Again())
        self.phones = httpx.AsyncClient(base_url=system.sandbox, timeout=60)

    async def close(self) -> None:
        await self.http.aclose()
        await self.phones.aclose()

    async def now(self) -> datetime:
        return datetime.fromisoformat((await self.http.get("/dev/clock")).raise_for_status().json()["now"])

    async def move_clock(self, to: datetime | timedelta) -> None:
        body = (
            {"advance": f"PT{int(to.total_seconds())}S"}
            if isinstance(to, timedelta)
            else {"now": to.isoformat()}
        )
        response = await self.http.post("/dev/clock", json=body, timeout=600)
        assert response.status_code == 200, response.text

    async def settle(self) -> None:
        """Everything that is due now has happened; what was tried in vain at a busy moment, at its second try."""
        await self.move_clock(SECOND_TRY)

    async def directory(self, kind: str) -> list[dict[str, Any]]:
        answer = (await self.http.get(f"/api/v1/networks/{self.network}/{kind}")).raise_for_status().json()
        return list(answer[kind] if isinstance(answer, dict) else answer)

    async def slots(self, **query: Any) -> list[dict[str, Any]]:
        response = await self.http.get(f"/api/v1/networks/{self.network}/slots", params=query)
        return list(response.raise_for_status().json()["slots"])

    async def book(
        self, service_id: str, slot: dict[str, Any], person: Person, **more: Any
    ) -> httpx.Response:
        headers = more.pop("headers", {})
        body = {
            "service_id": service_id, "branch_id": slot["branch_id"], "practitioner_id": slot["practitioner_id"],
            "starts_at": slot["starts_at"], "patient": person.body, "source": "site", **more,
        }  # fmt: skip
        return await self.http.post(f"/api/v1/networks/{self.network}/bookings", json=body, headers=headers)

    async def whole_view(self, patient_id: str) -> dict[str, Any]:
        """The sections of the 360 view, once every owner has answered in its time."""
        desk = await self.login("reception")

        async def sections() -> dict[str, Any] | None:
            view = await self.http.get(f"/api/v1/patients/{patient_id}/360", headers=desk)
            found: dict[str, Any] = view.raise_for_status().json()["sections"]
            return found if all(one["status"] == "ok" for one in found.values()) else None

        return dict(await eventually(sections))

    async def login(self, role: str = "manager") -> dict[str, str]:
        response = await self.http.post(
            "/api/v1/sessions", json={"email": f"{role}@{self.network}.example", "password": "vinculo-demo"}
        )
        assert response.status_code in (200, 201), response.text
        self.http.cookies.clear()
        return {"Authorization": f"Bearer {response.json()['token']}"}

    async def messages(self, phone: str) -> list[dict[str, Any]]:
        answer = (await self.phones.get(f"/phones/{phone}/messages")).raise_for_status().json()
        return [one for one in answer["messages"] if one.get("direction", "in") != "out"]

    async def reply(self, phone: str, **reply: Any) -> None:
        (await self.phones.post(f"/phones/{phone}/replies", json=reply)).raise_for_status()

    async def ledger(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []
        while True:
            page = (
                (await self.phones.get("/ledger", params={"after": len(entries), "limit": 1000}))
                .raise_for_status()
                .json()
            )
            if not page["entries"]:
                return entries
            entries += page["entries"]


_people = iter(range(10_000))


@pytest.fixture
def person() -> Person:
    return somebody()


def somebody(full_name: str = "Марат Ержанов") -> Person:
    """With a phone nobody else has in this run."""
    number = (int(time.time()) * 7919 + next(_people)) % 10_000_000
    return Person(full_name, f"+7701{number:07}")


@pytest.fixture
async def clinic(system: System) -> AsyncIterator[Clinic]:
    opened = Clinic(system)
    yield opened
    await opened.close()


@pytest.fixture
def people() -> Any:
    return somebody


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


async def eventually(condition: Any, *, within: float = 60) -> Any:
    """What a condition (an async function) gives once it gives something."""
    async with asyncio.timeout(within):
        while True:
            result = await condition()
            if result:
                return result
            await asyncio.sleep(0.1)


@pytest.fixture(name="eventually")
def _eventually() -> Any:
    return eventually


def utc(instant: str) -> datetime:
    return datetime.fromisoformat(instant).astimezone(UTC)
