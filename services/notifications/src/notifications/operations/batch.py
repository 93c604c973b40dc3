"""Messages of one network that were claimed together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from notifications.operations.asking import Answers, Question
from notifications.operations.deciding import Surroundings
from notifications.tables.attempts import Attempt
from notifications.tables.messages import Message


@dataclass
class Batch:
    """Messages of one network that were claimed together, and what is known about them."""

    network_id: str
    messages: dict[UUID, Message]
    attempts: Mapping[UUID, list[Attempt]]
    around: Surroundings
    answers: Answers | None = None
    questions: dict[UUID, Question] = field(default_factory=dict)
