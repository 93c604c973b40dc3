"""RFC 9457 answers of the sandbox's own interface (the providers' answers have their own shapes)."""

from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.more = more

    def answer(self) -> JSONResponse:
        problem = {
            "type": f"/problems/{self.code}",
            "title": self.code,
            "status": self.status,
            "detail": str(self),
        }
        return JSONResponse(problem | self.more, self.status, media_type="application/problem+json")


async def on_problem(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Problem):
        raise error
    return error.answer()


async def on_invalid(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [
        {"at": "/".join(str(part) for part in each["loc"]), "what": each["msg"]} for each in error.errors()
    ]
    return Problem(422, "invalid", "the request does not have the expected form", errors=faults).answer()
