"""The one place where a code becomes an HTTP status: problem details after RFC 9457.

`type` ends in the code, `instance` is the trace id, and what was sent is never repeated.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from common import telemetry
from common.errors import Refused, Unavailable

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2

STATUSES: Mapping[str, int] = {
    "malformed": 422,
    "not-authenticated": 401,
    "wrong-credentials": 401,
    "totp-required": 401,
    "not-allowed": 403,
    "bad-signature": 403,
    "cross-site": 403,
    "link-invalid": 404,
    "link-expired": 410,
    "link-read-only": 409,
    "slot-taken": 409,
    "patient-busy": 409,
    "hold-over": 409,
    "offer-over": 409,
    "not-confirmed": 409,
    "too-early": 409,
    "not-online": 409,
    "no-meetings": 409,
    "visit-over": 410,
    "referral-over": 409,
    "branch-closed": 409,
    "queue-empty": 409,
    "overbooked-enough": 409,
    "practitioner-away": 409,
    "version-conflict": 409,
    "illegal-transition": 409,
    "not-started": 409,
    "not-reversible": 409,
    "day-closed": 409,
    "day-not-begun": 409,
    "visits-open": 409,
    "too-late-to-cancel": 409,
    "too-late-to-move": 409,
    "too-many-moves": 409,
    "task-taken": 409,
    "task-done": 409,
    "window-closed": 409,
    "clock-backward": 409,
    "email-taken": 409,
    "practitioner-taken": 409,
    "network-exists": 409,
    "command-reused": 409,
    "too-large": 413,
    "too-many-attempts": 429,
    "internal-error": 500,
    "not-settled": 504,
}
"""Codes that are neither here nor `unknown-…` (404) are rules of an owner that said no: 422."""

_OF_STATUS = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "malformed",
}


def status_of(code: str) -> int:
    """The HTTP status of a refusal."""
    if code.startswith("unknown-"):
        return 404
    return STATUSES.get(code, 422)


def problem(
    code: str,
    detail: str = "",
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Response:
    """A problem document; what an owner added in `extra` never overrides the members that RFC 9457 defines."""
    number = status or status_of(code)
    body = {
        **(extra or {}),
        "type": f"/problems/{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": number,
        "detail": detail,
        "instance": telemetry.trace_id(),
    }
    return Response(orjson.dumps(body, default=str), number, dict(headers or {}), MEDIA_TYPE)


def of_refusal(refusal: Refused) -> Response:
    """A rule said no."""
    headers: dict[str, str] = {}
    if status_of(refusal.refusal) == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="vinculo"'
    if "retry_after" in refusal.extra:
        headers["Retry-After"] = str(refusal.extra["retry_after"])
    return problem(refusal.refusal, refusal.detail, headers=headers, extra=refusal.extra)


def of_unavailable(error: Unavailable) -> Response:
    """Somebody did not answer: try again."""
    telemetry.log().warning("unavailable", who=error.who, why=error.why)
    return problem(
        "unavailable",
        f"{error.who} does not answer at the moment",
        status=503,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        extra={"who": error.who},
    )


def of_validation(error: RequestValidationError) -> Response:
    """Which fields are wrong, and how; never what was in them."""
    fields = [
        {"at": [str(part) for part in item["loc"]], "problem": item["msg"]} for item in error.errors()[:50]
    ]
    return problem("malformed", "The request is not of the expected form", extra={"fields": fields})


def install(application: FastAPI) -> None:
    """Answer every error of this application with a problem document."""

    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return of_refusal(error)

    async def unavailable(_: Request, error: Exception) -> Response:
        assert isinstance(error, Unavailable)
        return of_unavailable(error)

    async def malformed(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return of_validation(error)

    async def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = _OF_STATUS.get(error.status_code, "error")
        return problem(code, "", status=error.status_code, headers=error.headers)

    application.add_exception_handler(Refused, refused)
    application.add_exception_handler(Unavailable, unavailable)
    application.add_exception_handler(RequestValidationError, malformed)
    application.add_exception_handler(HTTPException, http)
