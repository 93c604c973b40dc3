"""With whom a patient would have the next visit."""

from collections.abc import Iterable

from booking.rules.appointment import Appointment
from booking.rules.catalogue import Catalogue
from common.contracts.directory import Service


def last_visit(visits: Iterable[Appointment], service: Service, catalogue: Catalogue) -> Appointment | None:
    """The last that took place of this service; else the last of any service of the same kind."""
    took_place = [one for one in visits if one.status == "fulfilled"]
    same = [one for one in took_place if one.service_id == service.service_id]
    alike = [one for one in took_place if catalogue.service(one.service_id).kind == service.kind]
    return max(same or alike, key=lambda one: one.starts_at, default=None)
