"""The catalogue that a shortlist is made from: every site, what it does, and its exact written form.

A catalogue is content: the same sites with the same facts have the same bytes and the same digest,
in whatever order they came, so that a list can be made again years later and compared.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final, Literal, Self, TypeAlias

from contracts.identifiers import OdsCode, TreatmentFunctionCode

SectorCode: TypeAlias = Literal["NHS", "IS"]
Statistic: TypeAlias = Literal["median", "p92", "mean"]
Position: TypeAlias = tuple[int, int]
"""Easting and northing on the British National Grid, in metres."""

OLDEST: Final = 130
EVERY_SEX: Final = frozenset("129")
EVERY_PRIORITY: Final = frozenset("123")


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait in weeks, never without its statistic, the number of people behind it and its date."""

    weeks: float
    statistic: Statistic
    n: int
    as_at: date
    source: str

    def state(self) -> list[object]:
        """As it is written."""
        return [self.weeks, self.statistic, self.n, self.as_at.isoformat(), self.source]


@dataclass(frozen=True, slots=True)
class Service:
    """What a site does of one treatment function, and for whom.

    Ages are completed years, both included. Sexes and priorities are codes of the NHS Data
    Dictionary. `closed_on` is the first day without the service. Without a wait none is known.
    """

    treatment_function: TreatmentFunctionCode
    age_from: int = 0
    age_to: int = OLDEST
    sexes: frozenset[str] = EVERY_SEX
    priorities: frozenset[str] = EVERY_PRIORITY
    needs_met: frozenset[str] = frozenset()
    is_published: bool = True
    closed_on: date | None = None
    wait: Wait | None = None
    wait_p92: Wait | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """A qualifying contract with any commissioner, from its first to its last day."""

    starts_on: date
    ends_on: date | None = None

    def is_in_force(self, on: date) -> bool:
        """A service drops off the lists on the day after the end."""
        return self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)

    def __str__(self) -> str:
        """In words, for evidence."""
        until = "" if self.ends_on is None else f" to {self.ends_on.isoformat()}"
        return f"from {self.starts_on.isoformat()}{until}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A site that may be offered, run by a provider. The sector decides nothing."""

    site: OdsCode
    provider: OdsCode
    sector: SectorCode
    position: Position
    services: tuple[Service, ...] = ()
    contract: Contract | None = None
    is_registered: bool = True

    def service(self, treatment_function: TreatmentFunctionCode) -> Service | None:
        """What the site does of this function."""
        for service in self.services:
            if service.treatment_function == treatment_function:
                return service
        return None


@dataclass(frozen=True, slots=True)
class Places:
    """The places that a site has left for the patient's treatment function; 0 is known to be none."""

    free: int
    next_on: date | None = None

    def state(self) -> list[object]:
        """As it is written."""
        return [self.free, _text(self.next_on)]


@dataclass(frozen=True)
class Catalogue:
    """Every candidate, by site code, and the places left where that is known."""

    candidates: tuple[Candidate, ...]
    places: Mapping[OdsCode, Places] = field(default_factory=dict)

    @classmethod
    def of(cls, candidates: Iterable[Candidate]) -> Self:
        """The catalogue of these candidates, in whatever order; a site twice is refused."""
        by_site = tuple(sorted(candidates, key=lambda candidate: candidate.site))
        if len({candidate.site for candidate in by_site}) != len(by_site):
            raise ValueError("a site is in the catalogue twice")
        return cls(by_site)

    def with_places(self, places: Mapping[OdsCode, Places]) -> Self:
        """The same sites with what is left there now; cheap, for every referral."""
        renewed = type(self)(self.candidates, places)
        renewed.__dict__["static_digest"] = self.static_digest
        renewed.__dict__["memory"] = self.memory
        return renewed

    @cached_property
    def static_digest(self) -> str:
        """SHA-256 over the candidates alone."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @cached_property
    def digest(self) -> str:
        """SHA-256 over candidates and places."""
        left = canonical({site: places.state() for site, places in self.places.items()})
        return hashlib.sha256(self.static_digest.encode() + b"\n" + left).hexdigest()

    @cached_property
    def memory(self) -> dict[Any, Any]:
        """What a rule has worked out about the candidates alone, kept for the next patient."""
        return {}

    def to_bytes(self) -> bytes:
        """The candidates in their exact written form, without places."""
        return canonical([_candidate_state(candidate) for candidate in self.candidates])

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """The catalogue that was written; its `static_digest` is that of the bytes."""
        return cls(tuple(_candidate(state) for state in json.loads(content)))


def canonical(value: object) -> bytes:
    """JSON in the one form that equal values share: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _candidate_state(candidate: Candidate) -> dict[str, Any]:
    contract = candidate.contract
    return {
        "site": candidate.site,
        "provider": candidate.provider,
        "sector": candidate.sector,
        "position": list(candidate.position),
        "services": [
            _service_state(service)
            for service in sorted(candidate.services, key=lambda one: one.treatment_function)
        ],
        "contract": contract and [_text(contract.starts_on), _text(contract.ends_on)],
        "is_registered": candidate.is_registered,
    }


def _service_state(service: Service) -> dict[str, Any]:
    return {
        "treatment_function": service.treatment_function,
        "ages": [service.age_from, service.age_to],
        "sexes": sorted(service.sexes),
        "priorities": sorted(service.priorities),
        "needs_met": sorted(service.needs_met),
        "is_published": service.is_published,
        "closed_on": _text(service.closed_on),
        "wait": None if service.wait is None else service.wait.state(),
        "wait_p92": None if service.wait_p92 is None else service.wait_p92.state(),
    }


def _candidate(state: Mapping[str, Any]) -> Candidate:
    easting, northing = state["position"]
    contract = state["contract"]
    return Candidate(
        site=state["site"],
        provider=state["provider"],
        sector=state["sector"],
        position=(easting, northing),
        services=tuple(_service(service) for service in state["services"]),
        contract=contract and Contract(date.fromisoformat(contract[0]), _day(contract[1])),
        is_registered=state["is_registered"],
    )


def _service(state: Mapping[str, Any]) -> Service:
    age_from, age_to = state["ages"]
    return Service(
        treatment_function=state["treatment_function"],
        age_from=age_from,
        age_to=age_to,
        sexes=frozenset(state["sexes"]),
        priorities=frozenset(state["priorities"]),
        needs_met=frozenset(state["needs_met"]),
        is_published=state["is_published"],
        closed_on=_day(state["closed_on"]),
        wait=_wait(state["wait"]),
        wait_p92=_wait(state["wait_p92"]),
    )


def _wait(state: list[Any] | None) -> Wait | None:
    if state is None:
        return None
    weeks, statistic, n, as_at, source = state
    return Wait(weeks, statistic, n, date.fromisoformat(as_at), source)


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
