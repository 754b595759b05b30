"""One valid example of every event and submission, all of one synthetic patient's journey.

`python -m contracts.tools write` keeps them as golden files: what was once published must be
readable for ever.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from contracts.event import Event
from contracts.examples.events import EVERY_EVENT
from contracts.examples.story import (
    CAPACITY,
    MESSAGE,
    NOW,
    PATHWAY,
    RELEASE,
    SHORTLIST,
    START,
    START_UTC,
)
from contracts.examples.submissions import EVERY_SUBMISSION
from contracts.submissions import Submission

EVENTS: Final[Mapping[str, Event]] = MappingProxyType({one.type: one for one in EVERY_EVENT})
SUBMISSIONS: Final[Mapping[str, Submission]] = MappingProxyType(
    {one.type: one for one in EVERY_SUBMISSION}
)

__all__ = [
    "CAPACITY",
    "EVENTS",
    "MESSAGE",
    "NOW",
    "PATHWAY",
    "RELEASE",
    "SHORTLIST",
    "START",
    "START_UTC",
    "SUBMISSIONS",
]
