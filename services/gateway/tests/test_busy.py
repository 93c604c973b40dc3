"""A manager takes another calendar's busy times over."""

from common.ids import new_id

from .conftest import Api
from .owners import Owners


async def test_a_manager_takes_a_calendar_over_and_reception_does_not(api: Api, owners: Owners) -> None:
    path = f"/api/v1/practitioners/{owners.practitioner_id}/busy-times"
    body = {"calendar_id": str(new_id()), "calendar": "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"}
    done = await api.post(path, json=body, headers=await api.bearer("manager"))
    assert (done.status_code, done.json()) == (200, {"blocked": 1, "conflicts": []})
    refused = await api.post(path, json=body, headers=await api.bearer("reception"))
    assert refused.status_code == 403
