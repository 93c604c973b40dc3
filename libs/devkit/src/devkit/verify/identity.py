"""Which thing an event is about, and where its owner keeps that thing's version."""

from common.contracts import booking, consents, directory, gateway, notifications, patient_profile, recall
from common.contracts.messages import Event

_APPOINTMENT = ("appointment", "appointment.appointment_id")
_MESSAGE = ("message", "message_id")
_ENTRY = ("waitlist entry", "entry.entry_id")
_REFERRAL = ("referral", "referral.referral_id")
_TICKET = ("ticket", "ticket.ticket_id")
_ABSENCE = ("absence", "absence.absence_id")
_CALL = ("call", "call_id")

_BY_CLASS: dict[type[Event], tuple[str, str]] = {
    directory.NetworkOpened: ("network", "network.network_id"),
    directory.BranchChanged: ("branch", "branch.branch_id"),
    directory.PractitionerChanged: ("practitioner", "practitioner.practitioner_id"),
    directory.RoomChanged: ("room", "room.room_id"),
    directory.ServiceChanged: ("service", "service.service_id"),
    booking.AppointmentBooked: _APPOINTMENT,
    booking.AppointmentConfirmed: _APPOINTMENT,
    booking.AppointmentRescheduled: _APPOINTMENT,
    booking.AppointmentCancelled: _APPOINTMENT,
    booking.AppointmentDisplaced: _APPOINTMENT,
    booking.AppointmentCheckedIn: _APPOINTMENT,
    booking.AppointmentMissed: _APPOINTMENT,
    booking.AppointmentCorrected: _APPOINTMENT,
    booking.VisitCompleted: _APPOINTMENT,
    booking.AppointmentPaid: _APPOINTMENT,
    booking.VisitPaid: ("appointment", "visit.appointment_id"),
    booking.DayClosed: ("closed day", "closing.closing_id"),
    booking.TaskRaised: ("task", "task_id"),
    booking.WaitlistJoined: _ENTRY,
    booking.WaitlistOffered: _ENTRY,
    booking.WaitlistOfferEnded: _ENTRY,
    booking.WaitlistFilled: _ENTRY,
    booking.WaitlistLeft: _ENTRY,
    booking.ReferralCreated: _REFERRAL,
    booking.ReferralBooked: _REFERRAL,
    booking.ReferralReopened: _REFERRAL,
    booking.ReferralDone: _REFERRAL,
    booking.ReferralDeclined: _REFERRAL,
    booking.ReferralExpired: _REFERRAL,
    booking.TicketTaken: _TICKET,
    booking.TicketCalled: _TICKET,
    booking.TicketEnded: _TICKET,
    booking.AbsenceEntered: _ABSENCE,
    booking.AbsenceEnded: _ABSENCE,
    patient_profile.TaskFinished: ("finished task", "task_id"),
    patient_profile.PatientChanged: ("patient", "patient_id"),
    patient_profile.PatientErased: ("patient", "patient_id"),
    consents.PermissionChanged: ("permissions", "patient_id"),
    recall.OutreachDue: ("outreach", "outreach_id"),
    notifications.MessageAccepted: _MESSAGE,
    notifications.MessageDelivered: _MESSAGE,
    notifications.MessageFailed: _MESSAGE,
    notifications.MessageSuppressed: _MESSAGE,
    notifications.MessageUnknown: _MESSAGE,
    notifications.ReplyUnderstood: ("reply", "inbound_id"),
    notifications.SurveyAnswered: ("score", "inbound_id"),
    notifications.MedicineTaken: ("intake", "inbound_id"),
    notifications.TaskRaised: ("task", "task_id"),
    notifications.ConversationChanged: ("conversation", "conversation_id"),
    notifications.CallRinging: _CALL,
    notifications.CallAnswered: _CALL,
    notifications.CallEnded: _CALL,
    notifications.CallMissed: _CALL,
    gateway.StaffChanged: ("staff", "staff_id"),
}

IDENTITY: dict[str, tuple[str, str]] = {event.subject: identity for event, identity in _BY_CLASS.items()}
"""Subject to the kind of thing and the path of its id in the event's body."""

STATES: tuple[tuple[str, str, str], ...] = (
    (
        "booking",
        "appointment",
        (
            # Holds that were never taken up, and blocks, have version 0: nobody was told of them.
            "SELECT network_id, appointment_id::text AS thing, version FROM appointments WHERE version > 0"
        ),
    ),
    (
        "booking",
        "waitlist entry",
        "SELECT network_id, entry_id::text AS thing, version FROM waitlist",
    ),
    (
        "booking",
        "referral",
        "SELECT network_id, referral_id::text AS thing, version FROM referrals",
    ),
    (
        "booking",
        "ticket",
        "SELECT network_id, ticket_id::text AS thing, version FROM tickets",
    ),
    *(
        (
            "booking",
            kind,
            f"SELECT network_id, thing_id::text AS thing, version FROM directory WHERE kind = '{kind}'",  # noqa: S608
        )
        for kind in ("branch", "practitioner", "room", "service")
    ),
    (
        "recall",
        "outreach",
        "SELECT network_id, outreach_id::text AS thing, version FROM recalls WHERE version > 0",
    ),
    (
        "notifications",
        "message",
        "SELECT network_id, message_id::text AS thing, version FROM messages WHERE version > 0",
    ),
)
"""Owner, kind, and a query for `network_id, thing, version`: things whose every change is told."""

APPLIES_ONLY: dict[str, tuple[str, str]] = {"recall-messages": ("origin", "outreach")}
"""Readers for whom most events of a subject mean nothing: the field of the body, and its value that does."""
