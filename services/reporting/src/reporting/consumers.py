"""Which events reporting takes: all that it can read, a batch at a time."""

from chassis.handlers import Handlers
from reporting.handlers import record_batch


def consumers() -> Handlers:
    """The handlers of this service."""
    registry = Handlers()
    registry.on_batch(record_batch)
    return registry
