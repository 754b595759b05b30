"""What happened on a pathway, as events on the wire."""

from referral.telling.clock import clock_event
from referral.telling.event import event_of
from referral.telling.rights import right_event
from referral.telling.said import effective_date, said_in

__all__ = ["clock_event", "effective_date", "event_of", "right_event", "said_in"]
