"""A trust's waiting list: whose clocks tick, in bands of weeks, with the dates to keep.

Weeks come from `domain.waiting`, so a list and the clock can never disagree. What depends on today
is worked out when somebody asks; what is kept with a pathway depends on the pathway alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import product
from typing import Final

from referral.domain import clock as rtt
from referral.domain.admissions import Admission
from referral.domain.days import london_date
from referral.domain.pathway import Pathway, PathwayStatus
from referral.domain.transfers import State
from referral.domain.waiting import days_waited, is_over, weeks_waited

# The waiting list minimum data set's bands (0-18, 18-40, 40-52, 52-65, 65-78, 78-104, 104+), and
# 26 weeks, from when patients are asked whether they want to go elsewhere (domain reference, 1a).
EDGES: Final = (18, 26, 40, 52, 65, 78, 104)

CANCELLED_WITHIN: Final = 28  # days; NHS Constitution, operations cancelled on the day


class DeadlineKind(StrEnum):
    """What has to happen by a day."""

    CHOICE_ANSWER = "choice-answer"
    TRANSFER_DATA = "transfer-data"
    TRANSFER_RECEIPT = "transfer-receipt"
    CANCELLED_OPERATION = "cancelled-operation"
    WEEKS_18 = "18-weeks"
    WEEKS_52 = "52-weeks"
    WEEKS_65 = "65-weeks"
    WEEKS_78 = "78-weeks"
    WEEKS_104 = "104-weeks"

    @property
    def weeks(self) -> int | None:
        """The longest wait, where the deadline follows from the start of the clock."""
        number, _, unit = self.value.partition("-")
        return int(number) if unit == "weeks" else None


class Wait(StrEnum):
    """How long somebody has waited, in weeks: the bands of the list, then all over so many."""

    UP_TO_18 = "0-18"
    UP_TO_26 = "18-26"
    UP_TO_40 = "26-40"
    UP_TO_52 = "40-52"
    UP_TO_65 = "52-65"
    UP_TO_78 = "65-78"
    UP_TO_104 = "78-104"
    OVER_104 = "over-104"
    OVER_18 = "over-18"
    OVER_26 = "over-26"
    OVER_40 = "over-40"
    OVER_52 = "over-52"
    OVER_65 = "over-65"
    OVER_78 = "over-78"

    @property
    def over(self) -> int:
        """Longer than so many weeks; 0 for the first band, which has the first day too."""
        start, _, end = self.value.partition("-")
        return int(end) if start == "over" else int(start)

    @property
    def up_to(self) -> int | None:
        """Not longer than so many weeks."""
        start, _, end = self.value.partition("-")
        return None if start == "over" else int(end)


BANDS: Final = tuple(Wait)[: len(EDGES) + 1]


def band_of(days: int) -> Wait:
    """The band of a wait: 126 days are in 0-18, 127 in 18-26."""
    longer = sum(is_over(days, weeks) for weeks in EDGES)
    return BANDS[longer]


@dataclass(frozen=True, slots=True)
class Starts:
    """Clocks that started from one day to another, both included; None: without that end."""

    first: date | None = None
    last: date | None = None

    def within(self, other: "Starts") -> "Starts":
        firsts = [one for one in (self.first, other.first) if one is not None]
        lasts = [one for one in (self.last, other.last) if one is not None]
        return Starts(max(firsts, default=None), min(lasts, default=None))


def starts_of(wait: Wait, today: date) -> Starts:
    """When the clocks started that have waited so long today."""
    first = None if wait.up_to is None else today - timedelta(weeks=wait.up_to)
    last = today - timedelta(weeks=wait.over, days=1) if wait.over else None
    return Starts(first, last)


def starts_of_target(weeks: int, due_by: date) -> Starts:
    """When the clocks started whose last day within so many weeks is on or before a day."""
    return Starts(last=due_by - timedelta(weeks=weeks))


def last_day_within(weeks: int, started_on: date) -> date:
    """The last day on which a wait is not over so many weeks."""
    return started_on + timedelta(weeks=weeks)


# ---- what is kept with a pathway


def is_listed(pathway: Pathway) -> bool:
    """Whether the patient waits: the clock ticks."""
    return not pathway.over and isinstance(pathway.history.clock, rtt.Ticking)


def dates_to_keep(pathway: Pathway) -> dict[DeadlineKind, date]:
    """The nearest day of each kind that does not follow from the start of the clock."""
    found: dict[DeadlineKind, list[date]] = {
        DeadlineKind.CHOICE_ANSWER: [
            one.respond_by for one in pathway.shortlists if one.open and one.respond_by is not None
        ],
        DeadlineKind.TRANSFER_DATA: [
            london_date(one.due_at) for one in pathway.transfers if one.state is State.DECIDED
        ],
        DeadlineKind.TRANSFER_RECEIPT: [
            london_date(one.confirm_by)
            for one in pathway.transfers
            if one.state is State.DATA_SENT and one.confirm_by is not None
        ],
        DeadlineKind.CANCELLED_OPERATION: [
            day for one in pathway.admissions if (day := _treat_by(one)) is not None
        ],
    }
    return {kind: min(days) for kind, days in found.items() if days}


def _treat_by(admission: Admission) -> date | None:
    """28 days after an operation was called off on its day or later, until there is a new date.

    DERIVED: the guarantee is for reasons of the hospital's, which an admission does not tell.
    """
    planned, cancelled = admission.planned_on, admission.cancelled_on
    if planned is None or cancelled is None or cancelled < planned:
        return None
    return cancelled + timedelta(days=CANCELLED_WITHIN)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a list is asked for beside its band; None: whatever."""

    treatment_function: str | None = None
    status: PathwayStatus | None = None
    deadline: DeadlineKind | None = None
    due_by: date | None = None

    @property
    def kept_deadline(self) -> DeadlineKind | None:
        """The deadline, where it is kept with the pathway."""
        return None if self.deadline is None or self.deadline.weeks else self.deadline


