"""What others are told of an appointment: the forms of the contract."""

from booking.rules.appointment import Appointment
from common.contracts.booking import AppointmentRecord, AppointmentState, Deposit, Payment, VisitState
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


def visit(appointment: Appointment, *, service_kind: str, asked: bool = False) -> VisitState | None:
    """The visit, once it took place. `asked`: with the reasons that people wrote, which are never on the bus."""
    if appointment.status != "fulfilled" or appointment.completed_at is None:
        return None
    came, went = _payments(appointment, asked=asked)
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
        price=_money(appointment, appointment.price),
        list_price=_money(appointment, appointment.list_price),
        price_reason=appointment.price_reason if asked else None,
        paid=_money(appointment, appointment.paid if appointment.entries else None),
        payments=came,
        refunds=went,
        balance=_money(appointment, None if appointment.price is None else appointment.account.open),
        instalments=list(appointment.instalments),
    )


def deposit(appointment: Appointment, *, asked: bool = False) -> Deposit | None:
    """What was paid for it, while it is no visit."""
    paid = _money(appointment, appointment.paid if appointment.entries else None)
    if appointment.status == "fulfilled" or paid is None:
        return None
    came, went = _payments(appointment, asked=asked)
    return Deposit(paid=paid, payments=came, refunds=went)


def _money(appointment: Appointment, amount: int | None) -> Money | None:
    return None if amount is None else Money(amount=amount, currency=appointment.currency)


def _payments(appointment: Appointment, *, asked: bool) -> tuple[list[Payment], list[Payment]]:
    """What came, and what went."""
    told: tuple[list[Payment], list[Payment]] = ([], [])
    for entry in appointment.entries:
        payment = Payment(
            amount=Money(amount=abs(entry.amount), currency=entry.currency),
            method=entry.method,
            paid_at=entry.till.at,
            payment_id=entry.entry_id,
            kind=entry.kind,
            reason=entry.reason if asked else "",
            reverses=entry.reverses,
            other_visit_id=entry.other_visit_id,
        )
        told[0 if entry.came else 1].append(payment)
    return told


def record(appointment: Appointment, *, service_kind: str) -> AppointmentRecord:
    """The answer to whoever asked."""
    return AppointmentRecord(
        appointment=state(appointment),
        version=appointment.version,
        visit=visit(appointment, service_kind=service_kind, asked=True),
        deposit=deposit(appointment, asked=True),
    )
