"""One pure function decides about every message: send it now, wait, or drop it; and says why, in order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from notifications.rules import windows
from notifications.rules.stops import channel_stops, message_stops
from notifications.rules.values import ChannelFacts, Facts, Pack, Quiet, Reason, Verdict

LAPSES_AFTER = timedelta(minutes=30)
"""An immediate message that could not go out in this time becomes a service message: a backlog wakes nobody."""

LOOK_AGAIN_AFTER = timedelta(minutes=15)
"""How often it is looked whether a person still holds the conversation."""


def decide(facts: Facts, *, now: datetime) -> Verdict:
    """The verdict at `now`. Planning asks long before the target, sending at the real moment: the same rules."""
    reasons: list[Reason] = []
    stopped = message_stops(facts, now, reasons)
    if stopped is not None:
        return _verdict("drop", facts, now, [*reasons, stopped])
    if facts.paused:
        reasons.append(Reason("brake", "paused", {"template": facts.template}))
        return _verdict("wait", facts, now, reasons)
    candidates = _candidates(facts, now, reasons)
    if not candidates:
        return _verdict("drop", facts, now, [*reasons, _no_channel(facts, reasons)])
    if all(channel.paused for channel in candidates):
        reasons.append(Reason("brake", "paused", {"channels": [each.channel for each in candidates]}))
        return _verdict("wait", facts, now, reasons)
    usable = [each for each in candidates if not each.paused]
    undisturbed = usable if facts.message_class == "immediate" else [each for each in usable if not each.held]
    if not undisturbed:
        return _held(facts, usable, now, reasons)
    return _timed(facts, undisturbed, now, reasons)


def _candidates(facts: Facts, now: datetime, reasons: list[Reason]) -> list[ChannelFacts]:
    """The channels that may still be used, in order; each refused one leaves its reason."""
    found = []
    for channel in facts.channels:
        stopped = channel_stops(facts, channel, now)
        if stopped is not None:
            reasons.append(stopped)
            continue
        result = "allowed" if channel.permission else "asked-when-sending"
        cited = [str(one) for one in channel.permission_ids]
        reasons.append(
            Reason(
                "permission", result, {"channel": channel.channel, "permission_ids": cited}, source="consents"
            )
        )
        found.append(channel)
    return found


def _no_channel(facts: Facts, reasons: Sequence[Reason]) -> Reason:
    if any(channel.ended is not None for channel in facts.channels):
        return Reason("channel", "all-channels-failed")
    refused = [each for each in facts.channels if each.reachable and each.permission not in {None, "allowed"}]
    if refused:
        return Reason("permission", str(refused[0].permission))
    limited = next((one for one in reasons if one.rule in {"cap", "cost"}), None)
    return Reason(limited.rule, limited.result) if limited else Reason("channel", "no-address")


def _held(facts: Facts, channels: Sequence[ChannelFacts], now: datetime, reasons: list[Reason]) -> Verdict:
    """A person is talking with the patient: later, as long as later is of use."""
    again = max(facts.target_at, now + LOOK_AGAIN_AFTER)
    detail = {"channels": [each.channel for each in channels]}
    if again > facts.latest_at:
        return _verdict("drop", facts, now, [*reasons, Reason("conversation", "held-by-a-person", detail)])
    reasons.append(Reason("conversation", "waits-for-a-person", detail))
    return _verdict("wait", facts, now, reasons, send_at=again)


def _timed(facts: Facts, candidates: list[ChannelFacts], now: datetime, reasons: list[Reason]) -> Verdict:
    if facts.message_class == "immediate":
        instant = max(facts.target_at, now)
        silent = [each for each in candidates if each.channel != "voice" or _open_at(facts, each, instant)]
        if silent and now - facts.asked_at <= LAPSES_AFTER:
            reasons.append(
                Reason(
                    "quiet-hours",
                    "immediate",
                    _place(facts.zone, facts.zone_of, now, provisional=facts.provisional),
                )
            )
            return _at(facts, silent, instant, now, reasons)
        result = "lapsed-into-service" if silent else "a-call-keeps-quiet-hours"
        reasons.append(Reason("class", result, {"asked_at": facts.asked_at.isoformat()}))
    first, *others = candidates
    found = _shift(facts, first, now, reasons)
    if found is not None:
        open_too = [each for each in others if _open_at(facts, each, found)]
        return _at(facts, [first, *open_too], found, now, reasons)
    for place, other in enumerate(others):
        instant = max(facts.target_at, now)
        if instant <= facts.latest_at and _open_at(facts, other, instant):
            reasons.append(_window_reason(facts, other, instant, "other-channel-open"))
            open_too = [each for each in others[place + 1 :] if _open_at(facts, each, instant)]
            return _at(facts, [other, *open_too], instant, now, reasons)
    return _verdict("drop", facts, now, [*reasons, Reason("quiet-hours", "no-open-window")])


def _shift(facts: Facts, channel: ChannelFacts, now: datetime, reasons: list[Reason]) -> datetime | None:
    """The target where it is open, else the next open instant in range, else the last one before it; these two the
    other way round where the step says so."""
    instant = max(facts.target_at, now)
    if _open_at(facts, channel, instant):
        reasons.append(_window_reason(facts, channel, instant, "open"))
        return instant
    reasons.append(_window_reason(facts, channel, instant, "closed"))
    ways = [("moved-to-next-open", _later), ("moved-before-closing", _earlier)]
    for result, way in ways if facts.when_closed == "later" else reversed(ways):
        found = way(facts, channel, instant, now)
        if found is not None:
            reasons.append(_window_reason(facts, channel, found, result))
            return found
    return None


def _later(facts: Facts, channel: ChannelFacts, instant: datetime, _: datetime) -> datetime | None:
    found = windows.next_open(*_where(facts, channel), instant, facts.latest_at, facts.quiet)
    return None if found is None or (facts.starts_at is not None and found >= facts.starts_at) else found


def _earlier(facts: Facts, channel: ChannelFacts, instant: datetime, now: datetime) -> datetime | None:
    return windows.last_open(*_where(facts, channel), instant, max(facts.earliest_at, now), facts.quiet)


def _where(facts: Facts, channel: ChannelFacts) -> tuple[Pack, str, str, str]:
    return facts.pack, _class(facts), channel.channel, facts.zone


def _class(facts: Facts) -> str:
    return "service" if facts.message_class == "immediate" else facts.message_class


def _open_at(facts: Facts, channel: ChannelFacts, at: datetime) -> bool:
    return windows.open_at(facts.pack, _class(facts), channel.channel, facts.zone, at, facts.quiet)


def _place(zone: str, zone_of: str, at: datetime, *, provisional: bool) -> dict[str, object]:
    local = at.astimezone(ZoneInfo(zone))
    offset = local.utcoffset() or timedelta(0)
    place: dict[str, object] = {
        "zone": zone,
        "zone_of": zone_of,
        "offset_minutes": int(offset.total_seconds() // 60),
        "local_time": local.strftime("%Y-%m-%dT%H:%M"),
        "weekday": local.isoweekday(),
    }
    if provisional:
        place["provisional"] = True
    return place


def _window_reason(facts: Facts, channel: ChannelFacts, at: datetime, result: str) -> Reason:
    return _window(
        facts.pack, _class(facts), channel.channel, facts.zone, facts.zone_of, facts.quiet, at, result,
        provisional=facts.provisional,
    )  # fmt: skip


@lru_cache(maxsize=5_000)
def _window(
    pack: Pack, message_class: str, channel: str, zone: str, zone_of: str, quiet: Quiet | None, at: datetime,
    result: str, *, provisional: bool,
) -> Reason:  # fmt: skip
    """What is decided about together is decided for the same instant, and in few zones: most of it is said once."""
    place = _place(zone, zone_of, at, provisional=provisional)
    local = at.astimezone(ZoneInfo(zone)).date()
    entries = windows.entries_for(pack, message_class, channel, local)
    place["channel"] = channel
    place["entries"] = [entry.id for entry in entries]
    day = pack.day(local)
    if day is not None:
        kinds = [kind for kind, so in (("holiday", day.holiday), ("mourning", day.mourning)) if so]
        place |= dict.fromkeys(kinds, day.name)
        if day.estimated:
            place["estimated"] = True
    if quiet is not None:
        place["patient_quiet"] = f"{quiet.begins:%H:%M}-{quiet.ends:%H:%M}"
    source = "; ".join(f"{entry.source} [{entry.confidence}]" for entry in entries)
    urls = tuple(entry.source_url for entry in entries if entry.source_url)
    return Reason("quiet-hours", result, place, source or None, urls)


def _at(
    facts: Facts, channels: Sequence[ChannelFacts], instant: datetime, now: datetime, reasons: list[Reason]
) -> Verdict:
    """On the first of these channels, or on all of them where the step says so."""
    chosen = channels if facts.mode == "all" else channels[:1]
    reasons += [Reason("channel", "chosen", {"channel": each.channel}) for each in chosen]
    return Verdict(
        "send" if instant <= now else "wait", now, tuple(reasons), facts.pack.policy_version,
        channel=chosen[0].channel, send_at=instant, channels=tuple(each.channel for each in chosen),
        digest=facts.pack.digest,
    )  # fmt: skip


def _verdict(
    action: Literal["wait", "drop"],
    facts: Facts,
    now: datetime,
    reasons: Sequence[Reason],
    *,
    send_at: datetime | None = None,
) -> Verdict:
    return Verdict(
        action, now, tuple(reasons), facts.pack.policy_version, send_at=send_at, digest=facts.pack.digest
    )
