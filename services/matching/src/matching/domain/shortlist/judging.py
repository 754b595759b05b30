"""Every rule held against every site at once, in whole numbers, so that each machine agrees."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from contracts.identifiers import TreatmentFunctionCode
from matching.domain.shortlist.catalogue import OLDEST, Candidate, Catalogue, Position, Service
from matching.domain.shortlist.rules import Exclusion, Patient, Rule

MILLIMETRES_IN_A_MILE: Final = 1_609_344
MOST_BENCHES: Final = 256  # more than the treatment functions of a day

Numbers: TypeAlias = NDArray[np.int64]
Weeks: TypeAlias = NDArray[np.float64]
Sites: TypeAlias = NDArray[np.bool_]
"""One truth value a site."""
Evidence: TypeAlias = Callable[[int], str]
"""What was found at a site, by its place in the table."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The sites for one treatment function on one day, in columns, in the order of the catalogue.

    `standing` holds the exclusions that no patient can change. A site without the service passes
    every rule about services: it fails the one that says so.
    """

    candidates: tuple[Candidate, ...]
    services: tuple[Service | None, ...]
    standing: tuple[tuple[Exclusion, ...], ...]
    stands_out: Sites
    age_from: Numbers
    age_to: Numbers
    easting: Numbers
    northing: Numbers
    weeks: Weeks
    memory: dict[tuple[str, str], Sites] = field(default_factory=dict)

    def not_for(self, kind: str, code: str, seen: Callable[[Service], frozenset[str]]) -> Sites:
        """The sites whose service does not see patients with this code of a kind."""
        if (kind, code) not in self.memory:
            refuses = (each is not None and code not in seen(each) for each in self.services)
            self.memory[kind, code] = np.fromiter(refuses, np.bool_, len(self.services))
        return self.memory[kind, code]


def bench_of(catalogue: Catalogue, function: TreatmentFunctionCode, as_at: date) -> Bench:
    """The columns of a catalogue, made once for all patients of a function and day."""
    key = (function, as_at)
    if key not in catalogue.memory:
        if len(catalogue.memory) >= MOST_BENCHES:
            catalogue.memory.clear()
        catalogue.memory[key] = _bench(catalogue.candidates, function, as_at)
    bench: Bench = catalogue.memory[key]
    return bench


def _bench(
    candidates: tuple[Candidate, ...], function: TreatmentFunctionCode, as_at: date
) -> Bench:
    services = tuple(candidate.service(function) for candidate in candidates)
    standing = tuple(
        tuple(
            Exclusion(candidate.site, candidate.provider, rule, evidence)
            for rule, evidence in _standing(candidate, service, as_at)
        )
        for candidate, service in zip(candidates, services, strict=True)
    )
    return Bench(
        candidates=candidates,
        services=services,
        standing=standing,
        stands_out=np.array([bool(exclusions) for exclusions in standing], np.bool_),
        age_from=_numbers(each.age_from if each else 0 for each in services),
        age_to=_numbers(each.age_to if each else OLDEST for each in services),
        easting=_numbers(candidate.position[0] for candidate in candidates),
        northing=_numbers(candidate.position[1] for candidate in candidates),
        weeks=np.array([_weeks(each) for each in services], np.float64),
    )


def _numbers(values: Iterable[int]) -> Numbers:
    return np.array(list(values), np.int64)


def _weeks(service: Service | None) -> float:
    """The wait, and after every wait the unknown."""
    if service is None or service.wait is None:
        return np.inf
    return service.wait.weeks


def _standing(
    candidate: Candidate, service: Service | None, as_at: date
) -> Iterator[tuple[Rule, str]]:
    """The rules a site fails for every patient who needs this function."""
    if service is None:
        yield Rule.TFC_MISMATCH, "does not do this treatment function"
    if service is not None and not service.is_published:
        yield Rule.NOT_PUBLISHED, "the service is not published"
    if service is not None and service.closed_on is not None and service.closed_on <= as_at:
        yield Rule.SERVICE_CLOSED, f"closed on {service.closed_on.isoformat()}"
    if candidate.contract is None:
        yield Rule.NO_QUALIFYING_CONTRACT, "no contract with any commissioner is known"
    elif not candidate.contract.is_in_force(as_at):
        yield Rule.NO_QUALIFYING_CONTRACT, f"the contract is in force {candidate.contract}"
    if not candidate.is_registered:
        yield Rule.CQC_NOT_REGISTERED, "not registered with the Care Quality Commission"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of every site: which are left, how far each is, and what kept others off.

    `distances` are in square metres, None where the patient's place is not known.
    """

    fits: Sites
    distances: Numbers | None
    failed: dict[int, list[Exclusion]]


