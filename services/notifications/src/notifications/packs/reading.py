"""Lines of packs and of policies as values. One that does not make sense names itself."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from common.contracts.notifications import PolicyBound, PolicyCap, PolicyFlow, PolicyStep, PolicyWindow
from notifications.rules.moments import moment
from notifications.rules.values import Cap, Chain, Entry, Flow, Hours, PolicyLayer, Step

Confidence = Literal["L", "O", "C", "T"]
PUBLISHED: frozenset[Confidence] = frozenset({"L", "O"})
"""Laws and operators' rules stand somewhere; a custom need not."""

Value = TypeVar("Value")
_LAYER: TypeAdapter[PolicyLayer] = TypeAdapter(PolicyLayer)
_CONFIDENCE: TypeAdapter[Confidence] = TypeAdapter(Confidence)


class MalformedPack(ValueError):  # noqa: N818 - it names a state of a file, as refusals do
    """A file of policies that cannot be read: it says which line of which file, and why."""


def lines(
    file: str, kind: str, raw: Iterable[Mapping[str, Any]], read: Callable[[Any], Value]
) -> tuple[Value, ...]:
    """Read each of a file's lines. Raises `MalformedPack` naming the first that is wrong."""
    found = []
    for place, one in enumerate(raw, start=1):
        try:
            found.append(read(one))
        except (ValidationError, ValueError, KeyError, TypeError) as error:
            name = one.get("id") or one.get("step") or "without a name"
            raise MalformedPack(f"{file}: {kind} {place} ({name}): {error}") from error
    return tuple(found)


def entry(raw: Mapping[str, Any]) -> Entry:
    """A window of a pack: of a policy's shape, with its layer, its confidence and perhaps a zone of its own."""
    told = dict(raw)
    layer, confidence, zone = told.pop("layer"), told.pop("confidence"), told.pop("zone", None)
    read = PolicyWindow.model_validate(told, extra="forbid")
    return window(read, _LAYER.validate_python(layer), _published(read, confidence), zone)


def cap(raw: Mapping[str, Any]) -> Cap:
    """A cap of a pack."""
    told = dict(raw)
    layer, confidence = told.pop("layer"), told.pop("confidence")
    read = PolicyCap.model_validate(told, extra="forbid")
    return limit(read, _LAYER.validate_python(layer), _published(read, confidence))


def _published(told: PolicyBound, confidence: Any) -> Confidence:
    """The confidence of a line. Raises `ValueError` where a law or an operator's rule does not say where it stands."""
    known = _CONFIDENCE.validate_python(confidence)
    if known in PUBLISHED and told.source_url is None:
        raise ValueError("a law or an operator's rule needs its source_url")
    return known


def step(raw: Mapping[str, Any]) -> Step:
    """A step of a preset."""
    return touch(PolicyStep.model_validate(raw, extra="forbid"))


def window(told: PolicyWindow, layer: PolicyLayer, confidence: Confidence, zone: str | None = None) -> Entry:
    """A window as a value."""
    return Entry(
        id=told.id, layer=layer, classes=frozenset(told.classes), channels=_channels(told.channels),
        open=tuple(Hours(frozenset(one.days), tuple(one.hours)) for one in told.open), holidays=told.holidays,
        source=told.source, source_url=told.source_url, confidence=confidence,
        valid_from=told.valid_from or date.min, valid_to=told.valid_to or date.max, zone=zone,
        mourning=told.mourning,
    )  # fmt: skip


def limit(told: PolicyCap, layer: PolicyLayer, confidence: Confidence) -> Cap:
    """A cap as a value."""
    return Cap(
        id=told.id, layer=layer, classes=frozenset(told.classes), channels=_channels(told.channels),
        counts=told.counts, limit=told.limit, days=told.days, source=told.source, source_url=told.source_url,
        confidence=confidence, valid_from=told.valid_from or date.min, valid_to=told.valid_to or date.max,
    )  # fmt: skip


def touch(told: PolicyStep) -> Step:
    """A step as a value. Raises `ValueError` where a moment cannot be read."""
    return Step(
        name=told.step, template=told.template, message_class=told.message_class, target=moment(told.target),
        earliest=moment(told.earliest), latest=moment(told.latest),
        budget=timedelta(minutes=told.budget_minutes), asks=told.asks, orientation=told.orientation,
        mode=told.mode, when_closed=told.when_closed, first_contact=told.first_contact,
    )  # fmt: skip


def flow(told: PolicyFlow) -> Flow:
    """A flow as a value. Raises `ValueError` where a moment cannot be read."""
    chain = Chain(told.name, tuple(touch(one) for one in told.steps))
    return Flow(chain, frozenset(told.service_kinds), frozenset(told.tags))


def _channels(told: Iterable[str] | None) -> frozenset[str] | None:
    return None if told is None else frozenset(told)
