"""What a handler may raise, and what each does to the event at hand."""

from collections.abc import Iterable

from chassis.faults import Fault
from contracts.event import Unreadable

__all__ = ["NotYet", "Rejected", "TransientError", "Unreadable", "VersionConflict"]


class TransientError(Exception):
    """Database, broker or time-out: the same batch is tried again and nothing is passed over."""


class VersionConflict(TransientError):
    """Somebody else changed a document since it was read: do the whole work again."""


class NotYet(Exception):
    """The cause is not here yet: the event parks until another event of its key was applied."""


class Rejected(Exception):
    """A business refusal, told to whoever sent the message, with every reason we found."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: list[Fault] = list(faults)
        if not self.faults:
            raise ValueError("a refusal names at least one fault")
        super().__init__(", ".join(fault.code for fault in self.faults))
