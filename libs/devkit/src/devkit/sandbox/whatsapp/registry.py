"""The templates a business has registered. The sandbox approves each at once."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from devkit.sandbox.journal import Journal
from devkit.sandbox.whatsapp.errors import Refusal
from devkit.sandbox.whatsapp.templates import Template


@dataclass(slots=True)
class Kept:
    id: str
    business: str
    template: Template

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": "APPROVED",
            **self.template.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
        }


class Registry:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: dict[str, Kept] = {}

    def of(self, business: str) -> list[Kept]:
        return [kept for kept in self._kept.values() if kept.business == business]

    def find(self, sender: str, name: str, language: str) -> Template | None:
        """A sender belongs to one business at Meta; here a template of the sender's own name goes first."""
        found = [
            kept
            for kept in self._kept.values()
            if kept.template.name == name and kept.template.language == language
        ]
        found.sort(key=lambda kept: kept.business != sender)
        return found[0].template if found else None

    def add(self, business: str, template: Template) -> Kept:
        for kept in self.of(business):
            if (kept.template.name, kept.template.language) == (template.name, template.language):
                raise Refusal(
                    100, f"Content in this language already exists: {template.name}, {template.language}"
                )
        kept = Kept(str(uuid4().int % 10**16), business, template)
        self._keep(kept)
        return kept

    def edit(self, template_id: str, changes: dict[str, Any]) -> None:
        kept = self._kept.get(template_id)
        if kept is None:
            raise Refusal(100, f"Object with ID '{template_id}' does not exist")
        changed = {name: changes[name] for name in ("components", "category") if name in changes}
        kept.template = Template.model_validate(kept.template.model_dump() | changed)
        self._keep(kept)

    def remove(self, business: str, name: str) -> None:
        removed = [kept for kept in self.of(business) if kept.template.name == name]
        if not removed:
            raise Refusal(100, f"Message template '{name}' does not exist")
        for kept in removed:
            del self._kept[kept.id]
            self._journal.note({"kind": "template", "id": kept.id, "template": None})

    def restore(self, record: dict[str, Any]) -> None:
        if record["template"] is None:
            self._kept.pop(record["id"], None)
        else:
            template = Template.model_validate(record["template"])
            self._kept[record["id"]] = Kept(record["id"], record["business"], template)

    def _keep(self, kept: Kept) -> None:
        self._kept[kept.id] = kept
        self._journal.note(
            {
                "kind": "template",
                "id": kept.id,
                "business": kept.business,
                "template": kept.template.model_dump(mode="json"),
            }
        )
