"""One pure function decides about every message: send it now, wait, or drop it; and says why, in order."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from notifications.rules import windows
from notifications.rules.values import ChannelFacts, Facts, Reason, Verdict

LAPSES_AFTER = timedelta(minutes=30)
"""An immediate message that could not go out in this time becomes a service message: a backlog wakes nobody."""

ENDED = frozenset({"cancelled", "noshow", "fulfilled", "displaced"})


def decide(facts: Facts, *, now: datetime) -> Verdict:
    """The verdict at `now`. Planning asks long before the target, sending at the real moment: the same rules."""
    reasons: list[Reason] = []
    stopped = _message_stops(facts, now, reasons)
    if stopped is not None:
        return _verdict("drop", facts, now, [*reasons, stopped])
    if facts.paused:
        reasons.append(Reason("brake", "paused", {"template": facts.template}))
        return _verdict("wait", facts, now, reasons)
    candidates = _candidates(facts, reasons)
    if not candidates:
        return _verdict("drop", facts, now, [*reasons, _no_channel(facts)])
    if all(channel.paused for channel in candidates):
        reasons.append(Reason("brake", "paused", {"channels": [each.channel for each in candidates]}))
        return _verdict("wait", facts, now, reasons)
    return _timed(facts, [each for each in candidates if not each.paused], now, reasons)


def _message_stops(facts: Facts, now: datetime, reasons: list[Reason]) -> Reason | None:
    return _patient_stops(facts) or _appointment_stops(facts, reasons) or _deadline_stops(facts, now)


def _patient_stops(facts: Facts) -> Reason | None:
    if not facts.known:
        return Reason("patient", "unknown-patient")
    if facts.deceased:
        return Reason("patient", "deceased")
    if facts.message_class == "service" and not facts.accepts_reminders:
        return Reason("preference", "reminders-refused")
    if facts.orientation and not facts.accepts_orientations:
        return Reason("preference", "orientations-refused")
    return None


def _appointment_stops(facts: Facts, reasons: list[Reason]) -> Reason | None:
    appointment = facts.appointment
    if appointment is None or facts.about_cancellation:
        return None
    detail = {"status": appointment.status, "version": appointment.version}
    if appointment.status in ENDED:
        return Reason("appointment", appointment.status, detail)
    if facts.planned_for is not None and appointment.starts_at != facts.planned_for:
        return Reason("appointment", "moved", detail)
    if facts.asks and appointment.status in {"confirmed", "arrived"}:
        return Reason("appointment", "already-confirmed", detail)
    reasons.append(Reason("appointment", "stands", detail))
    return None


def _deadline_stops(facts: Facts, now: datetime) -> Reason | None:
    if facts.starts_at is not None and now >= facts.starts_at:
        return Reason("deadline", "visit-started", {"starts_at": facts.starts_at.isoformat()})
    if now > facts.latest_at:
        return Reason("deadline", "too-late", {"latest": facts.latest_at.isoformat()})
    return None


def _candidates(facts: Facts, reasons: list[Reason]) -> list[ChannelFacts]:
    """The channels that may still be used, in order; each refused one leaves its reason."""
    found = []
    for channel in facts.channels:
        name = {"channel": channel.channel}
        cited = {"permission_ids": [str(one) for one in channel.permission_ids]}
        if channel.ended is not None:
            reasons.append(Reason("channel", "tried", {**name, "ended": channel.ended}))
        elif not channel.reachable:
            reasons.append(Reason("channel", "no-address", name))
        elif channel.permission not in {None, "allowed"}:
            reasons.append(
                Reason(
                    "permission", "refused", {**name, **cited, "why": channel.permission}, source="consents"
                )
            )
        else:
            result = "allowed" if channel.permission else "asked-when-sending"
            reasons.append(Reason("permission", result, {**name, **cited}, source="consents"))
            found.append(channel)
    return found


def _no_channel(facts: Facts) -> Reason:
    if any(channel.ended is not None for channel in facts.channels):
        return Reason("channel", "all-channels-failed")
    refused = [each for each in facts.channels if each.reachable and each.permission not in {None, "allowed"}]
    if refused:
        return Reason("permission", str(refused[0].permission))
    return Reason("channel", "no-address")


def _timed(facts: Facts, candidates: list[ChannelFacts], now: datetime, reasons: list[Reason]) -> Verdict:
    if facts.message_class == "immediate":
        if now - facts.asked_at <= LAPSES_AFTER:
            reasons.append(Reason("quiet-hours", "immediate", _place(facts, now)))
            return _at(facts, candidates[0], max(facts.target_at, now), now, reasons)
        reasons.append(Reason("class", "lapsed-into-service", {"asked_at": facts.asked_at.isoformat()}))
    first, *others = candidates
    found = _shift(facts, first, now, reasons)
    if found is not None:
        return _at(facts, first, found, now, reasons)
    for other in others:
        instant = max(facts.target_at, now)
        if instant <= facts.latest_at and _open_at(facts, other, instant):
            reasons.append(_window_reason(facts, other, instant, "other-channel-open"))
            return _at(facts, other, instant, now, reasons)
    return _verdict("drop", facts, now, [*reasons, Reason("quiet-hours", "no-open-window")])


def _shift(facts: Facts, channel: ChannelFacts, now: datetime, reasons: list[Reason]) -> datetime | None:
    """The target where it is open, else the next open instant in range, else the last one before it."""
    instant = max(facts.target_at, now)
    if _open_at(facts, channel, instant):
        reasons.append(_window_reason(facts, channel, instant, "open"))
        return instant
    reasons.append(_window_reason(facts, channel, instant, "closed"))
    where = (facts.pack, _class(facts), channel.channel, facts.zone)
    later = windows.next_open(*where, instant, facts.latest_at, facts.quiet)
    if later is not None and (facts.starts_at is None or later < facts.starts_at):
        reasons.append(_window_reason(facts, channel, later, "moved-to-next-open"))
        return later
    earlier = windows.last_open(*where, instant, max(facts.earliest_at, now), facts.quiet)
    if earlier is not None:
        reasons.append(_window_reason(facts, channel, earlier, "moved-before-closing"))
    return earlier


def _class(facts: Facts) -> str:
    return "service" if facts.message_class == "immediate" else facts.message_class


def _open_at(facts: Facts, channel: ChannelFacts, at: datetime) -> bool:
    return windows.open_at(facts.pack, _class(facts), channel.channel, facts.zone, at, facts.quiet)


def _place(facts: Facts, at: datetime) -> dict[str, object]:
    local = at.astimezone(ZoneInfo(facts.zone))
    offset = local.utcoffset() or timedelta(0)
    place: dict[str, object] = {
        "zone": facts.zone,
        "zone_of": facts.zone_of,
        "offset_minutes": int(offset.total_seconds() // 60),
        "local_time": local.strftime("%Y-%m-%dT%H:%M"),
        "weekday": local.isoweekday(),
    }
    if facts.provisional:
        place["provisional"] = True
    return place


def _window_reason(facts: Facts, channel: ChannelFacts, at: datetime, result: str) -> Reason:
    place = _place(facts, at)
    local = at.astimezone(ZoneInfo(facts.zone)).date()
    entries = windows.entries_for(facts.pack, _class(facts), channel.channel, local)
    place["channel"] = channel.channel
    place["entries"] = [entry.id for entry in entries]
    holiday = facts.pack.holiday(local)
    if holiday:
        place["holiday"] = holiday
    if facts.quiet is not None:
        place["patient_quiet"] = f"{facts.quiet.begins:%H:%M}-{facts.quiet.ends:%H:%M}"
    source = "; ".join(f"{entry.source} [{entry.confidence}]" for entry in entries)
    return Reason("quiet-hours", result, place, source or None)


def _at(
    facts: Facts, channel: ChannelFacts, instant: datetime, now: datetime, reasons: list[Reason]
) -> Verdict:
    action = "send" if instant <= now else "wait"
    reasons.append(Reason("channel", "chosen", {"channel": channel.channel}))
    return Verdict(
        "send" if action == "send" else "wait", now, tuple(reasons), facts.pack.policy_version,
        channel=channel.channel, send_at=instant,
    )  # fmt: skip


def _verdict(action: str, facts: Facts, now: datetime, reasons: list[Reason]) -> Verdict:
    return Verdict("drop" if action == "drop" else "wait", now, tuple(reasons), facts.pack.policy_version)
