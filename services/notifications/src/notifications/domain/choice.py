"""A patient's choice among providers: open, answered once, or closed without an answer."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias, assert_never

from notifications.domain.links import TRIES

Sector = Literal["NHS", "IS"]
Statistic = Literal["median", "p92", "mean"]
Ending = Literal["lapsed"]


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait with its statistic, the number of people it was taken from, and its date."""

    weeks: float
    statistic: Statistic
    people: int
    as_at: date


@dataclass(frozen=True, slots=True)
class Option:
    """One hospital that may be chosen. None means not known."""

    provider: str
    provider_name: str
    site: str
    site_name: str
    sector: Sector
    wait: Wait | None = None
    distance_miles: float | None = None
    next_place_on: date | None = None


@dataclass(frozen=True, slots=True)
class Trail:
    """What led here, so that an answer days later still belongs to the same story."""

    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""


NO_TRAIL = Trail()


@dataclass(frozen=True, slots=True)
class Open:
    """Not answered yet. `tries` counts wrong dates of birth."""

    tries: int = 0
    kind: Literal["open"] = "open"


@dataclass(frozen=True, slots=True)
class Answered:
    """Answered for good. `provider` None means that the patient stays where they are."""

    provider: str | None
    answered_on: date
    kind: Literal["answered"] = "answered"


@dataclass(frozen=True, slots=True)
class Closed:
    """Over without an answer."""

    ending: Ending
    kind: Literal["closed"] = "closed"


NOT_ANSWERED = Open()

State: TypeAlias = Open | Answered | Closed


@dataclass(frozen=True, slots=True)
class Choice:
    """One shortlist as the patient sees it. `link` is the hash of its link's token."""

    shortlist_id: str
    link: str
    respond_by: date
    options: tuple[Option, ...]
    current_provider: str
    trail: Trail = NO_TRAIL
    again: bool = False
    state: State = NOT_ANSWERED

    @property
    def locked(self) -> bool:
        """Whether too many wrong dates of birth were given."""
        return isinstance(self.state, Open) and self.state.tries >= TRIES

    @property
    def answer(self) -> Answered | None:
        return self.state if isinstance(self.state, Answered) else None

    def option(self, provider: str) -> Option | None:
        """The option of this provider, None when it is not on the list."""
        return next((one for one in self.options if one.provider == provider), None)


def can_answer(choice: Choice, today: date) -> bool:
    """Whether the link leads anywhere for somebody who has not answered: to its last day."""
    return isinstance(choice.state, Open) and not choice.locked and today <= choice.respond_by


def answered(choice: Choice, provider: str | None, today: date) -> Choice | None:
    """The choice with this answer; None when it is not for the patient to give (any more)."""
    if not can_answer(choice, today):
        return None
    if provider is not None and choice.option(provider) is None:
        return None
    return replace(choice, state=Answered(provider, today))


def mistaken(choice: Choice) -> Choice:
    """The choice after one more wrong date of birth."""
    match choice.state:
        case Open(tries):
            return replace(choice, state=Open(tries + 1))
        case Answered() | Closed():
            return choice
        case _:
            assert_never(choice.state)


def closed(choice: Choice, ending: Ending) -> Choice:
    """The choice, over. An answer that was given stays."""
    match choice.state:
        case Open():
            return replace(choice, state=Closed(ending))
        case Answered() | Closed():
            return choice
        case _:
            assert_never(choice.state)


def by_wait(options: tuple[Option, ...]) -> list[Option]:
    """Shortest wait first, not known last; equal waits stay in the order they were given in."""
    return sorted(options, key=lambda option: (option.wait is None, _weeks(option)))


def _weeks(option: Option) -> float:
    return option.wait.weeks if option.wait else 0.0
