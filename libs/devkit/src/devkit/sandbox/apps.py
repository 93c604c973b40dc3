"""The chat apps on every phone: each knows the phone's owner by an id of its own, here made from the number."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class App:
    """`prefix` stands before the number's digits, which are filled up with zeros to `digits`."""

    prefix: str = ""
    digits: int = 0

    def handle(self, phone: str) -> str:
        """How this app knows the owner of a phone."""
        return f"{self.prefix}{phone.lstrip('+'):0>{self.digits}}"

    def phone(self, handle: str) -> str | None:
        """Whose handle it is; None: nobody's."""
        number = handle.removeprefix(self.prefix).lstrip("0")
        known = number.isascii() and number.isdecimal() and handle == self.handle(number)
        return f"+{number}" if known else None


TELEGRAM = App()
"""A private chat's id is its user's: a whole number."""
LINE = App("U", 32)
INSTAGRAM = App("17841", 15)
