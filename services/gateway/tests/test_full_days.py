"""A day with more visits than owners are asked about at once: what is not shown is said."""

from typing import Any
from uuid import UUID

import pytest

from common.ids import new_id
from gateway.queries.day_board import BATCH

from .conftest import Api
from .owners import Owners

MORE = 3


@pytest.mark.parametrize("board", ["day-board", "call-list"])
async def test_a_board_that_is_not_the_whole_day_says_how_many_visits_it_leaves_out(
    api: Api, owners: Owners, board: str
) -> None:
    headers = await api.bearer("manager")
    question: dict[str, Any] = {"branch_id": str(owners.branch_id), "date": "2026-11-03"}
    visit = owners.appointments[UUID((await api.book(owners))["id"])]
    shown = (await api.get(f"/api/v1/{board}", params=question, headers=headers)).json()
    assert (len(shown["rows"]), shown["left_out"]) == (1, 0)
    for _ in range(BATCH - 1 + MORE):
        another = visit.appointment.model_copy(update={"appointment_id": new_id()})
        owners.appointments[another.appointment_id] = visit.model_copy(update={"appointment": another})
    shown = (await api.get(f"/api/v1/{board}", params=question, headers=headers)).json()
    assert (len(shown["rows"]), shown["left_out"]) == (BATCH, MORE)
