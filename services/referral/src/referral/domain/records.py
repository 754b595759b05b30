"""What goes on record of a pathway beside its clock: who held it, who it is about, how it ended."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Custody:
    """Since when a provider is responsible for the pathway. The next one begins where it ends."""

    provider: str
    since: datetime
    effective_on: date
    because: Literal["referred", "chosen", "transferred"]


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The referral was called off as a whole. `never_was`: it had been made by mistake."""

    on: date
    reason: str
    never_was: bool
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Death:
    """The patient has died, as told by `publisher`."""

    on: date
    status: str
    publisher: str
    message_id: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class IdentityChange:
    """Another NHS number took the place of `former` here. Never shown by `repr`."""

    kind: Literal["number", "merge"]
    former: str
    current: str
    on: date
    publisher: str
    message_id: str
    recorded_at: datetime
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RightToMove:
    """A decision on the right to be seen sooner elsewhere (`domain.moving`)."""

    requested_on: date
    decision: str
    applies: bool
    rule_set: str
    policy_text: str
    evidence: dict[str, str]
