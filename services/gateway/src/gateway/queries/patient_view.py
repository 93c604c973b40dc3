"""The 360 view: five owners asked at once, each with its own deadline, one patient and one network only."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from common import telemetry
from common.caller import Caller
from common.contracts.booking import (
    AppointmentRecord,
    Appointments,
    AppointmentsOfPatient,
    BalanceOf,
    Balances,
    ListReferrals,
)
from common.contracts.consents import PermissionsOf
from common.contracts.messages import Query
from common.contracts.notifications import CommunicationsOf
from common.contracts.patient_profile import GetProfile, Profile
from common.contracts.recall import RecallsOf
from common.errors import Refused, Unavailable
from common.rpc import Asks


@dataclass(frozen=True)
class Section:
    """One owner's part; without data where the owner is down or late."""

    status: str
    data: dict[str, Any] | None
    as_of: datetime


class Mixed(Exception):  # noqa: N818 - a reason to show nothing
    """An owner answered about somebody else."""


async def view(
    asks: Asks,
    caller: Caller,
    patient_id: UUID,
    *,
    now: datetime,
    seconds: float,
    money: bool,
) -> dict[str, Section]:
    """The five sections, each owner having `seconds` for its own. Raises `unknown-patient` where its owner says so."""
    sections = await _ask_all(asks, caller, [patient_id], patient_id, now=now, seconds=seconds, money=money)
    profile = sections["profile"]
    merged = [UUID(one) for one in (profile.data or {}).get("merged_ids", [])]
    if merged:
        everyone = [patient_id, *merged]
        rest = await _ask_all(asks, caller, everyone, None, now=now, seconds=seconds, money=money)
        sections = {**rest, "profile": profile}
    return sections


async def _ask_all(
    asks: Asks,
    caller: Caller,
    ids: list[UUID],
    profile_of: UUID | None,
    *,
    now: datetime,
    seconds: float,
    money: bool,
) -> dict[str, Section]:
    allowed = frozenset(ids)
    questions: dict[str, tuple[Query[Any], Callable[[Any], dict[str, Any]]]] = {
        "appointments": (
            AppointmentsOfPatient(patient_ids=ids),
            lambda found: appointments(_only(found, allowed), now=now, money=money),
        ),
        "communications": (
            CommunicationsOf(patient_ids=ids),
            lambda found: _communications(found.model_dump(mode="json"), allowed),
        ),
        "consents": (
            PermissionsOf(patient_ids=ids),
            lambda found: _of_patient(found.model_dump(mode="json"), "permissions", allowed),
        ),
        "recall": (
            RecallsOf(patient_ids=ids),
            lambda found: _of_patient(found.model_dump(mode="json"), "recalls", allowed),
        ),
        "referrals": (
            ListReferrals(patient_ids=ids),
            lambda found: _of_patient(found.model_dump(mode="json"), "referrals", allowed),
        ),
    }
    if money:
        questions["balances"] = (BalanceOf(patient_ids=ids), lambda found: _balances(found, allowed))
    if profile_of is not None:
        questions["profile"] = (GetProfile(patient_id=profile_of), _profile)
    answers = await asyncio.gather(
        *(
            _section(name, asks, caller, question, shape, now=now, seconds=seconds)
            for name, (question, shape) in questions.items()
        )
    )
    return _beside_visits(dict(zip(questions, answers, strict=True)))


def _beside_visits(sections: dict[str, Section]) -> dict[str, Section]:
    """Referrals, and what is owed, belong to the visits; None where that is not known."""
    visits = sections["appointments"].data
    for name in ("balances", "referrals"):
        found = sections.pop(name, None)
        if found is not None and visits is not None:
            visits[name] = found.data[name] if found.data else None
    return sections


def _balances(found: Balances, allowed: frozenset[UUID]) -> dict[str, Any]:
    return _of_patient(found.model_dump(mode="json"), "balances", allowed)


async def _section(
    name: str,
    asks: Asks,
    caller: Caller,
    question: Query[Any],
    shape: Callable[[Any], dict[str, Any]],
    *,
    now: datetime,
    seconds: float,
) -> Section:
    try:
        found = await asks.ask(question, caller=caller, timeout=seconds)
        return Section("ok", shape(found), now)
    except Unavailable as error:
        telemetry.log().info("section is missing", section=name, why=error.why)
    except Mixed:
        telemetry.log().error("section is about somebody else", section=name)
    except Refused as refusal:
        if refusal.refusal == "unknown-patient":
            raise
        telemetry.log().warning("section was refused", section=name, code=refusal.refusal)
    return Section("unavailable", None, now)


