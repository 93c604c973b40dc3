"""The other services, played: they keep what they are told and answer from it, on the real bus."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid5

from common.caller import Caller
from common.contracts import booking, consents, directory, notifications, patient_profile, recall
from common.contracts.messages import Done, Money
from common.errors import Refused, Unavailable, UnknownThing
from common.ids import new_id
from common.rpc import Answers

Answer = TypeVar("Answer")
NAMESPACE = UUID("6f1f4a4e-0000-4000-8000-000000000000")
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
OPEN = 1_000
"""What everybody owes."""


def known(name: str) -> UUID:
    """The same id for the same name."""
    return uuid5(NAMESPACE, name)


class Owners:
    """What five services would keep; `unavailable` names those that are silent, `late` what each waits for."""

    def __init__(self, network_id: str) -> None:
        self.network_id = network_id
        self.branch_id, self.other_branch_id = known("branch"), known("other branch")
        self.practitioner_id, self.other_practitioner_id = known("practitioner"), known("other practitioner")
        self.service_id = known("service")
        self.appointments: dict[UUID, booking.AppointmentRecord] = {}
        self.commands: dict[UUID, Any] = {}
        self.patients: dict[tuple[str, str], UUID] = {}
        self.alerts: dict[UUID, list[patient_profile.Alert]] = {}
        self.permissions: list[consents.Permission] = []
        self.webhooks: list[notifications.IngestWebhook] = []
        self.calls: dict[UUID, notifications.CallView] = {}
        self.tasks: list[patient_profile.Task] = []
        self.callers: list[tuple[str, Caller]] = []
        self.received: list[Any] = []
        self.late: dict[str, Callable[[], Awaitable[object]]] = {}
        self.unavailable: set[str] = set()
        self.silent: set[str] = set()
        """Names of requests that nobody answers."""
        self.changes: list[Any] = []
        self.closings: dict[date, booking.Closing] = {}
        self.cashier = "system:booking"
        self.waiting: dict[UUID, booking.WaitlistEntry] = {}
        self.virtual = False
        """Whether the service is held online."""
        self.mixed_up: list[consents.Permission] = []
        """What consents wrongly adds to every answer."""

    def directory(self) -> directory.Directory:
        hours = [directory.OpeningHours(weekday=day, opens=time(9), closes=time(18)) for day in range(1, 7)]
        address = directory.Address(city="Almaty", street="Abai 10", entrance="2", floor="3", room="305")
        return directory.Directory(
            network=directory.Network(
                network_id=self.network_id, name="Ak Tis", country="KZ", locales=["ru", "kk", "en"],
                currency="KZT", preset="kz",
            ),
            branches=[
                directory.Branch(
                    branch_id=branch, name=name, zone="Asia/Almaty", locale="ru", address=address,
                    phone="+77270000000", hours=hours,
                )
                for branch, name in ((self.branch_id, "Центр"), (self.other_branch_id, "Север"))
            ],
            practitioners=[
                directory.Practitioner(
                    practitioner_id=who, name=name, service_ids=[self.service_id],
                    working_hours=[
                        directory.WorkingHours(branch_id=branch, weekday=1, starts=time(9), ends=time(18))
                    ],
                    rooms={str(branch): "305"},
                )
                for who, name, branch in (
                    (self.practitioner_id, "Айгерим Нурланова", self.branch_id),
                    (self.other_practitioner_id, "Болат Ахметов", self.other_branch_id),
                )
            ],
            rooms=[],
            services=[
                directory.Service(
                    service_id=self.service_id, name={"ru": "Гигиена", "en": "Hygiene"}, kind="hygiene", duration=30,
                    virtual=self.virtual,
                )
            ],
            versions={},
        )  # fmt: skip

    def patient(self, full_name: str = "Асель Ким", phone: str = "+77010000009") -> str:
        """The id of somebody who is known already."""
        return str(self.patients.setdefault((full_name, phone), new_id()))

    async def reach(self, owner: str, caller: Caller, request: Any) -> None:
        """Every answer begins here: who asked is kept, and whoever is late waits."""
        self.callers.append((type(request).__name__, caller))
        self.received.append(request)
        if owner in self.late:
            await self.late[owner]()
        if owner in self.unavailable or type(request).__name__ in self.silent:
            raise Unavailable(owner, "stopped by the test")

    def slots(self) -> list[booking.Slot]:
        return [
            booking.Slot(
                starts_at=START + timedelta(days=1, hours=hour),
                ends_at=START + timedelta(days=1, hours=hour, minutes=30),
                branch_id=self.branch_id,
                practitioner_id=self.practitioner_id,
            )
            for hour in range(3)
        ]


@dataclass(frozen=True)
class Kept:
    """One command and its answer."""

    body: str
    answer: Any = field(repr=False)


def _once(owners: Owners, command: Any, work: Callable[[], Answer]) -> Answer:
    found = owners.commands.get(command.command_id)
    body = command.model_dump_json()
    if found is not None:
        if found.body != body:
            raise Refused(code="command-reused")
        same: Answer = found.answer
        return same
    answer = work()
    owners.commands[command.command_id] = Kept(body, answer)
    return answer


def answers_of(owners: Owners) -> list[Answers[Owners]]:
    """One table of answers per owner."""
    return [_booking(), _profile(), _consents(), _notifications(), _recall()]


def _in_agendas(caller: Caller, record: booking.AppointmentRecord) -> bool:
    return not caller.practitioners or str(record.appointment.practitioner_id) in caller.practitioners


def _booking() -> Answers[Owners]:
    answers = Answers[Owners]()

    @answers.to(directory.DescribeDirectory)
    async def describe(query: Any, caller: Caller, owners: Owners) -> directory.Directory:
        await owners.reach("booking", caller, query)
        if caller.network_id != owners.network_id:
            raise UnknownThing("network", caller.network_id)
        return owners.directory()

    @answers.to(booking.FindFreeSlots)
    async def slots(query: booking.FindFreeSlots, caller: Caller, owners: Owners) -> booking.FreeSlots:
        await owners.reach("booking", caller, query)
        if query.service_id != owners.service_id:
            raise UnknownThing("service", query.service_id)
        return booking.FreeSlots(slots=owners.slots())

    @answers.to(booking.FindAlternatives)
    async def alternatives(query: Any, caller: Caller, owners: Owners) -> booking.FreeSlots:
        await owners.reach("booking", caller, query)
        return booking.FreeSlots(slots=owners.slots())

    @answers.to(booking.GetAppointments)
    async def get(query: booking.GetAppointments, caller: Caller, owners: Owners) -> booking.Appointments:
        await owners.reach("booking", caller, query)
        found = [owners.appointments[one] for one in query.appointment_ids if one in owners.appointments]
        if any(not _in_agendas(caller, one) for one in found):
            raise Refused("Not with you", code="not-allowed")
        return booking.Appointments(appointments=found)

    @answers.to(booking.AppointmentsOfPatient)
    async def of_patient(query: Any, caller: Caller, owners: Owners) -> booking.Appointments:
        await owners.reach("booking", caller, query)
        found = [
            one for one in owners.appointments.values() if one.appointment.patient_id in query.patient_ids
        ]
        return booking.Appointments(appointments=found)

    @answers.to(booking.DayBoard)
    async def board(query: booking.DayBoard, caller: Caller, owners: Owners) -> booking.Appointments:
        await owners.reach("booking", caller, query)
        found = [
            one
            for one in owners.appointments.values()
            if one.appointment.branch_id == query.branch_id and _in_agendas(caller, one)
        ]
        return booking.Appointments(appointments=found)

    @answers.to(booking.BookAppointment)
    async def book(
        command: booking.BookAppointment, caller: Caller, owners: Owners
    ) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)
        if caller.practitioners and str(command.practitioner_id) not in caller.practitioners:
            raise Refused("Not for them", code="not-allowed")

        def take() -> booking.AppointmentRecord:
            if command.starts_at < START - timedelta(minutes=5):
                raise Refused("In the past", code="slot-in-the-past")
            if any(
                one.appointment.starts_at == command.starts_at
                and one.appointment.practitioner_id == command.practitioner_id
                and one.appointment.status != "cancelled"
                for one in owners.appointments.values()
            ):
                slots = [one.model_dump(mode="json") for one in owners.slots()]
                raise Refused("Somebody was quicker", code="slot-taken", alternatives=slots)
            state = booking.AppointmentState(
                appointment_id=command.appointment_id, patient_id=command.patient_id, status="booked",
                starts_at=command.starts_at.astimezone(UTC),
                ends_at=command.starts_at.astimezone(UTC) + timedelta(minutes=30),
                branch_id=command.branch_id, practitioner_id=command.practitioner_id,
                service_id=command.service_id, source=command.source, created_at=START,
                booked_by=command.booked_by,
            )  # fmt: skip
            record = booking.AppointmentRecord(appointment=state, version=1)
            owners.appointments[command.appointment_id] = record
            return record

        return _once(owners, command, take)

    def change(command: Any, owners: Owners, **changes: Any) -> booking.AppointmentRecord:
        record = owners.appointments.get(command.appointment_id)
        if record is None:
            raise UnknownThing("appointment", command.appointment_id)
        if command.if_version not in (None, record.version):
            raise Refused("Changed meanwhile", code="version-conflict", version=record.version)
        if record.appointment.status == "cancelled":
            raise Refused("It was cancelled", code="illegal-transition")
        visit = changes.pop("visit", record.visit)
        changed = booking.AppointmentRecord(
            appointment=record.appointment.model_copy(update=changes), version=record.version + 1, visit=visit
        )
        owners.appointments[command.appointment_id] = changed
        return changed

    @answers.to(booking.ConfirmAppointment)
    async def confirm(command: Any, caller: Caller, owners: Owners) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)
        return _once(owners, command, lambda: change(command, owners, status="confirmed"))

    @answers.to(booking.CancelAppointment)
    async def cancel(command: Any, caller: Caller, owners: Owners) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)
        return _once(owners, command, lambda: change(command, owners, status="cancelled"))

    @answers.to(booking.RescheduleAppointment)
    async def reschedule(command: Any, caller: Caller, owners: Owners) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)
        moved = {
            "status": "booked",
            "starts_at": command.starts_at,
            "ends_at": command.starts_at + timedelta(minutes=30),
        }
        sequence = owners.appointments[command.appointment_id].appointment.sequence + 1
        return _once(owners, command, lambda: change(command, owners, sequence=sequence, **moved))

    @answers.to(booking.CheckInAppointment)
    async def check_in(command: Any, caller: Caller, owners: Owners) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)
        return _once(owners, command, lambda: change(command, owners, status="arrived"))

    @answers.to(booking.MarkNoShow)
    async def no_show(command: Any, caller: Caller, owners: Owners) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)
        return _once(owners, command, lambda: change(command, owners, status="noshow"))

    @answers.to(booking.CorrectAppointment)
    async def correct(command: Any, caller: Caller, owners: Owners) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)
        return _once(owners, command, lambda: change(command, owners, status="booked"))

    @answers.to(booking.CompleteAppointment)
    async def complete(command: Any, caller: Caller, owners: Owners) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)
        state = owners.appointments[command.appointment_id].appointment
        paid = Money(amount=command.paid.amount, currency=command.paid.currency) if command.paid else None
        visit = booking.VisitState(
            visit_id=state.appointment_id, appointment_id=state.appointment_id, patient_id=state.patient_id,
            branch_id=state.branch_id, practitioner_id=state.practitioner_id, service_id=state.service_id,
            service_kind="hygiene", starts_at=state.starts_at, completed_at=state.ends_at, paid=paid,
            price=command.price, price_reason=command.price_reason, balance=command.price,
        )  # fmt: skip
        return _once(owners, command, lambda: change(command, owners, status="fulfilled", visit=visit))

    @answers.to(booking.AskReport)
    async def report(query: booking.AskReport, caller: Caller, owners: Owners) -> booking.Report:
        await owners.reach("booking", caller, query)
        return booking.Report(kpi=query.kpi, totals={"booked": 20, "noshow": 4, "rate": 0.2, "lost": 4000000})

    @answers.to(booking.RecordPayment)
    async def pay(command: Any, caller: Caller, owners: Owners) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)
        return _once(owners, command, lambda: paid_for(command, owners, +command.paid.amount))

    @answers.to(booking.RefundPayment)
    async def refund(command: Any, caller: Caller, owners: Owners) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)
        return _once(owners, command, lambda: paid_for(command, owners, -command.amount))

    @answers.to(booking.ReversePayment)
    async def reverse(command: Any, caller: Caller, owners: Owners) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)
        raise Refused("It was undone before", code="not-reversible")

    @answers.to(booking.MoveCredit)
    async def move_credit(command: Any, caller: Caller, owners: Owners) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)
        moved = command.model_copy(update={"visit_id": command.to_visit_id})
        return _once(owners, command, lambda: paid_for(moved, owners, command.amount))

    @answers.to(booking.PutInstalments)
    async def instalments(command: Any, caller: Caller, owners: Owners) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)
        if sum(part.amount for part in command.instalments) != OPEN:
            raise Refused("Not what is open", code="instalments-do-not-sum", open=OPEN)
        return _once(owners, command, lambda: paid_for(command, owners, 0))

    def paid_for(command: Any, owners: Owners, amount: int) -> booking.AppointmentRecord:
        known = owners.appointments.get(command.visit_id)
        if known is None:
            raise UnknownThing("visit", command.visit_id)
        before = known.deposit.paid.amount if known.deposit else 0
        if before + amount < 0:
            raise Refused("Not as much", code="more-than-was-paid", paid=before)
        paid = Money(amount=before + amount, currency="KZT")
        record = known.model_copy(
            update={
                "version": known.version + 1,
                "deposit": booking.Deposit(paid=paid, payments=[], refunds=[]),
            }
        )
        owners.appointments[command.visit_id] = record
        return record

    @answers.to(booking.BalanceOf)
    async def balances(query: booking.BalanceOf, caller: Caller, owners: Owners) -> booking.Balances:
        await owners.reach("booking", caller, query)
        return booking.Balances(
            balances=[
                booking.PatientBalance(
                    patient_id=one, currency="KZT", charged=OPEN, paid=0, balance=OPEN, owes=OPEN, overdue=OPEN,
                    credit=0, deposits=0,
                )
                for one in query.patient_ids
            ]
        )  # fmt: skip

    @answers.to(booking.VisitsOfPatient)
    async def visits(query: Any, caller: Caller, owners: Owners) -> booking.PatientVisits:
        await owners.reach("booking", caller, query)
        totals = booking.VisitTotals(currency="KZT", visits=7, charged=18_500_000, paid=18_500_000)
        return booking.PatientVisits(visits=[], totals=[totals])

    @answers.to(booking.DayClose)
    async def day_close(query: Any, caller: Caller, owners: Owners) -> booking.ClosingDay:
        await owners.reach("booking", caller, query)
        records = [
            one for one in owners.appointments.values() if one.appointment.branch_id == query.branch_id
        ]
        return booking.ClosingDay(
            branch_id=query.branch_id, day=query.day, currency="KZT", closing=owners.closings.get(query.day),
            unclosed=records, unconfirmed=records, debts=[one.visit for one in records if one.visit],
            till=[booking.TillLine(method="cash", by=owners.cashier, received=500, refunded=100)],
            expected_cash=400,
        )  # fmt: skip

    @answers.to(booking.CloseDay)
    async def close_day(command: booking.CloseDay, caller: Caller, owners: Owners) -> booking.Closing:
        await owners.reach("booking", caller, command)
        if command.counted_cash != 400 and not command.note:
            raise Refused("Say why", code="note-needed", expected_cash=400, difference=-400)

        def close() -> booking.Closing:
            if command.day in owners.closings:
                raise Refused("Closed before", code="day-closed")
            closed = booking.Closing(
                closing_id=command.closing_id, branch_id=command.branch_id, day=command.day, closed_at=START,
                closed_by=caller.actor, currency="KZT", till=[], expected_cash=400,
                counted_cash=command.counted_cash, difference=command.counted_cash - 400, note=command.note,
            )  # fmt: skip
            owners.closings[command.day] = closed
            return closed

        return _once(owners, command, close)

    @answers.to(booking.DescribeAbsence)
    async def describe_absence(query: Any, caller: Caller, owners: Owners) -> booking.AbsencePlan:
        await owners.reach("booking", caller, query)
        affected = [
            booking.AffectedAppointment(
                appointment=one.appointment, version=one.version, alternatives=owners.slots(), colleagues=[]
            )
            for one in owners.appointments.values()
        ]
        return booking.AbsencePlan(affected=affected, begun=[])

    @answers.to(booking.PutAbsence)
    async def put_absence(command: Any, caller: Caller, owners: Owners) -> booking.AbsenceSaved:
        await owners.reach("booking", caller, command)
        saved = booking.AbsenceSaved(
            absence_id=command.absence_id,
            displacements=[
                booking.Displacement(record=one, choice="call", offers=[], answer_by=None)
                for one in owners.appointments.values()
                if one.deposit is not None
            ],
        )
        kept: booking.AbsenceSaved = _once(owners, command, lambda: saved)
        return kept

    @answers.to(booking.ListAbsences)
    async def list_absences(query: booking.ListAbsences, caller: Caller, owners: Owners) -> booking.Absences:
        await owners.reach("booking", caller, query)
        return booking.Absences(absences=[])

    @answers.to(booking.HoldSlot)
    async def hold(command: booking.HoldSlot, caller: Caller, owners: Owners) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)
        state = booking.AppointmentState(
            status="held", ends_at=command.starts_at + timedelta(minutes=30), created_at=START,
            held_until=START + timedelta(minutes=command.minutes),
            **command.model_dump(exclude={"command_id", "minutes"}),
        )  # fmt: skip
        return booking.AppointmentRecord(appointment=state, version=0)

    @answers.to(booking.ReleaseHold)
    async def release(command: booking.ReleaseHold, caller: Caller, owners: Owners) -> Done:
        await owners.reach("booking", caller, command)
        return Done(version=0)

    @answers.to(booking.JoinWaitlist)
    async def join(command: booking.JoinWaitlist, caller: Caller, owners: Owners) -> booking.WaitlistEntry:
        await owners.reach("booking", caller, command)
        slot = owners.slots()[0]
        offer = booking.WaitlistOffer(offer_id=new_id(), slot=slot, expires_at=slot.starts_at)
        entry = booking.WaitlistEntry(
            version=1, status="offered", joined_at=START, offer=offer,
            **command.model_dump(exclude={"command_id"}),
        )  # fmt: skip
        kept: booking.WaitlistEntry = _once(owners, command, lambda: entry)
        assert kept.offer is not None
        owners.waiting[kept.offer.offer_id] = kept
        return kept

    @answers.to(booking.ListWaitlist)
    async def waitlist(query: booking.ListWaitlist, caller: Caller, owners: Owners) -> booking.Waitlist:
        await owners.reach("booking", caller, query)
        return booking.Waitlist(entries=list(owners.waiting.values()))

    @answers.to(booking.LeaveWaitlist)
    async def leave(command: Any, caller: Caller, owners: Owners) -> booking.WaitlistEntry:
        await owners.reach("booking", caller, command)
        [entry] = [one for one in owners.waiting.values() if one.entry_id == command.entry_id]
        return entry.model_copy(update={"status": "left", "offer": None})

    @answers.to(booking.DeclineOffer)
    async def decline(command: Any, caller: Caller, owners: Owners) -> booking.WaitlistEntry:
        await owners.reach("booking", caller, command)

        def wait_on() -> booking.WaitlistEntry:
            entry = owners.waiting[command.offer_id]
            if entry.offer is None:
                raise Refused("Too late", code="offer-over", alternatives=[])
            owners.waiting[command.offer_id] = entry.model_copy(update={"status": "waiting", "offer": None})
            return owners.waiting[command.offer_id]

        return _once(owners, command, wait_on)

    @answers.to(booking.AcceptOffer)
    async def accept(command: Any, caller: Caller, owners: Owners) -> booking.AppointmentRecord:
        await owners.reach("booking", caller, command)

        def take_up() -> booking.AppointmentRecord:
            if command.offer_id not in owners.waiting:
                raise Refused("Too late", code="offer-over", alternatives=[])
            entry = owners.waiting.pop(command.offer_id)
            assert entry.offer is not None
            state = booking.AppointmentState(
                appointment_id=command.offer_id, patient_id=entry.patient_id, status="booked",
                service_id=entry.service_id, source=command.source or "desk", created_at=START,
                **entry.offer.slot.model_dump(),
            )  # fmt: skip
            return booking.AppointmentRecord(appointment=state, version=1)

        return _once(owners, command, take_up)

    @answers.to(booking.ImportBusyTimes)
    async def busy(command: Any, caller: Caller, owners: Owners) -> booking.BusyImported:
        await owners.reach("booking", caller, command)
        return booking.BusyImported(blocked=command.calendar.count("BEGIN:VEVENT"), conflicts=[])

    @answers.to(booking.BookSeries)
    async def series(command: booking.BookSeries, caller: Caller, owners: Owners) -> booking.SeriesBooked:
        await owners.reach("booking", caller, command)
        collision = booking.SeriesCollision(
            number=2, local=command.starts_at.replace(tzinfo=None), starts_at=command.starts_at,
            code="slot-taken", alternatives=owners.slots(),
        )  # fmt: skip
        return booking.SeriesBooked(series_id=command.series_id, booked=[], collisions=[collision])

    @answers.to(booking.EndAbsence)
    async def end_absence(command: Any, caller: Caller, owners: Owners) -> Done:
        await owners.reach("booking", caller, command)
        return Done(version=2)

    @answers.to(directory.PutBranch)
    async def put_branch(command: directory.PutBranch, caller: Caller, owners: Owners) -> Done:
        await owners.reach("booking", caller, command)
        owners.changes.append(command.branch)
        return Done(version=1)

    return answers


def _card(owners: Owners, patient_id: UUID) -> patient_profile.Card:
    name, phone = next((key for key, one in owners.patients.items() if one == patient_id), ("Somebody", "+7"))
    return patient_profile.Card(
        patient_id=patient_id, version=1, full_name=name,
        phones=[patient_profile.Contact(phone=phone, original=phone)], locale="ru",
    )  # fmt: skip


def _profile() -> Answers[Owners]:
    answers = Answers[Owners]()

    @answers.to(patient_profile.RegisterPatient)
    async def register(command: Any, caller: Caller, owners: Owners) -> patient_profile.Registered:
        await owners.reach("patient_profile", caller, command)
        if not any(letter.isdigit() for letter in command.phone):
            raise Refused("This is no phone", code="malformed-phone")

        def find_or_create() -> patient_profile.Registered:
            key = (command.full_name, command.phone)
            created = key not in owners.patients
            found = owners.patients.setdefault(key, command.patient_id)
            return patient_profile.Registered(patient_id=found, created=created, version=1)

        return _once(owners, command, find_or_create)

    @answers.to(patient_profile.GetProfile)
    async def profile(query: Any, caller: Caller, owners: Owners) -> patient_profile.Profile:
        await owners.reach("patient_profile", caller, query)
        if query.patient_id not in owners.patients.values():
            raise UnknownThing("patient", query.patient_id)
        return patient_profile.Profile(
            card=_card(owners, query.patient_id), alerts=owners.alerts.get(query.patient_id, []), notes=[],
            tags=[], created_at=START,
        )  # fmt: skip

    @answers.to(patient_profile.UpdatePatient)
    async def update(command: Any, caller: Caller, owners: Owners) -> patient_profile.Profile:
        await owners.reach("patient_profile", caller, command)
        owners.changes.append(command)
        return patient_profile.Profile(
            card=_card(owners, command.patient_id), alerts=command.changes.alerts or [], notes=[], tags=[],
            created_at=START,
        )  # fmt: skip

    @answers.to(patient_profile.FindPatients)
    async def find(query: Any, caller: Caller, owners: Owners) -> patient_profile.Candidates:
        await owners.reach("patient_profile", caller, query)
        found = [one for (_, phone), one in owners.patients.items() if phone == query.phone]
        return patient_profile.Candidates(
            candidates=[
                patient_profile.Candidate(card=_card(owners, one), matched_by="phone") for one in found
            ]
        )

    @answers.to(patient_profile.GetCards)
    async def cards(query: Any, caller: Caller, owners: Owners) -> patient_profile.Cards:
        await owners.reach("patient_profile", caller, query)
        there = [one for one in query.patient_ids if one in owners.patients.values()]
        return patient_profile.Cards(cards={one: _card(owners, one) for one in there})

    @answers.to(patient_profile.GetAlerts)
    async def alerts(query: Any, caller: Caller, owners: Owners) -> patient_profile.AlertFlags:
        await owners.reach("patient_profile", caller, query)
        return patient_profile.AlertFlags(
            alerts={one: owners.alerts.get(one, []) for one in query.patient_ids}
        )

    @answers.to(patient_profile.ListTasks)
    async def tasks(query: Any, caller: Caller, owners: Owners) -> patient_profile.Tasks:
        await owners.reach("patient_profile", caller, query)
        asked = [one for one in owners.tasks if (one.status == "done") == (query.status == "done")]
        return patient_profile.Tasks(tasks=asked)

    return answers


def _consents() -> Answers[Owners]:
    answers = Answers[Owners]()

    @answers.to(consents.GrantPermissions)
    async def grant(
        command: consents.GrantPermissions, caller: Caller, owners: Owners
    ) -> consents.Permissions:
        await owners.reach("consents", caller, command)

        def keep() -> consents.Permissions:
            for purpose in command.grants:
                owners.permissions.append(
                    consents.Permission(
                        permission_id=known(f"{command.patient_id} {purpose}"), patient_id=command.patient_id,
                        purpose=purpose, state="granted", given=command.given, changed_at=START, version=1,
                    )
                )  # fmt: skip
            return consents.Permissions(permissions=list(owners.permissions))

        return _once(owners, command, keep)

    @answers.to(consents.PermissionsOf)
    async def of_patient(query: Any, caller: Caller, owners: Owners) -> consents.Permissions:
        await owners.reach("consents", caller, query)
        found = [one for one in owners.permissions if one.patient_id in query.patient_ids]
        return consents.Permissions(permissions=[*found, *owners.mixed_up])

    @answers.to(consents.WithdrawPermission)
    async def withdraw(command: Any, caller: Caller, owners: Owners) -> consents.Permissions:
        await owners.reach("consents", caller, command)
        return consents.Permissions(permissions=[])

    return answers


def _notifications() -> Answers[Owners]:
    answers = Answers[Owners]()

    @answers.to(notifications.IngestWebhook)
    async def ingest(command: Any, caller: Caller, owners: Owners) -> notifications.Ingested:
        await owners.reach("notifications", caller, command)
        fresh = command.command_id not in {one.command_id for one in owners.webhooks}
        owners.webhooks.append(command)
        return notifications.Ingested(fresh=fresh)

    @answers.to(notifications.CommunicationsOf)
    async def of_patient(query: Any, caller: Caller, owners: Owners) -> notifications.Communications:
        await owners.reach("notifications", caller, query)
        own = [
            one for one in owners.calls.values() if set(query.patient_ids) & {one.patient_id, *one.candidates}
        ]
        return notifications.Communications(messages=[], inbound=[], calls=own)

    @answers.to(notifications.ContinueCall)
    async def continue_call(command: Any, caller: Caller, owners: Owners) -> notifications.CallTurn:
        await owners.reach("notifications", caller, command)
        return notifications.CallTurn(document=f"<Response>{command.digits or 'hello'}</Response>")

    @answers.to(notifications.RecordCall)
    async def record_call(command: Any, caller: Caller, owners: Owners) -> Done:
        await owners.reach("notifications", caller, command)
        return Done(version=1)

    @answers.to(notifications.ListCalls)
    async def calls(query: Any, caller: Caller, owners: Owners) -> notifications.Calls:
        await owners.reach("notifications", caller, query)
        listed = list(owners.calls.values())
        counts = notifications.CallCounts(total=len(listed), answered=0, missed=0)
        return notifications.Calls(calls=listed, counts=counts)

    @answers.to(notifications.GetCall)
    async def call(query: Any, caller: Caller, owners: Owners) -> notifications.CallView:
        await owners.reach("notifications", caller, query)
        return owners.calls[query.call_id]

    @answers.to(notifications.GetLastMessageStates)
    async def states(query: Any, caller: Caller, owners: Owners) -> notifications.LastMessageStates:
        await owners.reach("notifications", caller, query)
        return notifications.LastMessageStates(states=dict.fromkeys(query.appointment_ids[:1], "delivered"))

    @answers.to(notifications.PutPolicy)
    async def put_policy(command: Any, caller: Caller, owners: Owners) -> notifications.PolicySaved:
        await owners.reach("notifications", caller, command)
        return notifications.PolicySaved(version=1, replanned=3 if command.replan else 0)

    @answers.to(notifications.RehearseVisit)
    async def rehearse(query: Any, caller: Caller, owners: Owners) -> notifications.Rehearsal:
        await owners.reach("notifications", caller, query)
        return notifications.Rehearsal(steps=[], policy_version="kz-1+network-1" if query.policy else "kz-1")

    @answers.to(notifications.DescribeSending)
    async def sending(query: Any, caller: Caller, owners: Owners) -> notifications.SendingState:
        await owners.reach("notifications", caller, query)
        return notifications.SendingState(brakes=[], limits=[], blocked=[])

    @answers.to(notifications.AskMessageReport)
    async def message_report(query: Any, caller: Caller, owners: Owners) -> notifications.MessageReport:
        await owners.reach("notifications", caller, query)
        return notifications.MessageReport(
            counts=[notifications.MessageCount(channel="sms", outcome="delivered", count=3)],
            costs=[
                notifications.ChannelCost(channel="sms", currency="KZT", attempts=3, segments=5, amount=9000)
            ],
        )

    @answers.to(notifications.PutTemplateDraft)
    async def put_draft(command: Any, caller: Caller, owners: Owners) -> notifications.TemplateDrafted:
        await owners.reach("notifications", caller, command)
        return notifications.TemplateDrafted(version=1, findings=[])

    @answers.to(notifications.PublishTemplate)
    async def publish(command: Any, caller: Caller, owners: Owners) -> notifications.TemplatePublished:
        await owners.reach("notifications", caller, command)
        if not command.waivers:
            found = {
                "code": "banned-claim", "locale": "ru", "place": "lines[0]", "detail": "kz-superlative: лучшая",
                "source": "law", "waivable": True,
            }  # fmt: skip
            raise Refused(code="template-refused", findings=[found])
        return notifications.TemplatePublished(number=1)

    @answers.to(notifications.PreviewTemplate)
    async def preview(query: Any, caller: Caller, owners: Owners) -> notifications.TemplatePreview:
        await owners.reach("notifications", caller, query)
        return notifications.TemplatePreview(
            lines=[query.name, query.locale, query.shape], buttons=[], version="built-in"
        )

    @answers.to(notifications.ProposeNameForms)
    async def propose(query: Any, caller: Caller, owners: Owners) -> notifications.ProposedNameForms:
        await owners.reach("notifications", caller, query)
        return notifications.ProposedNameForms(dative=query.display, speciality_dative=query.speciality)

    @answers.to(notifications.PauseSending)
    async def pause(command: Any, caller: Caller, owners: Owners) -> notifications.BrakeState:
        await owners.reach("notifications", caller, command)
        return notifications.BrakeState(paused=[{"channel": command.channel, "template": command.template}])

    return answers


def _recall() -> Answers[Owners]:
    answers = Answers[Owners]()

    @answers.to(recall.RecallsOf)
    async def of_patient(query: Any, caller: Caller, owners: Owners) -> recall.PlannedRecalls:
        await owners.reach("recall", caller, query)
        return recall.PlannedRecalls(recalls=[])

    return answers
