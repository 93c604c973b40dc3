"""What this service answers and reads, filled by the modules beside this one."""

from common.delivery import Readers
from common.rpc import Answers
from notifications.operations.parts import Parts

answers = Answers[Parts]()
readers = Readers[Parts]()