def key_of(provider: str, choice: Choice) -> str:
    """The name of the list that a choice asks for."""
    parts = (choice.treatment_function, choice.status, choice.kept_deadline)
    return "|".join([provider, *(part or "" for part in parts)])


def keys_of(pathway: Pathway) -> list[str]:
    """The names of all lists that a pathway is on, so that each is one look into one index."""
    deadlines = (None, *dates_to_keep(pathway))
    choices = product(
        (None, pathway.referral.treatment_function), (None, pathway.status), deadlines
    )
    return [key_of(pathway.provider, Choice(*one)) for one in choices]


# ---- a line of the list


@dataclass(frozen=True, slots=True)
class Deadline:
    kind: DeadlineKind
    due_on: date
    overdue: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody on the list, as kept."""

    pathway_id: str
    identifier: str
    issuer: str
    status: PathwayStatus
    treatment_function: str
    priority: str
    started_on: date
    dates: Mapping[DeadlineKind, date]

    def days(self, today: date) -> int:
        return days_waited(self.started_on, today)

    def weeks(self, today: date) -> int:
        return weeks_waited(self.days(today))

    def deadlines(self, today: date) -> list[Deadline]:
        """The dates kept, 18 weeks, and the next long wait that the patient comes to; soonest first."""
        kinds = [kind for kind in DeadlineKind if kind.weeks]
        ahead = [kind for kind in kinds if not is_over(self.days(today), kind.weeks or 0)]
        days = {
            **self.dates,
            **{
                kind: last_day_within(kind.weeks or 0, self.started_on)
                for kind in (DeadlineKind.WEEKS_18, *ahead[:1])
            },
        }
        found = (Deadline(kind, day, overdue=day < today) for kind, day in days.items())
        return sorted(found, key=lambda one: (one.due_on, one.kind))
