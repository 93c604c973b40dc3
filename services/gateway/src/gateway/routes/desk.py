"""What a route of staff works at: who is asking, what they may, and every owner, reached in their name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import Response

from common.caller import Caller
from common.contracts.messages import Command, Message
from common.contracts.messages import Request as Asked
from common.errors import UnknownThing
from gateway.handlers import Parts
from gateway.queries.principals import Principal
from gateway.routes import access
from gateway.routes.access import IdempotencyKey, json_answer
from gateway.rules.minted import Minted
from gateway.rules.permissions import Action, allowed

Reply = TypeVar("Reply", bound=Message)


@dataclass
class Desk:
    """One request of somebody who may make it: what it asks and tells is done in their name."""

    request: Request
    parts: Parts
    principal: Principal
    key: str | None = None
    """The request's `Idempotency-Key`."""
    _minted: Minted | None = field(default=None, init=False)

    @property
    def network_id(self) -> str:
        """Whose staff it is."""
        return self.principal.network_id

    @property
    def caller(self) -> Caller:
        """Who is asking, as owners are told."""
        return self.principal.caller

    @property
    def now(self) -> datetime:
        """The clock's instant."""
        return self.parts.clock.now()

    async def today(self, branch_id: UUID) -> date:
        """The local date at a branch. Raises `unknown-branch`."""
        branch = await self.parts.public_directory.branch(self.network_id, branch_id)
        return self.now.astimezone(ZoneInfo(branch.zone)).date()

    def may(self, action: Action) -> bool:
        """Whether they may do this, too."""
        return allowed(self.principal.roles, action)

    @property
    def sees_money(self) -> bool:
        """Money follows the role."""
        return self.may("money.see")

    def own_branch(self, branch_id: UUID) -> None:
        """Accounts with branches work at these. Raises `unknown-branch`, as for one that is not there."""
        if self.principal.branch_ids and str(branch_id) not in self.principal.branch_ids:
            raise UnknownThing("branch", branch_id)

    def about(self, **subjects: object) -> None:
        """Whom or what the request is about, for the audit log, as far as it is known by now (ids only)."""
        access.about(self.request, **subjects)

    def acting_for(self, practitioner_id: UUID) -> None:
        """A delegate acts in a practitioner's name: the audit log says in whose."""
        if "delegate" in self.principal.roles:
            self.about(acting_for=practitioner_id)

    async def ids(self) -> Minted:
        """The ids of what this request makes: the same ones when it is repeated with its key."""
        if self._minted is None:
            self._minted = await access.minted(self.request, self.principal, self.key)
        return self._minted

    async def tell(self, command: Command[Reply]) -> Reply:
        """Have its owner do it: once, however often the request is repeated with its key."""
        command_id = (await self.ids()).id(command.subject)
        ours = command.model_copy(update={"command_id": command_id})
        return await access.carry_out(self.parts, ours, self.caller)

    async def ask(
        self,
        question: Asked[Reply],
        timeout: float | None = None,  # noqa: ASYNC109 - the owner is told of it too
    ) -> Reply:
        """The owner's answer, to make something of it."""
        return await self.parts.asks.ask(question, caller=self.caller, timeout=timeout)

    async def pass_on(self, question: Asked[Reply]) -> Response:
        """The owner's answer as it came, for whoever asked."""
        return json_answer(await self.parts.asks.ask_bytes(question, caller=self.caller))


def desk_for(action: Action) -> Callable[[Request], Awaitable[Desk]]:
    """A dependency: the desk of somebody who may do this; the audit log hears of it either way."""
    who = access.may(action)

    async def desk(request: Request) -> Desk:
        return Desk(request, access.parts_of(request), await who(request))

    return desk


def desk_with_key(action: Action) -> Callable[[Request, IdempotencyKey], Awaitable[Desk]]:
    """The same for a request that makes or changes something: it may carry an `Idempotency-Key`."""
    who = access.may(action)

    async def desk(request: Request, idempotency_key: IdempotencyKey = None) -> Desk:
        return Desk(request, access.parts_of(request), await who(request), idempotency_key)

    return desk
