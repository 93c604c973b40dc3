"""What a text says: claims that are forbidden, health in channels that others can read, and how to say no."""

import re
import unicodedata
from collections.abc import Iterator

from notifications.rules.linter.syntax import readable
from notifications.rules.linter.values import Draft, Finding, Rulebook, Where
from notifications.rules.texts.icu import every_argument

TELLS_OF_HEALTH = frozenset({"service", "preparation"})
LINKS = frozenset({"link", "book_link", "join_link"})
URL = re.compile(r"https?://|www\.|\b[\w-]+\.(?:com|net|org|tw|kz|br|ir|fr|io|me|ly|cc)\b", re.IGNORECASE)
HIDDEN = re.compile("[\u00ad\u200b-\u200f\u2060\u2066-\u2069\ufeff]")

PRIVACY = "GDPR art. 9, LGPD art. 11 and the like: health is not told where others can read it"
REFUSABLE = "every advertisement says how to get no more of them (policies: classes of messages)"
REGISTERED = "Taiwan: links in commercial SMS are registered with the operators beforehand"


def plain(text: str) -> str:
    """The text as a reader sees it: full-width signs as plain ones, nothing invisible between letters."""
    return HIDDEN.sub("", unicodedata.normalize("NFKC", text))


def banned_claims(draft: Draft, rulebook: Rulebook, where: Where) -> Iterator[Finding]:
    """Words that medical advertising of the country may not use, in any message that the clinic sends."""
    forbidden = [one for one in rulebook.claims if one.country == where.country]
    for locale, wording in draft.wordings.items():
        for place, line in wording.places():
            for claim in forbidden:
                if found := claim.pattern.search(plain(line)):
                    detail = f"{claim.id}: {found.group()}"
                    yield Finding("banned-claim", locale, place, detail, claim.source, waivable=True)


def health_in_the_open(draft: Draft, rulebook: Rulebook) -> Iterator[Finding]:
    """Diagnoses and medicines in an SMS, and what the template hides there; in an advertisement the service too."""
    contract = rulebook.contracts[draft.name]
    advertises = contract.message_class == "marketing"
    hidden = frozenset(contract.hides) | (TELLS_OF_HEALTH if advertises else frozenset())
    for locale, wording in draft.wordings.items():
        for place, line in wording.sms_places():
            if found := rulebook.health[locale].search(plain(line)):
                yield Finding("health-in-open-channel", locale, place, found.group(), PRIVACY, waivable=True)
            if hidden and readable(locale, line):
                for name in sorted({one.name for one in every_argument(line)} & hidden):
                    yield Finding("health-in-open-channel", locale, place, name, PRIVACY)


def no_way_out(draft: Draft, rulebook: Rulebook) -> Iterator[Finding]:
    """An advertisement that does not say how to get no more of them."""
    if rulebook.contracts[draft.name].message_class != "marketing":
        return
    for locale, wording in draft.wordings.items():
        for part, lines in (("lines", wording.lines), ("sms", wording.sms)):
            if lines and not any(rulebook.opt_out[locale].search(plain(line)) for line in lines):
                yield Finding("missing-opt-out", locale, part, rulebook.opt_out[locale].pattern, REFUSABLE)


def unregistered_links(draft: Draft, rulebook: Rulebook, where: Where) -> Iterator[Finding]:
    """Links in an advertisement by SMS, where each has to be registered: the approver quotes the registration."""
    if not where.tariff.registered_links or rulebook.contracts[draft.name].message_class != "marketing":
        return
    for locale, wording in draft.wordings.items():
        for place, line in wording.sms_places():
            names = {one.name for one in every_argument(line)} if readable(locale, line) else set()
            found = sorted(names & LINKS) or URL.findall(line)
            if found:
                yield Finding("unregistered-link", locale, place, found[0], REGISTERED, waivable=True)
