"""Wording messages is a manager's, past the checks; names are proposed to whoever sets the clinic up."""

from typing import Any

import pytest

from common.contracts.gateway import Role
from common.contracts.notifications import PublishTemplate, PutTemplateDraft

from .conftest import Api
from .owners import Owners

DRAFT = {"body": {"texts": {"ru": {"lines": ["Лучшая клиника: {when}"]}}, "fallbacks": {"kk": "built-in"}}}
WAIVER = {"code": "banned-claim", "approver": "Dr A. Serik", "reason": "first in the ranking of the city"}


async def bearer(api: Api, role: Role) -> dict[str, str]:
    return {"Authorization": f"Bearer {await api.token(role)}"}


async def test_a_manager_writes_a_draft_and_publishes_it(api: Api, owners: Owners) -> None:
    headers = await bearer(api, "manager")
    drafted = await api.put("/api/v1/templates/confirmation/draft", json=DRAFT, headers=headers)
    assert (drafted.status_code, drafted.json()) == (200, {"version": 1, "findings": []})
    answer = await api.post(
        "/api/v1/templates/confirmation/publish", json={"waivers": [WAIVER]}, headers=headers
    )
    assert (answer.status_code, answer.json()) == (201, {"number": 1})
    assert [name for name, _ in owners.callers[-2:]] == [PutTemplateDraft.__name__, PublishTemplate.__name__]


async def test_what_the_checks_found_comes_back_with_its_place_and_law(api: Api) -> None:
    answer = await api.post(
        "/api/v1/templates/confirmation/publish", json={}, headers=await bearer(api, "manager")
    )
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"].endswith("/template-refused")
    assert [(one["code"], one["place"], one["source"]) for one in problem["findings"]] == [
        ("banned-claim", "lines[0]", "law")
    ]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/templates", None),
        ("PUT", "/api/v1/templates/confirmation/draft", DRAFT),
        ("POST", "/api/v1/templates/confirmation/publish", {}),
        ("POST", "/api/v1/directory/name-forms", {"display": {"ru": "Анна"}}),
    ],
)
async def test_reception_words_nothing(api: Api, method: str, path: str, body: Any) -> None:
    answer = await api.request(method, path, json=body, headers=await bearer(api, "reception"))
    assert answer.status_code == 403


async def test_a_name_that_no_template_can_have_is_malformed(api: Api) -> None:
    answer = await api.get("/api/v1/templates/No%20Such", headers=await bearer(api, "manager"))
    assert answer.status_code == 422


async def test_a_preview_is_shown_by_language_and_shape_of_name(api: Api) -> None:
    answer = await api.post(
        "/api/v1/templates/confirmation/preview", json={"locale": "fa", "shape": "one-word", "channel": "sms"},
        headers=await bearer(api, "admin"),
    )  # fmt: skip
    assert answer.json()["lines"] == ["confirmation", "fa", "one-word"]


async def test_forms_of_a_name_are_proposed_to_whoever_sets_the_clinic_up(api: Api) -> None:
    answer = await api.post(
        "/api/v1/directory/name-forms", json={"display": {"ru": "Анна Петровна"}, "speciality": {"ru": "хирург"}},
        headers=await bearer(api, "admin"),
    )  # fmt: skip
    assert answer.json() == {"dative": {"ru": "Анна Петровна"}, "speciality_dative": {"ru": "хирург"}}
