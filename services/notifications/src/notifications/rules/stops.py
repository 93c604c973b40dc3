"""What stops a message whatever the hour: the patient's wish, the visit's state, the deadline, a cap, another message."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from notifications.rules.values import AppointmentFacts, Cap, ChannelFacts, Facts, Reason

ENDED = frozenset({"cancelled", "noshow", "fulfilled", "displaced"})


def message_stops(facts: Facts, now: datetime, reasons: list[Reason]) -> Reason | None:
    """The first rule that stops the whole message; None to go on."""
    return (
        _patient(facts)
        or _appointment(facts, reasons)
        or _deadline(facts, now)
        or _told_elsewhere(facts)
        or _capped(facts, None, now)
    )


def _patient(facts: Facts) -> Reason | None:
    if not facts.known:
        return Reason("patient", "unknown-patient")
    if facts.deceased:
        return Reason("patient", "deceased")
    reminds = facts.message_class == "service" and facts.about == "visit"
    if reminds and not facts.accepts_reminders:
        return Reason("preference", "reminders-refused")
    if facts.orientation and not facts.accepts_orientations:
        return Reason("preference", "orientations-refused")
    return None


def _appointment(facts: Facts, reasons: list[Reason]) -> Reason | None:
    appointment = facts.appointment
    if appointment is None or facts.about == "cancellation":
        return None
    detail = {"status": appointment.status, "version": appointment.version}
    stopped = _state(facts, appointment)
    if stopped is not None:
        return Reason("appointment", stopped, detail)
    reasons.append(Reason("appointment", "stands", detail))
    return None


def _state(facts: Facts, appointment: AppointmentFacts) -> str | None:
    match facts.about:
        case "displacement":
            return None if appointment.status == "displaced" else f"already-{appointment.status}"
        case "offer":
            return None if appointment.status == "held" else "offer-over"
    if appointment.status in ENDED:
        return appointment.status
    if facts.planned_for is not None and appointment.starts_at != facts.planned_for:
        return "moved"
    if facts.asks and appointment.status in {"confirmed", "arrived"}:
        return "already-confirmed"
    if facts.about == "joining" and appointment.status == "booked":
        return "not-confirmed"
    return None


def _deadline(facts: Facts, now: datetime) -> Reason | None:
    if facts.starts_at is not None and now >= facts.starts_at:
        return Reason("deadline", "visit-started", {"starts_at": facts.starts_at.isoformat()})
    if now > facts.latest_at:
        return Reason("deadline", "too-late", {"latest": facts.latest_at.isoformat()})
    return None


def _told_elsewhere(facts: Facts) -> Reason | None:
    if facts.told_in is None:
        return None
    return Reason("grouping", "grouped", {"into": str(facts.told_in)})


def channel_stops(facts: Facts, channel: ChannelFacts, now: datetime) -> Reason | None:
    """What rules out one channel and leaves the others."""
    name = {"channel": channel.channel}
    if channel.ended is not None:
        return Reason("channel", "tried", {**name, "ended": channel.ended})
    if not channel.reachable:
        return Reason("channel", "no-address", name)
    if channel.permission not in {None, "allowed"}:
        cited = {"permission_ids": [str(one) for one in channel.permission_ids], "why": channel.permission}
        return Reason("permission", "refused", {**name, **cited}, source="consents")
    if facts.may_cost is not None and channel.cost is not None and channel.cost > facts.may_cost:
        return Reason("cost", "too-dear", {**name, "cost": channel.cost, "may_cost": facts.may_cost})
    return _capped(facts, channel, now)


def _capped(facts: Facts, channel: ChannelFacts | None, now: datetime) -> Reason | None:
    """The caps of every channel together, or those of one channel."""
    at = max(facts.target_at, now)
    local = at.astimezone(ZoneInfo(facts.zone)).date()
    for cap in facts.pack.caps:
        binds = cap.channels is None if channel is None else channel.channel in (cap.channels or ())
        if not binds or facts.message_class not in cap.classes or not cap.valid_from <= local <= cap.valid_to:
            continue
        counted = sum(1 for _ in _counted(facts, cap, at))
        if counted >= cap.limit:
            detail = {
                "entry": cap.id,
                "layer": cap.layer,
                "counted": counted,
                "limit": cap.limit,
                "days": cap.days,
            }
            if channel is not None:
                detail["channel"] = channel.channel
            urls = (cap.source_url,) if cap.source_url else ()
            return Reason("cap", f"{cap.counts}-reached", detail, f"{cap.source} [{cap.confidence}]", urls)
    return None


def _counted(facts: Facts, cap: Cap, at: datetime) -> Iterable[object]:
    """What a cap counts: a message on several channels is one touch; a refusal is for every channel."""
    since = at - timedelta(days=cap.days)
    for touch in facts.touches:
        if (
            since < touch.at <= at
            and touch.message_class in cap.classes
            and touch.refused == (cap.counts == "refusals")
            and (cap.channels is None or touch.refused or touch.channels & cap.channels)
        ):
            yield touch
