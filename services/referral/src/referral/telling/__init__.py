"""What happened on a pathway, as events on the wire."""

from referral.telling.clock import clock_event
from referral.telling.event import event_of
from referral.telling.rights import right_event

__all__ = ["clock_event", "event_of", "right_event"]
