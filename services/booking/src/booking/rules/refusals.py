"""Everything booking refuses, by its code."""

from common.errors import Refused


class AnotherTime(Refused):
    """Not at this time, but at another: whoever takes times adds `extra["alternatives"]`, other slots, the best first."""


class SlotTaken(AnotherTime):
    """Somebody else has this time, or the last room."""

    code = "slot-taken"


class HoldOver(AnotherTime):
    """The hold has run out or was given back."""

    code = "hold-over"


class VirtualNeedsNoRoom(Refused):
    """A service that is held online names a kind of room."""

    code = "virtual-needs-no-room"


class PractitionerAway(AnotherTime):
    """The practitioner is absent then, or busy elsewhere: no time to be shared on purpose."""

    code = "practitioner-away"


class OverbookedEnough(AnotherTime):
    """As many visits share this time on purpose as may; `extra["limit"]` beside the one of right."""

    code = "overbooked-enough"


class MalformedCalendar(Refused):
    """Not iCalendar, or nothing that can be made sense of."""

    code = "malformed-calendar"


class OfferOver(Refused):
    """The offer has run out, or the slot has gone to another; `extra["alternatives"]` holds other slots."""

    code = "offer-over"


class WaitlistWindow(Refused):
    """The days or times that somebody would wait for are over, or end before they start; `extra["first_date"]` is the
    first day that is not over."""

    code = "waitlist-window"


class NotReassignable(Refused):
    """A colleague cannot take this appointment over; `extra["appointment_id"]`, and `extra["why"]` is the code."""

    code = "not-reassignable"


class ReferralOver(Refused):
    """The referral is not open: `extra["status"]`."""

    code = "referral-over"


class ReferralDoesNotFit(Refused):
    """Another patient, service, practitioner or place than a referral asks for; `extra["wish"]`."""

    code = "referral-does-not-fit"


class PatientBusy(AnotherTime):
    """The patient has another visit at this time."""

    code = "patient-busy"


class SlotInThePast(AnotherTime):
    """The time has gone by."""

    code = "slot-in-the-past"


class OutsideWorkingTime(AnotherTime):
    """The practitioner does not work there then, or the branch is closed."""

    code = "outside-working-time"


class TooSoon(AnotherTime):
    """Inside the service's minimum notice; `extra["earliest"]` is the first instant that would do."""

    code = "too-soon"


class TooFarAhead(AnotherTime):
    """Beyond the service's horizon; `extra["horizon_days"]`."""

    code = "too-far-ahead"


class OffTheGrid(AnotherTime):
    """Not a start that is offered; `extra["granularity"]` in minutes."""

    code = "off-the-grid"


class NoSuchTime(AnotherTime):
    """The branch's clock never shows it: the clocks go forward over it."""

    code = "no-such-time"


class NotOffered(Refused):
    """Service, branch and practitioner do not go together; `extra["offers"]` says who performs it where."""

    code = "not-offered"


class IllegalTransition(Refused):
    """The appointment's status does not allow this; `extra["status"]` is today's."""

    code = "illegal-transition"


class BranchClosed(Refused):
    """Not at this hour; `extra["hours"]` are today's, `extra["branch_phone"]` can help."""

    code = "branch-closed"


class QueueEmpty(Refused):
    """Nobody waits."""

    code = "queue-empty"


class TooLateToCancel(Refused):
    """Inside the cancellation notice: it was possible `extra["until"]`, and `extra["branch_phone"]` can help."""

    code = "too-late-to-cancel"


class TooLateToMove(Refused):
    """Inside the cancellation notice: it was possible `extra["until"]`, and `extra["branch_phone"]` can help."""

    code = "too-late-to-move"


class TooManyMoves(Refused):
    """The patient has moved it as often as patients may, `extra["limit"]` times.

    It can still be cancelled, or moved by whoever answers `extra["branch_phone"]`.
    """

    code = "too-many-moves"


class ReasonNotListed(Refused):
    """Not a reason that this caller may give; `extra["reasons"]` are."""

    code = "reason-not-listed"


class NotStarted(Refused):
    """The visit's time has not come; `extra["starts_at"]`."""

    code = "not-started"


class WrongCurrency(Refused):
    """Money in another currency than the network's; `extra["currency"]`."""

    code = "wrong-currency"


class PriceNeedsReason(Refused):
    """Another price than the catalogue's, without a word on why."""

    code = "price-needs-reason"


class MoreThanWasPaid(Refused):
    """More would go back, or elsewhere, than there is; `extra["paid"]` is what there is."""

    code = "more-than-was-paid"


class NotReversible(Refused):
    """The entry was undone before, or is one that undoes or moves."""

    code = "not-reversible"


class AnotherPatient(Refused):
    """Money of one patient would pay for another's visit."""

    code = "another-patient"


class InstalmentsDoNotSum(Refused):
    """The parts are not what is open; `extra["open"]` is."""

    code = "instalments-do-not-sum"


class InstalmentsOutOfOrder(Refused):
    """The days of instalments do not follow each other, or have gone by."""

    code = "instalments-out-of-order"


class DayClosed(Refused):
    """The day was closed before."""

    code = "day-closed"


class DayNotBegun(Refused):
    """The day lies ahead."""

    code = "day-not-begun"


class VisitsOpen(Refused):
    """The end of visits was not told; `extra["appointment_ids"]` says of which."""

    code = "visits-open"


class NoteNeeded(Refused):
    """What was counted is not what is expected; `extra["expected_cash"]`, `extra["difference"]`."""

    code = "note-needed"


class NetworkExists(Refused):
    """The slug is taken."""

    code = "network-exists"


class HoursEndBeforeStart(Refused):
    """A weekly rule that ends before it starts; one that goes over midnight is two rules."""

    code = "hours-end-before-start"


class RoomStays(Refused):
    """A room cannot move to another branch: its appointments would move with it."""

    code = "room-stays"


class PeriodTooLong(Refused):
    """A report over more days than it can be made for; `extra["days"]` is the most."""

    code = "period-too-long"
