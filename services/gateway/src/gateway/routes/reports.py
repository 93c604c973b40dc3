"""Figures: each owner computes its own, the gateway only passes them on to those who may see them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Response

from common.contracts.booking import AskReport
from common.contracts.notifications import AskMessageReport
from common.errors import NotAllowed
from gateway.routes.access import AuditedRoute, json_answer
from gateway.routes.desk import Desk, desk_for
from gateway.routes.instants import MalformedRange

router = APIRouter(route_class=AuditedRoute, tags=["staff"])
Reader = Annotated[Desk, Depends(desk_for("reports.read"))]
Kpi = Literal["no-show", "sources", "load", "revenue", "till", "cancellations", "messages"]

REPORT_SECONDS = 20.0
LONGEST_DAYS = 370 * 12


@router.get("/api/v1/reports/{kpi}")
async def report(
    kpi: Kpi,
    desk: Reader,
    from_date: Annotated[date, Query(alias="from")],
    to_date: Annotated[date, Query(alias="to")],
    branch_id: UUID | None = None,
) -> Response:
    """Totals and rows; days are local to the branch and `to` is included. `revenue` and `till` follow the role."""
    desk.about(report=kpi)
    if not timedelta(0) <= to_date - from_date <= timedelta(days=LONGEST_DAYS):
        raise MalformedRange("`from` comes before `to`, and not by more than 12 years")
    if kpi in {"revenue", "till"} and not desk.may("reports.money"):
        raise NotAllowed("Your role does not permit this report")
    if kpi == "messages":
        return await _messages(desk, from_date, to_date)
    question = AskReport(kpi=kpi, from_date=from_date, to_date=to_date, branch_id=branch_id)
    found = await desk.ask(question, REPORT_SECONDS)
    shown = found.model_dump(mode="json")
    if not desk.may("money.see"):
        shown["totals"].pop("lost", None)
        for row in shown["rows"]:
            row["values"].pop("lost", None)
    return json_answer(orjson.dumps(shown))


async def _messages(desk: Desk, from_date: date, to_date: date) -> Response:
    start = datetime.combine(from_date, time(), UTC)
    end = datetime.combine(to_date, time(), UTC) + timedelta(days=1)
    found = await desk.ask(AskMessageReport(from_at=start, to_at=end), REPORT_SECONDS)
    totals: dict[str, int] = {}
    for one in found.counts:
        totals[one.outcome] = totals.get(one.outcome, 0) + one.count
    rows = [
        {"labels": {"channel": one.channel, "outcome": one.outcome}, "values": {"count": one.count}}
        for one in found.counts
    ]
    rows += [
        {
            "labels": {"channel": one.channel, "currency": one.currency},
            "values": {"attempts": one.attempts, "segments": one.segments, "cost": one.amount},
        }
        for one in found.costs
    ]
    return json_answer(orjson.dumps({"kpi": "messages", "totals": totals, "rows": rows}))
