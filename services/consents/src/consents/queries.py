"""What consents is asked: may we contact, what did somebody agree to. Nothing is cached: a withdrawal holds at once."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common import directory
from common.contracts.consents import ContactAnswers, MayContact, Permissions
from common.errors import UnknownThing
from common.sealed import Sealer
from consents import tables
from consents.rules import contact


async def keeps_data_at_home(tx: AsyncConnection, network_id: str) -> bool | None:
    """As booking told of the network; None where it has not been told of yet."""
    try:
        return (await directory.network(tx, network_id)).data_at_home
    except UnknownThing:
        return None


async def may_contact(
    tx: AsyncConnection, network_id: str, query: MayContact, *, data_at_home: bool
) -> ContactAnswers:
    """One answer per question, in the same order, from the permissions of this moment."""
    asked = list(dict.fromkeys(question.patient_id for question in query.questions))
    books = await tables.books(tx, network_id, asked, None)
    return ContactAnswers(
        answers=[
            contact.may_contact(question, books[question.patient_id], data_at_home=data_at_home)
            for question in query.questions
        ]
    )


async def permissions_of(
    tx: AsyncConnection, network_id: str, patient_ids: Sequence[UUID], sealer: Sealer
) -> Permissions:
    """Every purpose that was ever given or refused, with its evidence."""
    books = await tables.books(tx, network_id, patient_ids, sealer)
    return Permissions(
        permissions=[permission for book in books.values() for permission in book.held.values()]
    )
