"""Names and forms of address, as far as they are known."""

from common.contracts.directory import Practitioner
from notifications.rules.texts.direction import native
from notifications.rules.texts.icu import format_message
from notifications.rules.texts.values import Texts
from notifications.rules.values import Reader


def greeting(texts: Texts, reader: Reader) -> str:
    """As this language addresses somebody whose names are known this far."""
    name = name_of(texts, reader)
    if not name:
        return texts.greeting["unnamed"]
    return format_message(texts.locale, texts.greeting["named"], {"name": name})


def name_of(texts: Texts, reader: Reader) -> str:
    """The name with its form of address; empty where none is known."""
    given = reader.given_name or reader.full_name
    match texts.name_style:
        case "given-patronymic":
            patronymic = reader.patronymic if reader.given_name else ""
            return native(texts, " ".join(each for each in (given, patronymic) if each))
        case "honorific-family" | "family-honorific":
            if reader.family_name and reader.sex != "unknown":
                return _honoured(texts, reader.sex, reader.family_name)
            whole = reader.full_name or given
            return _honoured(texts, "unknown", whole) if whole else ""
        case _:
            return native(texts, given)


def _honoured(texts: Texts, sex: str, name: str) -> str:
    return format_message(texts.locale, texts.honorific[sex], {"name": native(texts, name)})


def display_name(texts: Texts, practitioner: Practitioner) -> str:
    """The practitioner's name alone, as this language shows it."""
    return native(texts, practitioner.name_forms.display.get(texts.locale) or practitioner.name)


def doctor(texts: Texts, practitioner: Practitioner) -> str:
    """Name and speciality in words that no case has to fit."""
    name = display_name(texts, practitioner)
    speciality = native(texts, practitioner.speciality.get(texts.locale, ""))
    if not speciality:
        return name
    return format_message(texts.locale, texts.doctor, {"name": name, "speciality": speciality})


def to_whom(texts: Texts, practitioner: Practitioner) -> str:
    """To the dentist so-and-so: in the dative, where this language wants one and it is stored."""
    dative = practitioner.name_forms.dative.get(texts.locale, "")
    if not texts.to_whom or not dative:
        return ""
    speciality = practitioner.speciality_dative.get(texts.locale, "")
    whom = " ".join(each for each in (speciality, dative) if each)
    return format_message(texts.locale, texts.to_whom, {"whom": whom})
