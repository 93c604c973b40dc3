"""Meta's errors, as an answer and inside a webhook. Only those that the product can meet."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from devkit.sandbox.exchange import Json, retry_after
from devkit.sandbox.faults import Fault

ERRORS: Mapping[int, tuple[int, str]] = {
    100: (400, "Invalid parameter"),
    190: (401, "Invalid OAuth access token - Cannot parse access token"),
    131000: (500, "Something went wrong"),
    131008: (400, "Required parameter is missing"),
    131026: (400, "Message undeliverable"),
    131047: (400, "Re-engagement message"),
    130429: (429, "Rate limit hit"),
    132000: (400, "Number of parameters does not match the expected number of params"),
}
DETAILS = {
    131026: "Message Undeliverable.",
    131047: "Message failed to send because more than 24 hours have passed since the customer last replied "
    "to this number.",
}


class Refusal(Exception):  # noqa: N818 - an answer of Meta's, not a failure of ours
    def __init__(
        self, code: int, details: str | None = None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(details or ERRORS[code][1])
        self.code = code
        self.headers = headers
        self.details = details or DETAILS.get(code) or ERRORS[code][1]

    def answer(self) -> Json:
        status, title = ERRORS[self.code]
        error: dict[str, Any] = {
            "message": f"(#{self.code}) {title}" if self.code != 190 else title,
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": uuid4().hex[:22],
        }
        return Json({"error": error}, status_code=status, headers=self.headers)


def struck(fault: Fault) -> Refusal:
    """A limit or a failure that was ordered, as Meta answers it."""
    return Refusal(130429 if fault.kind == "429" else 131000, headers=retry_after(fault))


def webhook_error(code: int) -> dict[str, Any]:
    title = ERRORS.get(code, (400, "Message failed to send"))[1]
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": DETAILS.get(code, title)},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    }