def judge(bench: Bench, catalogue: Catalogue, patient: Patient) -> Verdict:
    """All rules that each site fails, not only the first, in the order of the rules."""
    distances = _distances(bench, patient.position)
    failed = {int(at): list(bench.standing[at]) for at in np.flatnonzero(bench.stands_out)}
    fits = ~bench.stands_out

    for rule, sites, evidence in _about_the_patient(bench, catalogue, patient, distances):
        fits &= ~sites
        for at in np.flatnonzero(sites).tolist():
            candidate = bench.candidates[at]
            exclusion = Exclusion(candidate.site, candidate.provider, rule, evidence(at))
            failed.setdefault(at, []).append(exclusion)
    return Verdict(fits, distances, failed)


def _about_the_patient(
    bench: Bench, catalogue: Catalogue, patient: Patient, distances: Numbers | None
) -> Iterator[tuple[Rule, Sites, Evidence]]:
    """The rules that depend on the patient or the day's places, and the sites that fail each."""

    def ages(at: int) -> str:
        return f"sees ages {bench.age_from[at]} to {bench.age_to[at]}"

    yield (
        Rule.AGE_OUT_OF_RANGE,
        (bench.age_from > patient.age) | (bench.age_to < patient.age),
        ages,
    )
    yield (
        Rule.SEX_NOT_TREATED,
        bench.not_for("sex", patient.sex, lambda service: service.sexes),
        lambda at: f"sees sexes {_words(_service(bench, at).sexes)}",
    )
    yield (
        Rule.PRIORITY_NOT_ACCEPTED,
        bench.not_for("priority", patient.priority, lambda service: service.priorities),
        lambda at: f"takes priorities {_words(_service(bench, at).priorities)}",
    )
    if patient.needs:
        yield (
            Rule.NEED_NOT_SUPPORTED,
            _sites(
                each is not None and not patient.needs <= each.needs_met for each in bench.services
            ),
            lambda at: f"does not offer {_words(patient.needs - _service(bench, at).needs_met)}",
        )
    limit = patient.travel_limit_miles
    if distances is not None and limit is not None:
        miles = tenths_of_a_mile(distances).tolist()
        yield (
            Rule.BEYOND_TRAVEL_LIMIT,
            # Square millimetres against square millimetres: no machine rounds the limit its own way.
            distances > (limit * MILLIMETRES_IN_A_MILE) ** 2 // 1_000_000,
            lambda at: f"{miles[at] // 10}.{miles[at] % 10} miles away, limit {limit}",
        )
    if catalogue.places:
        full = {site for site, left in catalogue.places.items() if left.free <= 0}
        yield (
            Rule.NO_NET_CAPACITY,
            _sites(
                service is not None and candidate.site in full
                for candidate, service in zip(bench.candidates, bench.services, strict=True)
            ),
            lambda _: "no place is left",
        )
    if patient.refused:
        yield (
            Rule.PATIENT_REFUSED_PROVIDER,
            _sites(candidate.provider in patient.refused for candidate in bench.candidates),
            lambda _: "the patient will not go to this provider",
        )
    if patient.current is not None:
        yield (
            Rule.CURRENT_PROVIDER,
            _sites(candidate.provider == patient.current for candidate in bench.candidates),
            lambda _: "the patient is with this provider and may stay",
        )


def _sites(values: Iterable[bool]) -> Sites:
    return np.array(list(values), np.bool_)


def _service(bench: Bench, at: int) -> Service:
    service = bench.services[at]
    if service is None:
        raise LookupError("a site without the service cannot fail a rule about it")
    return service


def _words(values: Iterable[str]) -> str:
    return ", ".join(sorted(values)) or "none"


def _distances(bench: Bench, position: Position | None) -> Numbers | None:
    if position is None:
        return None
    east, north = bench.easting - position[0], bench.northing - position[1]
    return east * east + north * north


def tenths_of_a_mile(distances: Numbers) -> Numbers:
    """Square metres as tenths of a mile, halves up. The root is exact to the last bit everywhere."""
    miles = np.sqrt(distances.astype(np.float64)) * 1_000 / MILLIMETRES_IN_A_MILE
    return np.floor(miles * 10 + 0.5).astype(np.int64)
