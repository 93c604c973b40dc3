"""What this service answers and reads, filled by the modules beside this one."""

from common.caller import Caller
from common.delivery import Readers
from common.errors import NotAllowed
from common.rpc import Answers
from notifications.operations.parts import Parts

answers = Answers[Parts]()
readers = Readers[Parts]()


def of_a_provider(caller: Caller) -> None:
    """Refuses everybody but the gateway with a provider's webhook, and services. Refused: `not-allowed`."""
    if caller.purpose not in {"webhook", "system"}:
        raise NotAllowed("Only providers' webhooks are taken in here")
