"""What is said, in words: the texts of a locale, with the choices numbered so that every channel can answer."""

from datetime import datetime
from uuid import UUID

from common.contracts.booking import AppointmentState, Slot
from notifications.rules.dialogue import asking
from notifications.rules.dialogue.machine import payload
from notifications.rules.dialogue.values import SHARE_PHONE, Choice, Facts, Say, State, Turn
from notifications.rules.texts import Button, Subject, Text, Texts, Visit, compose, moment, said
from notifications.rules.values import Reader


def worded(turn: Turn, facts: Facts, texts: Texts, reader: Reader) -> Text:
    """One message: every part of what is said, and the question that stands with its answers as buttons."""
    spoken = _Wording(turn.state, facts, texts, reader)
    lines = [line for say in turn.says for line in spoken.lines(say, last=say is turn.says[-1])]
    return Text(
        tuple(lines), texts.locale, () if turn.handover else spoken.buttons(), menu=texts.choices["choose"]
    )


class _Wording:
    """The names of things in one language."""

    def __init__(self, state: State | None, facts: Facts, texts: Texts, reader: Reader) -> None:
        self._state = state
        self._facts = facts
        self._texts = texts
        self._reader = reader
        self._services = {one.service_id: one for one in facts.services}
        self._branches = {one.branch_id: one for one in facts.branches}
        self._practitioners = {one.practitioner_id: one for one in facts.practitioners}

    def lines(self, say: Say, *, last: bool) -> list[str]:
        """A text's lines. The last one asks: what may be chosen stands with it, and what is to be agreed to before."""
        shown = (
            [one.text for one in self._state.agreements] if self._state and say.line == "chat-agree" else []
        )
        subject = self._subject(say.appointment, self._choices() if last else ())
        text = compose(self._texts, [say.line], subject, self._reader, now=self._facts.now)
        return [*shown, *text.lines]

    def buttons(self) -> tuple[Button, ...]:
        """The choices of the question that stands, or the channel's own button where a phone is asked for."""
        if self._state is None:
            return ()
        if asking.wants_phone(self._state, self._facts):
            return (Button(self._texts.choices[SHARE_PHONE], SHARE_PHONE),)
        return tuple(
            Button(self._short(choice), payload(self._state.question, place))
            for place, choice in enumerate(self._state.choices)
        )

    def _choices(self) -> tuple[str, ...]:
        return tuple(self._choice(one) for one in self._state.choices) if self._state else ()

    def _subject(self, appointment: AppointmentState | None, choices: tuple[str, ...]) -> Subject:
        state = self._state or State()
        branch_id = appointment.branch_id if appointment else state.branch_id
        branch = self._branches.get(branch_id) if branch_id else None
        return Subject(
            clinic=self._facts.clinic,
            zone=(branch or self._facts.branches[0]).zone,
            branch=branch or self._facts.branches[0],
            practitioner=self._practitioners.get(appointment.practitioner_id) if appointment else None,
            service=self._services.get(appointment.service_id) if appointment else None,
            starts_at=appointment.starts_at if appointment else None,
            book_link=self._facts.book_link,
            visits=tuple(self._visit(one) for one in state.visits),
            choices=choices,
        )

    def _visit(self, appointment: AppointmentState) -> Visit:
        return Visit(
            appointment.starts_at,
            self._services.get(appointment.service_id),
            self._practitioners.get(appointment.practitioner_id),
        )

    def _choice(self, choice: Choice) -> str:
        """A choice as it stands in the message."""
        match choice:
            case Choice(kind="slot", slot=Slot() as slot):
                who = self._practitioners.get(slot.practitioner_id)
                at = self._moment("when", slot.starts_at, slot.branch_id)
                return f"{at} · {self._display(who.practitioner_id)}" if who else at
            case Choice(kind="branch", thing_id=UUID() as branch_id):
                branch = self._branches[branch_id]
                return f"{branch.name} ({branch.address.city}, {branch.address.street})"
            case Choice(kind="practitioner", thing_id=UUID() as practitioner_id):
                special = self._practitioners[practitioner_id].speciality.get(self._texts.locale)
                name = self._display(practitioner_id)
                return f"{name} ({special})" if special else name
            case _:
                return self._short(choice)

    def _short(self, choice: Choice) -> str:
        """A choice as it fits on a button."""
        match choice:
            case Choice(kind="slot", slot=Slot() as slot):
                return self._moment("short", slot.starts_at, slot.branch_id)
            case Choice(kind="service", thing_id=UUID() as service_id):
                return said(self._services[service_id].name, self._texts.locale)
            case Choice(kind="branch", thing_id=UUID() as branch_id):
                return self._branches[branch_id].name
            case Choice(kind="practitioner", thing_id=UUID() as practitioner_id):
                return self._display(practitioner_id)
            case Choice(kind="patient", thing_id=UUID() as patient_id):
                return next((one.name for one in self._facts.known if one.patient_id == patient_id), "")
            case Choice(kind="visit", thing_id=UUID() as appointment_id):
                assert self._state is not None
                visit = next(one for one in self._state.visits if one.appointment_id == appointment_id)
                return self._moment("short", visit.starts_at, visit.branch_id)
            case _:
                return self._texts.choices[choice.kind]

    def _display(self, practitioner_id: UUID) -> str:
        practitioner = self._practitioners[practitioner_id]
        return practitioner.name_forms.display.get(self._texts.locale) or practitioner.name

    def _moment(self, form: str, at: datetime, branch_id: UUID) -> str:
        branch = self._branches.get(branch_id, self._facts.branches[0])
        return moment(self._texts, form, at, branch.zone)
