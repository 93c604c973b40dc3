"""Faults that a tester orders: which message they strike, and what then happens to its answer and its reports."""

import random
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from devkit.sandbox.messages import Report

AnswerFault = Literal["429", "500", "timeout_before", "timeout_after"]
ReportFault = Literal[
    "no_report", "late_report", "phone_off", "undelivered", "duplicate_reports", "out_of_order_reports"
]
ANSWER_FAULTS = frozenset({"429", "500", "timeout_before", "timeout_after"})
REPORT_FAULTS = frozenset(
    {"no_report", "late_report", "phone_off", "undelivered", "duplicate_reports", "out_of_order_reports"}
)


def _named(value: object) -> object:
    """429 as a number and time-outs with hyphens are understood as well."""
    return str(value).replace("-", "_") if isinstance(value, (str, int)) else value


def _addressed(value: object) -> object:
    """A phone without its plus sign and a mailbox in capitals are meant all the same."""
    if not isinstance(value, str):
        return value
    address = value.strip().lower()
    return f"+{address}" if address.isdecimal() else address or None


class FaultOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Annotated[AnswerFault | ReportFault, BeforeValidator(_named)]
    channel: str | None = None
    phone: Annotated[str | None, BeforeValidator(_addressed)] = None
    """A phone or, on the e-mail channel, a mailbox; None strikes everyone."""
    account: str | None = None
    count: int | None = Field(None, ge=1)
    """How many messages it strikes; None: until it is deleted."""
    probability: float = Field(1.0, gt=0, le=1)
    delay: timedelta = timedelta(minutes=30)
    """Of `late_report`, and for how long of `phone_off`: seconds (or an ISO 8601 duration) on the development clock."""
    code: int | None = None
    """The provider's own error code, where `undelivered` should report another than the usual one."""
    retry_after: int | None = Field(None, ge=0)
    """Of `429`: the seconds that the answer asks to wait; None: it does not say."""


class Fault(FaultOrder):
    id: str = Field(default_factory=lambda: uuid4().hex[:12])
    struck: int = 0

    def strikes(self, channel: str, address: str, account: str) -> bool:
        return (
            self.channel in (None, channel)
            and self.phone in (None, address)
            and self.account in (None, account)
            and (self.count is None or self.struck < self.count)
        )

    @property
    def spent(self) -> bool:
        return self.count is not None and self.struck >= self.count


class Faults:
    """The faults in force. One answer fault and any number of report faults may strike the same message."""

    def __init__(self) -> None:
        self._orders: dict[str, Fault] = {}

    def order(self, order: FaultOrder) -> Fault:
        fault = Fault(**order.model_dump())
        self._orders[fault.id] = fault
        return fault

    def listed(self) -> list[Fault]:
        return list(self._orders.values())

    def lift(self, fault_id: str | None = None) -> int:
        """Take away one or all; how many were there."""
        if fault_id is None:
            count = len(self._orders)
            self._orders.clear()
            return count
        return 0 if self._orders.pop(fault_id, None) is None else 1

    def answer_fault(self, channel: str, address: str, account: str) -> Fault | None:
        for fault in self._matching(channel, address, account):
            if fault.kind in ANSWER_FAULTS and self._strike(fault):
                return fault
        return None

    def report_faults(self, channel: str, address: str, account: str) -> list[Fault]:
        matching = self._matching(channel, address, account)
        return [fault for fault in matching if fault.kind not in ANSWER_FAULTS and self._strike(fault)]

    def _matching(self, channel: str, address: str, account: str) -> list[Fault]:
        return [fault for fault in self._orders.values() if fault.strikes(channel, address, account)]

    def _strike(self, fault: Fault) -> bool:
        if fault.probability < 1 and random.random() >= fault.probability:
            return False
        fault.struck += 1
        if fault.spent:
            self._orders.pop(fault.id, None)
        return True


def reports_of(
    delivery: list[Report],
    failure: list[Report],
    faults: list[Fault],
    now: datetime,
    expiry: Report | None = None,
) -> list[Report]:
    """What is told about a message: the channel's usual `delivery` or `failure`, bent by the faults that struck."""
    reports = delivery
    for fault in faults:
        if fault.kind == "undelivered":
            code = fault.code
            reports = [
                Report(report.status, code=report.code and (code or report.code)) for report in failure
            ]
    for fault in faults:
        match fault.kind:
            case "no_report":
                reports = []
            case "late_report":
                reports = [Report(report.status, now + fault.delay, report.code) for report in reports]
            case "phone_off":
                reports = _once_on(reports, now + fault.delay, expiry)
            case "duplicate_reports":
                reports = [
                    Report(report.status, report.due, report.code) for report in reports for _ in range(2)
                ]
            case "out_of_order_reports":
                reports = reports[::-1]
    return reports


def _once_on(reports: list[Report], on: datetime, expiry: Report | None) -> list[Report]:
    """It has left at once; what happens on the phone happens when that is on again, if the message lives so long."""
    left = [report for report in reports if report.status == "sent"]
    if expiry is not None and expiry.due is not None and expiry.due < on:
        return [*left, expiry]
    return left + [Report(report.status, on, report.code) for report in reports if report.status != "sent"]
