"""A network's own wordings: one draft per template and scope, and published versions that never change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.notifications import TemplateBody, TemplateVersion, Waiver
from common.database import INSTANT
from notifications.tables.schema import metadata

NETWORK = ""
"""The scope of the whole network; a branch's is its id."""

drafts = sa.Table(
    "template_drafts", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("body", JSONB, nullable=False),
    sa.Column("changed_at", INSTANT, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
)  # fmt: skip

versions = sa.Table(
    "template_versions", metadata,
    sa.Column("network_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("body", JSONB, nullable=False),
    sa.Column("waivers", JSONB, nullable=False),
    sa.Column("from_number", sa.Integer),
    sa.Column("published_at", INSTANT, nullable=False),
    sa.Column("published_by", sa.Text, nullable=False),
)  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """A wording that is still being written. `version` grows with every change of it."""

    version: int
    body: TemplateBody


@dataclass(frozen=True)
class Published:
    """The newest version of one template in one scope."""

    name: str
    scope: str
    version: TemplateVersion

    @property
    def label(self) -> str:
        """What a message remembers of it: `3`, or `branch-3` for a branch's own."""
        return f"branch-{self.version.number}" if self.scope else str(self.version.number)


async def take_turn(tx: AsyncConnection, network_id: str, name: str) -> None:
    """One change of a template's wordings at a time."""
    await tx.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:turn, 0))"),
        {"turn": f"wordings/{network_id}/{name}"},
    )


async def draft_of(tx: AsyncConnection, network_id: str, name: str, scope: str) -> Draft | None:
    """The draft, if one waits."""
    query = sa.select(drafts.c.version, drafts.c.body).where(*_key(drafts, network_id, name, scope))
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else Draft(row.version, TemplateBody.model_validate(row.body))


async def drafted(tx: AsyncConnection, network_id: str, scope: str) -> frozenset[str]:
    """The templates with a draft."""
    query = sa.select(drafts.c.name).where(drafts.c.network_id == network_id, drafts.c.scope == scope)
    return frozenset((await tx.execute(query)).scalars())


async def put_draft(
    tx: AsyncConnection, network_id: str, name: str, scope: str, draft: Draft, *, by: str, now: datetime
) -> None:
    """Write or replace the draft."""
    told = {
        "version": draft.version, "body": draft.body.model_dump(mode="json"), "changed_at": now, "changed_by": by,
    }  # fmt: skip
    statement = insert(drafts).values(network_id=network_id, name=name, scope=scope, **told)
    await tx.execute(
        statement.on_conflict_do_update(index_elements=["network_id", "name", "scope"], set_=told)
    )


async def drop_draft(tx: AsyncConnection, network_id: str, name: str, scope: str) -> None:
    """It has been published."""
    await tx.execute(sa.delete(drafts).where(*_key(drafts, network_id, name, scope)))


async def versions_of(
    tx: AsyncConnection, network_id: str, name: str, scope: str
) -> Sequence[TemplateVersion]:
    """Every published version, newest first."""
    query = (
        sa.select(versions).where(*_key(versions, network_id, name, scope)).order_by(versions.c.number.desc())
    )
    return [_version(row) for row in await tx.execute(query)]


async def publish(
    tx: AsyncConnection, network_id: str, name: str, scope: str, version: TemplateVersion
) -> None:
    """Write the next version."""
    await tx.execute(
        sa.insert(versions),
        {
            "network_id": network_id, "name": name, "scope": scope, "number": version.number,
            "body": version.body.model_dump(mode="json"),
            "waivers": [one.model_dump(mode="json") for one in version.waivers],
            "from_number": version.from_number, "published_at": version.published_at,
            "published_by": version.published_by,
        },
    )  # fmt: skip


async def in_force(tx: AsyncConnection, network_id: str) -> Sequence[Published]:
    """The newest version of every template in every scope."""
    query = (
        sa.select(versions)
        .where(versions.c.network_id == network_id)
        .ext(distinct_on(versions.c.name, versions.c.scope))
        .order_by(versions.c.name, versions.c.scope, versions.c.number.desc())
    )
    return [Published(row.name, row.scope, _version(row)) for row in await tx.execute(query)]


def _version(row: sa.Row[tuple[object, ...]]) -> TemplateVersion:
    told = row._mapping  # noqa: SLF001 - the public way to a row by names
    return TemplateVersion(
        number=told["number"], published_at=told["published_at"], published_by=told["published_by"],
        body=TemplateBody.model_validate(told["body"]),
        waivers=[Waiver.model_validate(one) for one in told["waivers"]], from_number=told["from_number"],
    )  # fmt: skip


def _key(table: sa.Table, network_id: str, name: str, scope: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.network_id == network_id, table.c.name == name, table.c.scope == scope