def _profile(profile: Profile) -> dict[str, Any]:
    return profile.model_dump(mode="json")


def _only(found: Appointments, allowed: frozenset[UUID]) -> Sequence[AppointmentRecord]:
    if any(one.appointment.patient_id not in allowed for one in found.appointments):
        raise Mixed("appointments")
    return found.appointments


def _of_patient(body: dict[str, Any], name: str, allowed: frozenset[UUID]) -> dict[str, Any]:
    if any(UUID(one["patient_id"]) not in allowed for one in body[name]):
        raise Mixed(name)
    return body


def _communications(body: dict[str, Any], allowed: frozenset[UUID]) -> dict[str, Any]:
    """With `timeline`: messages, replies and calls in one list, newest first."""
    _of_patient(body, "messages", allowed)
    if any(one["patient_id"] and UUID(one["patient_id"]) not in allowed for one in body["inbound"]):
        raise Mixed("inbound")
    entries = [
        *({"kind": "message", "at": _sent_at(one), **one} for one in body["messages"]),
        *({"kind": "reply", **one} for one in body["inbound"]),
        *({"kind": "call", **_own_call(one, allowed)} for one in body.pop("calls", [])),
    ]
    body["timeline"] = sorted(entries, key=lambda entry: entry["at"], reverse=True)
    return body


def _own_call(call: dict[str, Any], allowed: frozenset[UUID]) -> dict[str, Any]:
    """A call with, or perhaps from, this patient; who else it could be from is nobody's business here."""
    others = [one for one in call.pop("candidates") if UUID(one) not in allowed]
    if call["patient_id"] and UUID(call["patient_id"]) not in allowed:
        raise Mixed("calls")
    return {**call, "certain": not others}


def _sent_at(message: Mapping[str, Any]) -> str:
    attempts = message.get("attempts") or []
    return str(attempts[-1]["at"] if attempts else message["due_at"] or message["target_at"])


def appointments(found: Sequence[AppointmentRecord], *, now: datetime, money: bool) -> dict[str, Any]:
    """Upcoming soonest first, past newest first, and what they add up to (money only for those who may see it)."""
    shown = [shown_record(one, money=money) for one in found]
    upcoming = [one for one in shown if _instant(one["ends_at"]) > now and one["status"] not in _OVER]
    past = [one for one in shown if one not in upcoming]
    visits = [one.visit for one in found if one.visit is not None]
    totals: dict[str, Any] = {
        "appointments": len(found),
        "visits": len(visits),
        "no_shows": sum(one.appointment.status == "noshow" for one in found),
        "cancelled": sum(one.appointment.status == "cancelled" for one in found),
    }
    if money:
        paid: dict[str, int] = {}
        for visit in visits:
            if visit.paid is not None:
                paid[visit.paid.currency] = paid.get(visit.paid.currency, 0) + visit.paid.amount
        totals["paid"] = [{"amount": amount, "currency": code} for code, amount in sorted(paid.items())]
    return {
        "upcoming": sorted(upcoming, key=lambda one: _instant(one["starts_at"])),
        "past": sorted(past, key=lambda one: _instant(one["starts_at"]), reverse=True),
        "totals": totals,
    }


_OVER = frozenset({"fulfilled", "noshow", "cancelled", "displaced"})


MONEY = (
    "price", "list_price", "price_reason", "paid", "payments", "refunds", "balance", "instalments",
)  # fmt: skip
"""What of a visit is for those who may see money."""


def shown_record(record: AppointmentRecord, *, money: bool) -> dict[str, Any]:
    """One appointment as staff see it: flat, with its version, and without money for those who may not see it."""
    state = record.appointment.model_dump(mode="json")
    visit = record.visit.model_dump(mode="json") if record.visit else None
    shown = {"id": state.pop("appointment_id"), "version": record.version, **state, "visit": visit}
    if money:
        shown["deposit"] = record.deposit.model_dump(mode="json") if record.deposit else None
    elif visit is not None:
        for hidden in MONEY:
            visit.pop(hidden)
    return shown


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
