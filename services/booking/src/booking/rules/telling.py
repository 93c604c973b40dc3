"""What others are told of an appointment: the forms of the contract."""

from booking.rules.appointment import Appointment
from common.contracts.booking import AppointmentRecord, AppointmentState, VisitState
from common.contracts.messages import Money


def state(appointment: Appointment) -> AppointmentState:
    """What events and other services may know of it."""
    return AppointmentState(
        appointment_id=appointment.appointment_id,
        patient_id=appointment.patient_id,
        status=appointment.status,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        branch_id=appointment.branch_id,
        practitioner_id=appointment.practitioner_id,
        service_id=appointment.service_id,
        room_id=appointment.room_id,
        source=appointment.source,
        sequence=appointment.sequence,
        campaign_id=appointment.campaign_id,
        booked_by=appointment.booked_by,
        cancel_reason=appointment.cancel_reason,
        late_cancel=appointment.late_cancel,
        created_at=appointment.created_at,
        confirmed_at=appointment.confirmed_at,
        overbooked=appointment.overbook_reason is not None,
        held_until=appointment.held_until,
        series_id=appointment.series_id,
    )


def visit(appointment: Appointment, *, service_kind: str) -> VisitState | None:
    """The visit, once it took place."""
    if appointment.status != "fulfilled" or appointment.completed_at is None:
        return None
    currency = appointment.currency
    return VisitState(
        visit_id=appointment.appointment_id,
        appointment_id=appointment.appointment_id,
        patient_id=appointment.patient_id,
        branch_id=appointment.branch_id,
        practitioner_id=appointment.practitioner_id,
        service_id=appointment.service_id,
        service_kind=service_kind,
        starts_at=appointment.starts_at,
        completed_at=appointment.completed_at,
        price=None if appointment.price is None else Money(amount=appointment.price, currency=currency),
        paid=Money(amount=appointment.paid, currency=currency) if appointment.payments else None,
        payments=list(appointment.payments),
    )


def record(appointment: Appointment, *, service_kind: str) -> AppointmentRecord:
    """The answer to whoever asked."""
    return AppointmentRecord(
        appointment=state(appointment),
        version=appointment.version,
        visit=visit(appointment, service_kind=service_kind),
    )
