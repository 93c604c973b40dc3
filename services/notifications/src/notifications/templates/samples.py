"""Facts to show a text by: a clinic, a visit and four readers in each language. Names and numbers are invented."""

import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from common.contracts.directory import Address, Branch, Country, Locale, NameForms, Practitioner, Service
from common.contracts.messages import Money
from notifications.rules.texts import Matter, Subject, Visit
from notifications.rules.values import Reader

Shape = Literal["full", "no-patronymic", "no-gender", "one-word"]
"""How much is known of the reader's name; `no-patronymic` is the other sex where the language knows no patronymics."""

VISIT_DAY = datetime(2027, 1, 15)  # noqa: DTZ001 - a wall time, which takes each sample's own zone
BRANCH, PRACTITIONER, SERVICE = (UUID(int=number) for number in (1, 2, 3))
LINK = "https://go.clinic.example/l/AGpvQ2kBl0Wv8nJ5cXh2c1lJbF9yZGVtby1rei1Zc2RrZmo4"
JOIN_LINK = LINK.replace("/l/", "/v/")
BOOK_LINK = "https://go.clinic.example/book/clinic"


@dataclass(frozen=True)
class Sample:
    """One language's. `now` is three days before the visit, `evening` the evening before."""

    country: Country
    subject: Subject
    readers: dict[Shape, Reader]
    now: datetime
    evening: datetime


@cache
def sample(locale: Locale) -> Sample:
    """The facts of one language: a visit at ten o'clock on Friday, 15 January 2027."""
    raw = _samples()[locale]
    zone = ZoneInfo(raw["zone"])
    starts_at = VISIT_DAY.replace(hour=10, tzinfo=zone)
    practitioner, service = _practitioner(locale, raw), _service(locale, raw)
    visits = tuple(
        Visit(starts_at + timedelta(hours=place), service, practitioner, person)
        for place, person in enumerate(raw["family"])
    )
    subject = Subject(
        clinic=raw["clinic"], zone=raw["zone"], branch=_branch(locale, raw), practitioner=practitioner,
        service=service, starts_at=starts_at, previous_starts_at=starts_at - timedelta(days=2), link=LINK,
        join_link=JOIN_LINK, book_link=BOOK_LINK, options=tuple(starts_at + timedelta(days=day) for day in (3, 4, 5)),
        country=raw["country"], until=(starts_at - timedelta(days=1)).replace(hour=18), visits=visits,
        choices=tuple(raw["choices"]), price=service.price,
        matter=Matter(**raw["matter"], due_at=starts_at.replace(hour=20), zone=raw["zone"]),
    )  # fmt: skip
    return Sample(
        country=raw["country"],
        subject=subject,
        readers={shape: Reader(locale, **names) for shape, names in raw["readers"].items()},
        now=(starts_at - timedelta(days=3)).replace(hour=12),
        evening=datetime.combine((starts_at - timedelta(days=1)).date(), time(20, 30), zone),
    )


def _branch(locale: Locale, raw: dict[str, Any]) -> Branch:
    return Branch(
        branch_id=BRANCH, name=raw["clinic"], zone=raw["zone"], locale=locale, address=Address(**raw["address"]),
        phone=raw["phone"], hours=[], signature=raw["signature"],
    )  # fmt: skip


def _practitioner(locale: Locale, raw: dict[str, Any]) -> Practitioner:
    told = raw["practitioner"]
    dative = {locale: told["dative"]} if "dative" in told else {}
    return Practitioner(
        practitioner_id=PRACTITIONER, name=told["name"],
        name_forms=NameForms(display={locale: told["name"]}, dative=dative),
        speciality={locale: told["speciality"]},
        speciality_dative={locale: told["speciality_dative"]} if "speciality_dative" in told else {},
        service_ids=[SERVICE], working_hours=[], rooms={str(BRANCH): raw["room"]},
    )  # fmt: skip


def _service(locale: Locale, raw: dict[str, Any]) -> Service:
    told = raw["service"]
    return Service(
        service_id=SERVICE, name={locale: told["name"]}, kind="hygiene", duration=30,
        preparation={locale: told["preparation"]},
        price=Money(amount=told["price"], currency=told["currency"]),
    )  # fmt: skip


@cache
def _samples() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        files(__package__).joinpath("samples.json").read_text(encoding="utf-8")
    )
    return found
