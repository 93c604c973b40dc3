"""Phones in any shape people write them, to the one shape (E.164) they are compared and called in."""

import phonenumbers

from common.contracts.patient_profile import Contact
from common.errors import Refused


class MalformedPhone(Refused):
    """What was typed cannot be a phone number."""

    code = "malformed-phone"


def parse(text: str, country: str, *, verified: bool = False) -> Contact:
    """Read a phone as somebody in `country` would dial it: 8 701…, +7 701…, 0912…, Persian and Arabic digits.

    Its length must be possible there. Whether its range is assigned is not asked: numbering plans change faster
    than libraries, and a clinic must be able to store a number that works.
    """
    try:
        number = phonenumbers.parse(text, country.upper())
    except phonenumbers.NumberParseException as error:
        raise MalformedPhone("This is not a phone number") from error
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise MalformedPhone("A phone number of this length does not exist there")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Contact(phone=e164, original=text, verified=verified)
