"""Facts of a clock: what took effect when, who told it, and since when it is known.

A fact has two dates. It took effect on `effective_on`, and it has been known since `recorded_at`,
until `withdrawn_at` if it turned out wrong. So a clock can be asked how it stood on a day, and how
it was known to stand on a day.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from referral.domain.days import london_date

FIRST_ACTIVITY: Final = "10"
AFTER_MONITORING: Final = "11"
SEPARATE_CONDITION: Final = "12"
FIRST_STATUSES: Final = frozenset({FIRST_ACTIVITY, SEPARATE_CONDITION})
LATER_ACTIVITY: Final = "20"
AFTER_TRANSFER: Final = "21"
TREATED: Final = "30"
MONITORED_BY_PROFESSIONAL: Final = "32"
MONITORING_STATUSES: Final = frozenset({"31", MONITORED_BY_PROFESSIONAL})
DID_NOT_ATTEND: Final = "33"
DECIDED_AGAINST: Final = "34"
DIED: Final = "36"
AFTER_TREATMENT: Final = "90"
DURING_MONITORING: Final = "91"
NOT_REFERRED: Final = "92"
NOT_APPLICABLE: Final = "98"
NOT_YET_KNOWN: Final = "99"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened on the pathway, as told by `actor` in the message `source`.

    `activity` is False for the receipt of a referral and for decisions without the patient there;
    `by_another_provider` is True when the patient has moved to `actor` from whom they were
    referred to. `because` is a coded reason where a rule asks for one.
    """

    status: str
    effective_on: date
    recorded_at: datetime
    source: str
    actor: str
    activity: bool = True
    by_another_provider: bool = False
    because: str | None = None
    withdrawn_at: datetime | None = None

    @property
    def key(self) -> tuple[str, date, str, str]:
        """What makes it the same fact, whenever and however often it is told."""
        return (self.status, self.effective_on, self.actor, self.source)

    @property
    def stands(self) -> bool:
        return self.withdrawn_at is None


def distinct(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Each fact once, in one order whatever the order they came in."""
    found: dict[tuple[str, date, str, str], Fact] = {}
    for fact in sorted(facts, key=lambda one: (one.recorded_at, one.withdrawn_at is None)):
        known = found.setdefault(fact.key, fact)
        if known.stands and not fact.stands:
            found[fact.key] = replace(known, withdrawn_at=fact.withdrawn_at)
    return tuple(sorted(found.values(), key=lambda one: one.key))


def known_on(facts: Iterable[Fact], day: date) -> tuple[Fact, ...]:
    """The facts as they were known at the end of a day in London."""
    return tuple(
        replace(fact, withdrawn_at=_withdrawn_by(fact, day))
        for fact in facts
        if london_date(fact.recorded_at) <= day
    )


def _withdrawn_by(fact: Fact, day: date) -> datetime | None:
    at = fact.withdrawn_at
    return at if at is not None and london_date(at) <= day else None


def effective_by(facts: Iterable[Fact], day: date) -> tuple[Fact, ...]:
    """The facts that had taken effect by the end of a day."""
    return tuple(fact for fact in facts if fact.effective_on <= day)


def withdrawn(facts: Iterable[Fact], source: str, actor: str, at: datetime) -> tuple[Fact, ...]:
    """The facts with those of one message taken back. They are kept, for who asks what was known."""
    return tuple(
        replace(fact, withdrawn_at=at)
        if fact.stands and (fact.source, fact.actor) == (source, actor)
        else fact
        for fact in facts
    )
