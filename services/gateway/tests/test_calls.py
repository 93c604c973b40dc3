"""Telephony at the gateway: verified, answered in its own words, shown at the desk; and the end of invitations."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from common.contracts.consents import WithdrawPermission
from common.contracts.notifications import CallView, ContinueCall, ListCalls, RecordCall
from common.ids import new_id
from common.links import Link, Purpose

from .conftest import Api
from .owners import Owners
from .test_webhooks import twilio

REFERENCE = UUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def form(status: str = "in-progress", **more: str) -> dict[str, str]:
    return {"CallSid": "CA1", "CallStatus": status, "From": "clinic", "To": "+77010000001",
            "Direction": "outbound-api", **more}  # fmt: skip


async def told(api: Api, path: str, fields: dict[str, str], *, token: bytes = b"sms-token") -> Any:
    headers = twilio(f"http://gateway.test{path}", fields, token)
    return await api.post(path, content=urlencode(fields), headers=headers)


def asked(owners: Owners, kind: type) -> list[Any]:
    return [one for one in owners.received if isinstance(one, kind)]


async def test_telephony_is_answered_with_what_notifications_says_next(api: Api, owners: Owners) -> None:
    path = f"/webhooks/voice/{owners.network_id}?ref={REFERENCE}&step=1"
    answer = await told(api, path, form(Digits="1"))
    assert (answer.status_code, answer.text) == (200, "<Response>1</Response>")
    assert answer.headers["content-type"].startswith("text/xml")
    (command,) = asked(owners, ContinueCall)
    assert (command.provider_id, command.reference, command.step, command.digits) == (
        "CA1",
        REFERENCE,
        1,
        "1",
    )


async def test_an_answering_machine_is_told_apart(api: Api, owners: Owners) -> None:
    path = f"/webhooks/voice/{owners.network_id}?ref={REFERENCE}&step=0"
    await told(api, path, form(AnsweredBy="machine_start"))
    await told(api, path, form(AnsweredBy="human"))
    assert [one.machine for one in asked(owners, ContinueCall)] == [True, False]


async def test_a_wrong_signature_moves_no_call(api: Api, owners: Owners) -> None:
    path = f"/webhooks/voice/{owners.network_id}"
    answer = await told(api, path, form("ringing", Direction="inbound"), token=b"another")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/bad-signature")
    assert asked(owners, RecordCall) == []


async def test_what_tells_of_no_call_is_malformed(api: Api, owners: Owners) -> None:
    path = f"/webhooks/voice/{owners.network_id}"
    for fields in ({"CallSid": "CA1"}, form("sleeping"), form("ringing", CallSid="C" * 81)):
        assert (await told(api, path, fields)).status_code == 422


async def test_states_of_calls_both_ways_name_the_patients_number(api: Api, owners: Owners) -> None:
    incoming = form("ringing", Direction="inbound", From="+77010000001", To="+77272000000")
    assert (await told(api, f"/webhooks/voice/{owners.network_id}", incoming)).status_code == 200
    ours = f"/webhooks/voice/{owners.network_id}/status?ref={REFERENCE}"
    await told(api, ours, form("completed", CallDuration="12"))
    first, second = asked(owners, RecordCall)
    assert (first.direction, first.patient_number, first.clinic_number, first.reference) == (
        "inbound", "+77010000001", "+77272000000", None,
    )  # fmt: skip
    assert (second.direction, second.patient_number, second.reference, second.seconds) == (
        "outbound", "+77010000001", REFERENCE, 12,
    )  # fmt: skip


async def test_kavenegar_is_known_by_the_key_in_its_address_which_is_kept_nowhere(
    api: Api, owners: Owners
) -> None:
    body = b"messageid=1&status=10"
    path = f"/webhooks/kavenegar/{owners.network_id}"
    for key in ("", "?key=", "?key=wrong-wrong-wrong"):
        assert (await api.post(path + key, content=body)).status_code == 403
    assert (await api.post(f"{path}?key=kavenegar-webhook-key", content=body)).status_code == 200
    (kept,) = owners.webhooks
    assert (kept.provider, kept.query, kept.body) == ("kavenegar", {}, body.decode())


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_kavenegar_tells_in_the_query_is_told_once_for_each_query(
    api: Api, owners: Owners, method: str
) -> None:
    path = f"/webhooks/kavenegar/{owners.network_id}"
    told = ({"messageid": "1", "status": "4"}, {"messageid": "1", "status": "10"})
    for query in (*told, told[0]):
        answer = await api.request(method, path, params={"key": "kavenegar-webhook-key", **query})
        assert answer.status_code == 200, answer.text
    sent, delivered, again = owners.webhooks
    assert [one.query for one in (sent, delivered)] == list(told)
    assert sent.command_id == again.command_id != delivered.command_id


def call(owners: Owners, **more: Any) -> CallView:
    given: dict[str, Any] = {
        "call_id": new_id(), "direction": "inbound", "state": "ringing", "number": "+77010000001",
        "branch_id": owners.branch_id, "patient_id": None, "message_id": None,
        "candidates": [owners.patient(name) for name in ("Асель Ким", "Данияр Ким")],
        "at": NOW, "answered_at": None, "ended_at": None, "seconds": None, "reason": None,
    }  # fmt: skip
    view = CallView(**{**given, **more})
    owners.calls[view.call_id] = view
    return view


async def test_the_desk_sees_who_a_call_could_be_from_by_name(api: Api, owners: Owners) -> None:
    ringing = call(owners)
    desk = await api.bearer("reception")
    shown = (await api.get(f"/api/v1/calls/{ringing.call_id}", headers=desk)).json()
    assert [one["patient_id"] for one in shown["candidates"]] == [str(one) for one in ringing.candidates]
    assert all(one["full_name"] for one in shown["candidates"])


async def test_a_call_is_shown_without_names_while_the_cards_are_away(api: Api, owners: Owners) -> None:
    ringing = call(owners)
    desk = await api.bearer("reception")
    owners.unavailable.add("patient_profile")
    shown = (await api.get(f"/api/v1/calls/{ringing.call_id}", headers=desk)).json()
    assert {one["full_name"] for one in shown["candidates"]} == {""}


async def test_calls_are_listed_by_the_branchs_own_days(api: Api, owners: Owners) -> None:
    desk = await api.bearer("reception")
    query = {"branch_id": str(owners.branch_id), "from": "2026-11-02", "to": "2026-11-02"}
    answer = await api.get("/api/v1/calls", params=query, headers=desk)
    assert answer.status_code == 200, answer.text
    (question,) = asked(owners, ListCalls)
    assert question.from_at == datetime(2026, 11, 1, 19, tzinfo=UTC), "midnight in Almaty"
    assert question.to_at - question.from_at == timedelta(days=1)
    backwards = {**query, "to": "2026-11-01"}
    assert (await api.get("/api/v1/calls", params=backwards, headers=desk)).status_code == 422


async def test_calls_are_not_for_everybody(api: Api, owners: Owners) -> None:
    ringing = call(owners)
    elsewhere = await api.bearer("reception", branch_ids=[new_id()])
    assert (await api.get(f"/api/v1/calls/{ringing.call_id}", headers=elsewhere)).status_code == 404
    accounting = await api.bearer("accounting")
    assert (await api.get(f"/api/v1/calls/{ringing.call_id}", headers=accounting)).status_code == 403


async def test_the_360_view_shows_a_call_and_nobody_else_whom_it_could_be_from(
    api: Api, owners: Owners
) -> None:
    booked = await api.book(owners)
    own, other = UUID(booked["patient_id"]), new_id()
    call(owners, candidates=[own, other])
    desk = await api.bearer("reception")
    answer = await api.get(f"/api/v1/patients/{own}/360", headers=desk)
    section = answer.json()["sections"]["communications"]
    assert section["status"] == "ok"
    (shown,) = section["data"]["timeline"]
    assert (shown["kind"], shown["certain"]) == ("call", False)
    assert str(other) not in answer.text


def link(api: Api, owners: Owners, patient_id: UUID, purpose: Purpose = "unsubscribe") -> str:
    made = Link(owners.network_id, purpose, patient_id, NOW + timedelta(days=30))
    return f"/l/{api.parts.links.token(made)}/unsubscribe"


async def test_one_press_without_logging_in_ends_invitations(api: Api, owners: Owners) -> None:
    patient_id = new_id()
    path = link(api, owners, patient_id)
    assert (await api.get(path)).status_code == 200
    assert asked(owners, WithdrawPermission) == [], "mail programs open links by themselves"
    for _ in range(2):
        answer = await api.post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200, answer.text
    assert {(one.patient_id, one.purpose) for one in asked(owners, WithdrawPermission)} == {
        (patient_id, "marketing")
    }


async def test_a_link_made_for_something_else_ends_nothing(api: Api, owners: Owners) -> None:
    answer = await api.post(link(api, owners, new_id(), "manage"))
    assert answer.json()["type"] == "/problems/link-invalid"
    assert asked(owners, WithdrawPermission) == []
