"""What somebody at the desk waits for: the board of a full day, and other times for one that is taken."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import Any

from common.contracts.gateway import CreateStaff
from common.ids import new_id
from devkit.asking import acting, asking
from devkit.bench import bookings
from devkit.bench.http import Client
from devkit.bench.results import Result
from devkit.bench.stage import DAYS, NETWORK, Stage
from devkit.bench.work import until_quiet

VISITS = 200
WARM_UP, TIMES = 10, 100
CLIENTS = 16
BOARD, OTHER_TIMES = 300.0, 500.0
"""Milliseconds that 19 of 20 may take at most."""
FEWEST = 3
EMAIL, PASSWORD = "manager@bench.example", "a bench's own words"

Question = tuple[str, str, bytes]
"""Method, path and body."""


async def measure(stage: Stage) -> list[Result]:
    """Asked one after the other by a manager, whom every owner tells everything, money included."""
    token = await _log_in(stage)
    full_day = stage.instants([DAYS])[:VISITS]
    await bookings.book(stage, full_day, CLIENTS)
    await until_quiet(stage)
    board = f"/api/v1/day-board?branch_id={stage.branch_id}&date={full_day[0][1].date()}"
    async with Client(stage.running.gateway_url, token) as client:
        _, rows = await client.ask("GET", board)
        visits = [row["appointment"]["id"] for row in json.loads(rows)["rows"]]
        return [
            *await _waits(
                client, f"day board of {VISITS} visits", BOARD, [("GET", board, b"")], _is_whole,
            ),
            *await _waits(
                client, "other times for a visit", OTHER_TIMES,
                [("GET", f"/api/v1/appointments/{one}/alternatives", b"") for one in visits],
                lambda status, answer: status == 200 and len(answer["slots"]) >= FEWEST,
            ),
            *await _waits(
                client, "a taken slot refused, with other times", OTHER_TIMES,
                [("POST", bookings.PATH, bookings.body(stage, *slot)) for slot in full_day],
                lambda status, answer: status == 409 and len(answer["alternatives"]) >= FEWEST,
            ),
        ]  # fmt: skip


def _is_whole(status: int, board: dict[str, Any]) -> bool:
    """Every visit with its patient, what is to be seen before treating, its message and its balance."""
    return (
        status == 200
        and board["unavailable"] == []
        and len(board["rows"]) == VISITS
        and all(
            (row["patient"]["status"], row["alerts"]["status"]) == ("ok", "ok")
            and row["message"] != "unknown"
            and row["balances"] is not None
            for row in board["rows"]
        )
    )


async def _waits(
    client: Client,
    what: str,
    limit: float,
    questions: Sequence[Question],
    answered: Callable[[int, dict[str, Any]], bool],
) -> list[Result]:
    """How long an answer takes, as a rule and at worst; one that is not what was asked for counts for nothing."""
    took = []
    for question in islice(cycle(questions), WARM_UP + TIMES):
        started = time.perf_counter()
        status, body = await client.ask(*question)
        took.append((time.perf_counter() - started) * 1000)
        if not answered(status, json.loads(body)):
            raise RuntimeError(f"{what}: answered by {status}: {body[:2000].decode(errors='replace')}")
    took = took[WARM_UP:]
    return [
        Result(f"{what}, p50", statistics.median(took), "ms"),
        Result(
            f"{what}, p95", statistics.quantiles(took, n=20)[-1], "ms", limit, "the most that is promised"
        ),
    ]


async def _log_in(stage: Stage) -> str:
    """The session of a manager's account, made for this."""
    command = CreateStaff(
        staff_id=new_id(), email=EMAIL, display_name="Bench", password=PASSWORD, roles=["manager"]
    )
    async with asking(stage.running.nats_url, stage.signing_key) as asks:
        await asks.ask(command, caller=acting(NETWORK), timeout=20)
    async with Client(stage.running.gateway_url) as client:
        credentials = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
        _, answer = await client.ask("POST", "/api/v1/sessions", credentials)
    return str(json.loads(answer)["token"])
