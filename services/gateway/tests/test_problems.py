"""Whatever is wrong is answered with a problem document, repeats nothing and changes nothing."""

from typing import Any

import pytest

from common.errors import Refused, UnknownThing, VersionConflict
from gateway import problems

from .conftest import Api, booking_form
from .owners import Owners


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("slot-taken", 409), ("patient-busy", 409), ("version-conflict", 409), ("illegal-transition", 409),
        ("task-taken", 409), ("clock-backward", 409), ("unknown-network", 404), ("unknown-anything", 404),
        ("not-allowed", 403), ("link-expired", 410), ("link-invalid", 404), ("not-authenticated", 401),
        ("malformed", 422), ("malformed-phone", 422), ("some-rule-of-tomorrow", 422), ("not-settled", 504),
        ("internal-error", 500),
    ],
)  # fmt: skip
def test_a_code_has_one_status(code: str, status: int) -> None:
    assert problems.status_of(code) == status


def test_what_would_be_possible_instead_stands_in_the_document() -> None:
    answer = problems.of_refusal(Refused("taken", code="slot-taken", alternatives=[1, 2]))
    assert answer.status_code == 409
    assert b'"alternatives":[1,2]' in bytes(answer.body)
    assert problems.of_refusal(VersionConflict("changed", version=4)).status_code == 409
    assert problems.of_refusal(UnknownThing("branch", "x")).status_code == 404


def test_extra_members_cannot_replace_the_documents_own() -> None:
    answer = problems.of_refusal(Refused("x", code="slot-taken", status=200, type="other"))
    assert answer.status_code == 409


def changed(form: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**form, **changes}


SECRET = "Секретное-Имя"

BAD: list[tuple[str, dict[str, Any], int, str]] = [
    ("a malformed phone", {"patient": {"full_name": SECRET, "phone": "not a phone"}}, 422, "malformed-phone"),
    ("an empty name", {"patient": {"full_name": "  ", "phone": "+7701"}}, 422, "malformed"),
    ("a long name", {"patient": {"full_name": SECRET * 50, "phone": "+7701"}}, 422, "malformed"),
    ("a number for a name", {"patient": {"full_name": 7, "phone": "+7701"}}, 422, "malformed"),
    ("no patient", {"patient": None}, 422, "malformed"),
    ("an unknown field", {"price": SECRET}, 422, "malformed"),
    (
        "a field too many in the patient",
        {"patient": {"full_name": "A", "phone": "+7701", "role": SECRET}},
        422,
        "malformed",
    ),
    ("a service that is no id", {"service_id": SECRET}, 422, "malformed"),
    ("a time without offset", {"starts_at": "2026-11-03T10:00:00"}, 422, "malformed"),
    ("a time that is none", {"starts_at": SECRET}, 422, "malformed"),
    ("a past slot", {"starts_at": "2020-01-01T10:00:00+05:00"}, 422, "slot-in-the-past"),
    ("an unknown source", {"source": SECRET}, 422, "malformed"),
    ("an agreement to nothing known", {"agrees_to": [SECRET]}, 422, "malformed"),
    ("a megabyte of a name", {"patient": {"full_name": SECRET * 80_000, "phone": "+7701"}}, 413, "too-large"),
]


async def test_bad_input_is_a_problem_repeats_nothing_and_changes_nothing(api: Api, owners: Owners) -> None:
    path = f"/api/v1/networks/{owners.network_id}/bookings"
    for what, changes, status, code in BAD:
        answer = await api.post(path, json=changed(booking_form(owners), **changes))
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}"), what
        assert answer.headers["content-type"] == "application/problem+json", what
        assert len(answer.json()["instance"]) == 32, what
        assert SECRET not in answer.text, what
    assert owners.appointments == {}


NO_OBJECTS = (b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"a": 1' + b"0" * 5000)


async def test_a_body_that_is_no_object_is_a_problem(api: Api, owners: Owners) -> None:
    path = f"/api/v1/networks/{owners.network_id}/bookings"
    for body in NO_OBJECTS:
        answer = await api.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.headers["content-type"] == "application/problem+json", body[:9]
        assert 400 <= answer.status_code < 500, body[:9]


async def test_an_unknown_network_is_404_everywhere(api: Api, owners: Owners) -> None:
    for path in ("branches", "services", "practitioners", f"slots?service_id={owners.service_id}"):
        answer = await api.get(f"/api/v1/networks/nowhere/{path}")
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-network"), path
    answer = await api.post("/api/v1/networks/nowhere/bookings", json=booking_form(owners))
    assert answer.status_code == 404


async def test_wrong_types_in_a_query_are_named_field_by_field(api: Api, owners: Owners) -> None:
    answer = await api.get(
        f"/api/v1/networks/{owners.network_id}/slots",
        params={"service_id": "x", "days": "99", "from": "soon"},
    )
    assert answer.status_code == 422
    assert sorted(one["at"][-1] for one in answer.json()["fields"]) == ["days", "from", "service_id"]


async def test_an_unknown_path_and_a_wrong_method_are_problems_too(api: Api) -> None:
    lost = await api.get("/api/v1/nothing-here")
    assert (lost.status_code, lost.json()["type"]) == (404, "/problems/not-found")
    wrong = await api.delete("/api/v1/networks")
    assert (wrong.status_code, wrong.json()["type"]) == (405, "/problems/method-not-allowed")


async def test_a_bug_of_ours_is_500_without_its_text(
    api: Api, owners: Owners, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(type(api.parts.public_directory), "network", broken)
    answer = await api.get(f"/api/v1/networks/{owners.network_id}")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal-error")
    assert SECRET not in answer.text


async def test_every_answer_carries_the_headers_that_protect_it(api: Api) -> None:
    answer = await api.get("/api/v1/networks")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_trace_that_comes_with_the_request_goes_on(api: Api) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = await api.get("/api/v1/networks", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert answer.headers["x-trace-id"] == trace


async def test_metrics_know_routes_by_their_template_and_no_token(api: Api, owners: Owners) -> None:
    token = (await api.book(owners))["token"]
    await api.get(f"/api/v1/links/{token}")
    metrics = (await api.get("/metrics")).text
    assert 'route="/api/v1/links/{token}"' in metrics
    assert token not in metrics


async def test_the_interface_describes_itself(api: Api) -> None:
    described = (await api.get("/api/v1/openapi.json")).json()
    assert "/api/v1/networks/{network}/bookings" in described["paths"]
    page = await api.get("/docs")
    assert page.status_code == 200
    assert "POST /api/v1/networks/{network}/bookings" in page.text
    assert "<script" not in page.text
