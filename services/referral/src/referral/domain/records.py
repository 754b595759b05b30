"""What goes on record of a pathway beside its clock: who held it, who it is about, how it ended."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """The patient as last told by the trust. Never shown by `repr`."""

    nhs_number: str
    given_name: str
    family_name: str
    birth_date: date
    sex: str
    postcode: str | None = None
    address: tuple[str, ...] = ()
    phone: str | None = None
    email: str | None = None
    preferred_channel: str | None = None
    language: str = "en"


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
    """Another NHS number took the place of `former`. Never shown by `repr`.

    `superseded_by` is the message of a later change that goes the other way and took its place.
    `before` is who a pathway was of, where the change was made to one.
    """

    kind: Literal["number", "merge"]
    former: str
    current: str
    on: date
    publisher: str
    message_id: str
    recorded_at: datetime
    undone_at: datetime | None = None
    superseded_by: str | None = None
    before: Person | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Which message of whom told it."""
        return (self.publisher, self.message_id)

    @property
    def stands(self) -> bool:
        return self.undone_at is None and self.superseded_by is None


@dataclass(frozen=True, slots=True)
class RightToMove:
    """A decision on the right to be seen sooner elsewhere (`domain.moving`)."""

    requested_on: date
    decision: str
    applies: bool
    rule_set: str
    policy_text: str
    evidence: dict[str, str]
