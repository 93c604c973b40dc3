"""How Twilio says no."""

from collections.abc import Mapping

from devkit.sandbox.exchange import Json


class Refusal(Exception):  # noqa: N818 - an answer of Twilio's, not a failure of ours
    def __init__(
        self, status: int, code: int, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers

    def answer(self) -> Json:
        headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if self.status == 401 else self.headers
        return Json(
            {
                "code": self.code,
                "message": str(self),
                "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
                "status": self.status,
            },
            status_code=self.status,
            headers=headers,
        )
