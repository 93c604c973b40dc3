"""Whether an SMS stays within the segments that the place is ready to pay for."""

from collections.abc import Callable, Iterator

from common.contracts.directory import Locale
from notifications.rules.linter.values import Draft, Finding, Where, Wording
from notifications.rules.sms import counted

LIMIT = "the country's limit of segments"

AsSms = Callable[[Locale, Wording], str | None]
"""The text of a sample message as it would leave by SMS; None where it cannot be made."""


def too_long(draft: Draft, where: Where, as_sms: AsSms) -> Iterator[Finding]:
    """Wordings whose sample takes more segments than that."""
    for locale, wording in draft.wordings.items():
        text = as_sms(locale, wording)
        if text is None:
            continue
        count = counted(text)
        if count.segments > where.tariff.most_segments:
            detail = f"{count.segments} > {where.tariff.most_segments} ({count.alphabet}, {count.units})"
            yield Finding("sms-too-long", locale, wording.by_sms[0], detail, LIMIT, waivable=True)
