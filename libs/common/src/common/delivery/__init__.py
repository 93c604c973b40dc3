"""How events are read: FastStream pulls, and this decides what a failure means.

FastStream's own default terminates a message on the first exception, and a plain negative acknowledgement comes
back at once; so acknowledgement is ours. Applied, or applied before: acknowledge. Refused by a rule: acknowledge
and count. Something unreachable: again later, with a growing delay, for as long as it takes. A bug: again a few
times, then a row in this service's own dead letters, which a person can list and replay.
"""

from common.delivery.applying import ATTEMPTS, Applying
from common.delivery.consumption import Consumption
from common.delivery.readers import Heard, Reader, Readers

__all__ = ["ATTEMPTS", "Applying", "Consumption", "Heard", "Reader", "Readers"]
