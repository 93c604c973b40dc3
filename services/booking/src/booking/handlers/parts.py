"""What the handlers work with, and the table of what they answer."""

from dataclasses import dataclass
from datetime import timedelta

from booking.operations.acting import Acting
from booking.tables.directory import Directories
from common.caller import Caller
from common.clock import Clock
from common.database import Database
from common.rpc import Answers


@dataclass(frozen=True)
class Parts:
    """What the handlers work with."""

    database: Database
    clock: Clock
    directories: Directories
    moves_limit: int
    overbook_limit: int = 2
    offer_lasts: timedelta = timedelta(hours=1)

    def acting(self, caller: Caller) -> Acting:
        """This caller, acting now."""
        return Acting(
            caller=caller,
            now=self.clock.now(),
            directories=self.directories,
            moves_limit=self.moves_limit,
            overbook_limit=self.overbook_limit,
            offer_lasts=self.offer_lasts,
        )


answers = Answers[Parts]()
