"""When patients are written to is a manager's to say, and anybody's of the staff to read about."""

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
