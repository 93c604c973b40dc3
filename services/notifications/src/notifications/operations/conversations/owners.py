"""What a dialogue needs, asked of whoever owns it. Every command's id comes from the message that asked for it.

So a message that is heard again after a crash is the same command again, and a chat acts only for patients that its
thread is bound to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from common.contracts.booking import (
    AppointmentRecord,
    AppointmentsOfPatient,
    AppointmentState,
    BookAppointment,
    CancelAppointment,
    FindAlternatives,
    FindFreeSlots,
    GetAppointments,
    RescheduleAppointment,
    Slot,
)
from common.contracts.consents import (
    DescribeConsentTexts,
    Given,
    GrantPermissions,
    PermissionsOf,
    Purpose,
)
from common.contracts.directory import Locale, Network
from common.contracts.patient_profile import Channel, LinkHandle, RegisterPatient
from common.errors import Refused
from notifications.operations.parts import Parts, by_reply, ourselves
from notifications.operations.planning import ACTIVE
from notifications.rules.dialogue.values import (
    Agree,
    Agreement,
    Book,
    Cancel,
    Done,
    FindOthers,
    FindTimes,
    FindVisits,
    Got,
    Move,
    Need,
    NotDone,
    Times,
    Visits,
)
from notifications.rules.facts import CHATS, source

ALTERNATIVES = 12
NOT_THEIRS = "not-theirs"


@dataclass
class Owners:
    """Asks on behalf of one message. `bound` grows by whoever it registers and may act for from now on."""

    parts: Parts
    network: Network
    channel: Channel
    sender: str
    inbound_id: UUID
    locale: Locale
    bound: set[UUID]
    vouched: str | None
    """The patient's own phone, as the channel shows it or its button has shared it."""
    now: datetime

    async def fulfil(self, need: Need) -> Got:
        """The owner's answer. Raises `Unavailable` where it does not give one."""
        try:
            return await self._fulfil(need)
        except Refused as refusal:
            others = [Slot.model_validate(one) for one in refusal.extra.get("alternatives", ())]
            return NotDone(refusal.refusal, tuple(others))

    async def _fulfil(self, need: Need) -> Got:
        match need:
            case FindTimes():
                return await self._times(need)
            case FindOthers(appointment_id=appointment_id):
                question = FindAlternatives(appointment_id=appointment_id, limit=ALTERNATIVES)
                return Times(tuple((await self._ask(question)).slots))
            case FindVisits():
                return Visits(await self.visits())
            case Book():
                return await self._book(need)
            case Move() | Cancel():
                return await self._change(need)
            case Agree():
                return await self._agree(need)

    async def _ask(self, question: Any) -> Any:
        return await self.parts.asks.ask(question, caller=by_reply(self.network.network_id))

    async def _times(self, need: FindTimes) -> Times:
        found = await self._ask(
            FindFreeSlots(
                service_id=need.service_id,
                branch_id=need.branch_id,
                practitioner_id=need.practitioner_id,
                from_date=need.first,
                days=need.days,
            )
        )
        return Times(tuple(one for one in found.slots if one.starts_at > self.now))

    async def visits(self) -> tuple[AppointmentState, ...]:
        """What is ahead for the patients that this thread is bound to, soonest first."""
        if not self.bound:
            return ()
        found = await self.parts.asks.ask(
            AppointmentsOfPatient(patient_ids=sorted(self.bound)), caller=ourselves(self.network.network_id)
        )
        ahead = [
            one.appointment
            for one in found.appointments
            if one.appointment.status in ACTIVE and one.appointment.starts_at > self.now
        ]
        return tuple(sorted(ahead, key=lambda one: one.starts_at))

    async def _book(self, need: Book) -> Got:
        patient_id = need.patient_id
        if patient_id is None:
            patient_id = await self._register(need)
        elif patient_id not in self.bound:
            return NotDone(NOT_THEIRS)
        elif self.vouched is not None:
            await self._remember_chat(patient_id)
        record: AppointmentRecord = await self._ask(
            BookAppointment(
                command_id=uuid5(self.inbound_id, "book"),
                appointment_id=uuid5(self.inbound_id, "appointment"),
                patient_id=patient_id,
                service_id=need.service_id,
                branch_id=need.slot.branch_id,
                practitioner_id=need.slot.practitioner_id,
                starts_at=need.slot.starts_at,
                source=source(self.channel),
            )
        )
        return Done(record.appointment, await self._agreements(patient_id))

    async def _register(self, need: Book) -> UUID:
        """Somebody new; or somebody known, for whom this thread may act only where the phone is vouched for."""
        registered = await self._ask(
            RegisterPatient(
                command_id=uuid5(self.inbound_id, "register"),
                patient_id=uuid5(self.inbound_id, "patient"),
                full_name=need.full_name,
                phone=need.phone,
                country=self.network.country,
                locale=self.locale,
                provisional=True,
                phone_verified=need.phone == self.vouched,
            )
        )
        patient_id: UUID = registered.patient_id
        if registered.created or need.phone == self.vouched:
            self.bound.add(patient_id)
            await self._remember_chat(patient_id)
        return patient_id

    async def _remember_chat(self, patient_id: UUID) -> None:
        """From now on this channel reaches them here, where it knows people by something else than a phone."""
        if self.channel in CHATS:
            await self.parts.asks.ask(
                LinkHandle(
                    command_id=uuid5(self.inbound_id, "link"), patient_id=patient_id, channel=self.channel,
                    handle=self.sender,
                ),
                caller=ourselves(self.network.network_id),
            )  # fmt: skip

    async def _change(self, need: Move | Cancel) -> Got:
        found = await self.parts.asks.ask(
            GetAppointments(appointment_ids=[need.appointment_id]), caller=ourselves(self.network.network_id)
        )
        if not any(one.appointment.patient_id in self.bound for one in found.appointments):
            return NotDone(NOT_THEIRS)
        if isinstance(need, Cancel):
            record = await self._ask(
                CancelAppointment(
                    command_id=uuid5(self.inbound_id, "cancel"), appointment_id=need.appointment_id,
                    reason="patient-by-reply",
                )
            )  # fmt: skip
        else:
            record = await self._ask(
                RescheduleAppointment(
                    command_id=uuid5(self.inbound_id, "move"), appointment_id=need.appointment_id,
                    starts_at=need.slot.starts_at, practitioner_id=need.slot.practitioner_id,
                    branch_id=need.slot.branch_id,
                )
            )  # fmt: skip
        return Done(record.appointment)

    async def _agreements(self, patient_id: UUID) -> tuple[Agreement, ...]:
        """Today's wordings of what the booking form asks too, as far as this patient has never answered them."""
        caller = ourselves(self.network.network_id)
        asked: list[Purpose] = ["marketing", "cross_border"] if self.network.data_at_home else ["marketing"]
        known = await self.parts.asks.ask(PermissionsOf(patient_ids=[patient_id]), caller=caller)
        answered = {one.purpose for one in known.permissions}
        if answered.issuperset(asked):
            return ()
        described = await self.parts.asks.ask(DescribeConsentTexts(locale=self.locale), caller=caller)
        return tuple(
            Agreement(purpose=one.purpose, version=one.version, text=one.text)
            for one in described.texts
            if one.purpose in asked and one.purpose not in answered
        )

    async def _agree(self, need: Agree) -> Done:
        for one in need.agreements:
            await self.parts.asks.ask(
                GrantPermissions(
                    command_id=uuid5(self.inbound_id, f"grant {one.purpose}"), patient_id=need.patient_id,
                    grants=[one.purpose], given=Given(text_version=one.version, how="reply"),
                ),
                caller=ourselves(self.network.network_id),
            )  # fmt: skip
        return Done()


def upcoming(records: Sequence[AppointmentRecord], now: datetime) -> dict[UUID, AppointmentState]:
    """Those of them that are ahead and stand."""
    return {
        one.appointment.appointment_id: one.appointment
        for one in records
        if one.appointment.status in ACTIVE and one.appointment.starts_at > now
    }
