"""Referrals and next visits over HTTP, booking played on the real bus."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from common.caller import Caller
from common.contracts import booking
from common.errors import Refused
from common.ids import new_id
from common.rpc import Answers

from .conftest import Api
from .owners import START, Owners


@dataclass
class Referring:
    """What booking would keep of referrals, and the questions for next visits that it was asked."""

    kept: dict[UUID, booking.Referral] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)


def _answers() -> Answers[Referring]:
    answers = Answers[Referring]()

    @answers.to(booking.CreateReferral)
    async def create(
        command: booking.CreateReferral, caller: Caller, referring: Referring
    ) -> booking.Referral:
        referring.callers.append(caller)
        referral = booking.Referral(
            version=1, status="open", created_at=START, expires_at=START,
            **command.model_dump(exclude={"command_id", "valid_days"}),
        )  # fmt: skip
        return referring.kept.setdefault(referral.referral_id, referral)

    @answers.to(booking.DeclineReferral)
    async def decline(
        command: booking.DeclineReferral, caller: Caller, referring: Referring
    ) -> booking.Referral:
        referral = referring.kept[command.referral_id]
        if referral.status != "open":
            raise Refused("It is over", code="referral-over", status=referral.status)
        changed = referral.model_copy(update={"status": "declined", "declined": command.reason, "version": 2})
        referring.kept[command.referral_id] = changed
        return changed

    @answers.to(booking.ListReferrals)
    async def listed(query: booking.ListReferrals, caller: Caller, referring: Referring) -> booking.Referrals:
        referring.asked.append(query)
        return booking.Referrals(referrals=list(referring.kept.values()))

    @answers.to(booking.FindNextSlots)
    async def next_slots(
        query: booking.FindNextSlots, caller: Caller, referring: Referring
    ) -> booking.NextSlots:
        referring.asked.append(query)
        referring.callers.append(caller)
        return booking.NextSlots(last_visit_id=None, practitioner_id=None, branch_id=None, slots=[])

    return answers


@pytest.fixture
async def referring(answering: Any, api: Api) -> AsyncIterator[Referring]:
    state = Referring()
    async with answering(_answers(), state):
        yield state


def wish(owners: Owners) -> dict[str, Any]:
    """To cardiology, at the other branch."""
    return {"service_kind": "cardiology", "branch_id": str(owners.other_branch_id)}


async def test_a_doctor_refers_a_patient_of_theirs_in_their_own_name(
    api: Api, owners: Owners, referring: Referring
) -> None:
    mine, other = await api.book(owners), str(new_id())
    doctor = await api.bearer("doctor", practitioner_id=owners.practitioner_id)
    body = {"patient_id": mine["patient_id"], "wish": wish(owners), "urgency": "soon"}
    made = await api.post("/api/v1/referrals", json=body, headers={**doctor, "Idempotency-Key": "r"})
    assert made.status_code == 201, made.text
    assert made.json()["from_practitioner_id"] == str(owners.practitioner_id)
    again = await api.post("/api/v1/referrals", json=body, headers={**doctor, "Idempotency-Key": "r"})
    assert again.json() == made.json()
    assert len(referring.kept) == 1
    refused = await api.post("/api/v1/referrals", json={**body, "patient_id": other}, headers=doctor)
    assert refused.status_code == 403


async def test_the_desk_says_who_refers(api: Api, owners: Owners, referring: Referring) -> None:
    desk = await api.bearer("reception")
    body: dict[str, Any] = {"patient_id": owners.patient(), "wish": wish(owners)}
    assert (await api.post("/api/v1/referrals", json=body, headers=desk)).status_code == 403
    body["from_practitioner_id"] = str(owners.practitioner_id)
    assert (await api.post("/api/v1/referrals", json=body, headers=desk)).status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"wish": {}},
        {"wish": {"service_kind": "x", "service_id": str(new_id())}},
        {"wish": {"service_kind": "x", "note": "pain in the chest"}},
        {"reason": "pain in the chest"},
        {"note": "pain in the chest"},
        {"urgency": "now"},
    ],
)
async def test_a_referral_has_codes_and_no_words(
    api: Api, owners: Owners, referring: Referring, wrong: dict[str, Any]
) -> None:
    body = {
        "patient_id": owners.patient(), "wish": wish(owners), "from_practitioner_id": str(owners.practitioner_id),
    }  # fmt: skip
    answer = await api.post(
        "/api/v1/referrals", json={**body, **wrong}, headers=await api.bearer("reception")
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/malformed")
    assert "chest" not in answer.text


async def test_a_referral_is_declined_once_and_listed_as_it_stands(
    api: Api, owners: Owners, referring: Referring
) -> None:
    desk = await api.bearer("reception")
    body: dict[str, Any] = {
        "patient_id": owners.patient(), "wish": wish(owners), "from_practitioner_id": str(owners.practitioner_id),
    }  # fmt: skip
    made = (await api.post("/api/v1/referrals", json=body, headers=desk)).json()
    path = f"/api/v1/referrals/{made['referral_id']}/decline"
    declined = await api.post(path, json={"reason": "not-needed"}, headers=desk)
    assert (declined.json()["status"], declined.json()["declined"]) == ("declined", "not-needed")
    again = await api.post(path, json={"reason": "not-needed"}, headers=desk)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/referral-over")
    found = await api.get("/api/v1/referrals", params={"patient_id": body["patient_id"]}, headers=desk)
    assert [one["status"] for one in found.json()["referrals"]] == ["declined"]
    assert referring.asked[-1].patient_ids == [UUID(body["patient_id"])]
    delegate = await api.bearer("delegate", practitioner_ids=[owners.practitioner_id])
    assert (await api.post("/api/v1/referrals", json=body, headers=delegate)).status_code == 403
    assert (await api.get("/api/v1/referrals", headers=delegate)).status_code == 200


async def test_the_360_view_has_the_referrals_beside_the_visits_or_says_that_it_does_not_know(
    api: Api, owners: Owners, answering: Any
) -> None:
    patient = (await api.book(owners))["patient_id"]
    desk = await api.bearer("reception")

    async def shown() -> Any:
        view = (await api.get(f"/api/v1/patients/{patient}/360", headers=desk)).json()
        return view["sections"]["appointments"]["data"]["referrals"]

    assert await shown() is None
    referral = booking.Referral(
        referral_id=new_id(), version=1, status="open", patient_id=UUID(patient),
        from_practitioner_id=owners.practitioner_id, wish=booking.ReferralWish(service_kind="cardiology"),
        urgency="soon", reason="consultation", created_at=START, expires_at=START,
    )  # fmt: skip
    async with answering(_answers(), Referring({referral.referral_id: referral})):
        assert [one["status"] for one in await shown()] == ["open"]
        stranger = referral.model_copy(update={"referral_id": new_id(), "patient_id": new_id()})
    async with answering(_answers(), Referring({stranger.referral_id: stranger})):
        assert await shown() is None, "nothing of anybody else"


async def test_a_booking_carries_the_referral_that_asked_for_it(api: Api, owners: Owners) -> None:
    referral = str(new_id())
    body = {
        "patient_id": owners.patient(), "service_id": str(owners.service_id), "branch_id": str(owners.branch_id),
        "practitioner_id": str(owners.practitioner_id), "starts_at": "2026-11-03T10:00:00+05:00",
        "referral_id": referral,
    }  # fmt: skip
    answer = await api.post("/api/v1/appointments", json=body, headers=await api.bearer("reception"))
    assert answer.status_code == 201, answer.text
    assert str(owners.received[-1].referral_id) == referral


async def test_the_next_control_is_asked_for_under_the_patient_and_whoever_was_merged_into_it(
    api: Api, owners: Owners, referring: Referring
) -> None:
    patient = (await api.book(owners))["patient_id"]
    path = f"/api/v1/patients/{patient}/next-slots"
    query = {"service_id": str(owners.service_id), "from": "2026-11-20"}
    answer = await api.get(path, params=query, headers=await api.bearer("reception"))
    assert answer.status_code == 200, answer.text
    asked = referring.asked[-1]
    assert (asked.patient_ids, asked.from_date.isoformat()) == ([UUID(patient)], "2026-11-20")
    stranger = await api.bearer("doctor", practitioner_id=owners.other_practitioner_id)
    assert (await api.get(path, params=query, headers=stranger)).status_code == 403
    assert (await api.get(path, headers=await api.bearer("manager"))).status_code == 422
