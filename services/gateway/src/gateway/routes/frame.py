"""What surrounds every HTTP request: its trace, its size limit, its headers, its metric and its log line.

Plain ASGI, because it is paid for by every request. Neither paths nor query strings are logged: they hold tokens.
"""

import time
from typing import Any

from opentelemetry.trace import SpanKind
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import telemetry
from gateway import problems

BODY_LIMIT = 64 * 1024
WEBHOOK_LIMIT = 1024 * 1024
BEARABLE_BYTES = 8 * 1024 * 1024

_SECURITY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class Frame:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._security = dict(_SECURITY)
        if https:
            self._security["strict-transport-security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        with telemetry.span("http", SpanKind.SERVER, headers.get("traceparent")) as span:
            started = time.perf_counter()
            status = await self._answer(scope, headers, receive, send)
            seconds = time.perf_counter() - started
            route = _template(scope)
            span.update_name(f"{scope['method']} {route}")
            span.set_attributes(
                {
                    "http.request.method": scope["method"],
                    "http.route": route,
                    "http.response.status_code": status,
                }
            )
            telemetry.HTTP.labels(method=scope["method"], route=route, status=str(status)).observe(seconds)
            if route not in _QUIET:
                telemetry.log().info(
                    "request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1)
                )

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> int:
        status = 0

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._put_headers(scope, message)
            await send(message)

        limit = WEBHOOK_LIMIT if scope["path"].startswith("/webhooks/") else BODY_LIMIT
        try:
            if _length(headers) > limit:
                await _too_large(scope, receive, framed)
            else:
                await self._app(scope, _limited(receive, limit), framed)
        except Exception as error:
            telemetry.log().error("request failed", route=_template(scope), error=telemetry.where(error))
            if status:
                raise
            answer = problems.problem("internal-error", "This is our mistake")
            await answer(scope, receive, framed)
        return status

    def _put_headers(self, scope: Scope, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in self._security.items():
            headers.setdefault(name, value)
        if not scope["path"].startswith("/static/"):
            headers.setdefault("cache-control", "no-store")
        trace = telemetry.trace_id()
        if trace:
            headers["x-trace-id"] = trace


def _template(scope: Scope) -> str:
    route: Any = scope.get("route")
    path = getattr(route, "path", None)
    return path if isinstance(path, str) else "unmatched"


def _length(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdigit() else 0


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse, after listening to a body of bearable size: a client cut off while it writes never sees the answer."""
    if _length(Headers(scope=scope)) <= BEARABLE_BYTES:
        message = await receive()
        while message["type"] == "http.request" and message.get("more_body"):
            message = await receive()
    answer = problems.problem(
        "too-large", "The body of this request is too large", headers={"Connection": "close"}
    )
    await answer(scope, receive, send)


def _limited(receive: Receive, limit: int) -> Receive:
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            if read > limit:
                raise HTTPException(413)
        return message

    return limited
