"""When patients are written to is a manager's to say, and anybody's of the staff to read about."""

import pytest

from common.contracts.gateway import Role
from common.contracts.notifications import PutPolicy

from .conftest import Api
from .owners import Owners

POLICY = {
    "windows": [
        {
            "id": "lunch", "classes": ["service", "marketing"], "source": "the clinic rests at noon",
            "open": [{"days": [1, 2, 3, 4, 5], "hours": [["09:00", "13:00"], ["14:00", "19:00"]]}],
        }
    ]
}  # fmt: skip


async def logged_in(api: Api, role: Role) -> str:
    return f"Bearer {await api.token(role)}"


async def test_a_manager_changes_the_policy_and_may_have_chains_made_anew(api: Api, owners: Owners) -> None:
    bearer = f"Bearer {await api.token('manager')}"
    answer = await api.put(
        "/api/v1/policies", json={"policy": POLICY, "replan": True}, headers={"Authorization": bearer}
    )
    assert (answer.status_code, answer.json()) == (200, {"version": 1, "replanned": 3})
    asked, caller = owners.callers[-1]
    assert (asked, caller.roles) == (PutPolicy.__name__, ("manager",))


async def test_reception_changes_no_policy(api: Api) -> None:
    bearer = f"Bearer {await api.token('reception')}"
    answer = await api.put("/api/v1/policies", json={"policy": POLICY}, headers={"Authorization": bearer})
    assert answer.status_code == 403


async def test_hours_that_close_before_they_open_are_refused_where_they_stand(api: Api) -> None:
    bearer = f"Bearer {await api.token('manager')}"
    wrong = {"windows": [POLICY["windows"][0] | {"open": [{"days": [1], "hours": [["19:00", "09:00"]]}]}]}
    answer = await api.put("/api/v1/policies", json={"policy": wrong}, headers={"Authorization": bearer})
    assert answer.status_code == 422
    assert "open" in answer.text


async def test_a_visit_is_rehearsed_with_a_policy_that_nobody_has_saved(api: Api, owners: Owners) -> None:
    bearer = {"Authorization": await logged_in(api, "manager")}
    visit = {"branch_id": str(owners.branch_id), "starts_at": "2026-11-12T10:00:00+05:00"}
    now = await api.post("/api/v1/policies/rehearsal", json=visit, headers=bearer)
    then = await api.post("/api/v1/policies/rehearsal", json=visit | {"policy": POLICY}, headers=bearer)
    assert (now.json()["policy_version"], then.json()["policy_version"]) == ("kz-1", "kz-1+network-1")
    local = await api.post(
        "/api/v1/policies/rehearsal", json=visit | {"starts_at": "2026-11-12T10:00:00"}, headers=bearer
    )
    assert local.status_code == 422


@pytest.mark.parametrize(("role", "status"), [("manager", 200), ("admin", 200), ("reception", 403)])
async def test_how_sending_stands_is_for_those_who_have_the_brake(api: Api, role: Role, status: int) -> None:
    bearer = {"Authorization": await logged_in(api, role)}
    assert (await api.get("/api/v1/sending", headers=bearer)).status_code == status


async def test_the_report_on_messages_says_what_they_cost(api: Api) -> None:
    bearer = {"Authorization": await logged_in(api, "manager")}
    report = await api.get("/api/v1/reports/messages?from=2026-11-01&to=2026-11-30", headers=bearer)
    assert report.json()["totals"] == {"delivered": 3}
    assert report.json()["rows"][1] == {
        "labels": {"channel": "sms", "currency": "KZT"},
        "values": {"attempts": 3, "segments": 5, "cost": 9000},
    }
