"""The texts in force: built in, with what the network and the branch have published laid over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.directory import Locale
from notifications.rules.linter import BUILT_IN
from notifications.rules.texts import Texts
from notifications.tables import wordings as rows
from notifications.tables.wordings import NETWORK, Published
from notifications.templates import texts


@dataclass(frozen=True)
class InForce:
    """What one network has published, by template and scope."""

    published: Mapping[tuple[str, str], Published] = field(default_factory=dict)

    def texts(self, lead: str, locale: Locale, branch_id: UUID) -> Texts:
        """The texts for a message that `lead` leads; in another language where its wording says so."""
        if not self.published:
            return texts(locale)
        spoken = self._spoken(lead, locale, branch_id)
        found = texts(spoken)
        for name in {name for name, _ in self.published}:
            one = self._newest(name, branch_id)
            if one is not None and spoken in one.version.body.texts:
                own = one.version.body.texts[spoken]
                found = found.reworded(name, tuple(own.lines), tuple(own.sms), one.label)
        return found

    def _spoken(self, lead: str, locale: Locale, branch_id: UUID) -> Locale:
        one = self._newest(lead, branch_id)
        if one is None or locale in one.version.body.texts:
            return locale
        fallback = one.version.body.fallbacks.get(locale, BUILT_IN)
        return locale if fallback == BUILT_IN else fallback

    def _newest(self, name: str, branch_id: UUID) -> Published | None:
        """The branch's own wording, else the network's."""
        return self.published.get((name, str(branch_id))) or self.published.get((name, NETWORK))


async def in_force(tx: AsyncConnection, network_id: str) -> InForce:
    """Read what a network has published."""
    return InForce({(one.name, one.scope): one for one in await rows.in_force(tx, network_id)})
