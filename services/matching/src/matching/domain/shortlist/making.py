"""Making a shortlist: sort before the cut, five lines are five providers, every other site explained."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from contracts.identifiers import OdsCode
from matching.domain.shortlist.catalogue import (
    Candidate,
    Catalogue,
    Places,
    SectorCode,
    Wait,
    canonical,
)
from matching.domain.shortlist.judging import (
    Bench,
    Verdict,
    bench_of,
    judge,
    tenths_of_a_mile,
)
from matching.domain.shortlist.rules import Exclusion, Patient, Rule, Rules

STRAIGHT_LINE: Final = "straight line from the middle of the postcode district"


@dataclass(frozen=True, slots=True)
class Option:
    """One line of the list: a provider, through the site that comes first by the order of the list.

    Distances are in miles, straight-line. None is not known and never zero.
    """

    provider: OdsCode
    site: OdsCode
    sector: SectorCode
    wait: Wait | None
    wait_p92: Wait | None
    distance_miles: float | None
    places: Places | None


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The list and its ledger: every site of the catalogue is an option or has its exclusions.

    `shortfall` is how many providers there are too few, and then `shortfall_reason` says why.
    `not_judged` are rules that could not be applied because something is not known.
    """

    options: tuple[Option, ...]
    excluded: tuple[Exclusion, ...]
    shortfall: int
    shortfall_reason: str | None
    not_judged: Mapping[Rule, str]
    candidates: int
    rule_set: str
    as_at: date
    inputs_hash: str

    def excluded_sites(self) -> dict[Rule, int]:
        """How many sites each rule kept off; a site that fails two rules counts under both."""
        counts = Counter(exclusion.rule for exclusion in self.excluded)
        return {rule: counts[rule] for rule in Rule if rule in counts}

    def one_rule_away(self) -> dict[Rule, int]:
        """Providers with no line that would fit if this rule alone were relaxed."""
        return _one_rule_away(self.excluded, self.options)

    def why_not(self, site: OdsCode) -> tuple[Exclusion, ...]:
        """All that kept this site off; nothing for a site that is listed or not in the catalogue."""
        return tuple(exclusion for exclusion in self.excluded if exclusion.site == site)

    def to_bytes(self) -> bytes:
        """The exact written form: the same inputs give the same bytes."""
        return canonical(
            {
                "options": [_option_state(option) for option in self.options],
                "excluded": [list(exclusion) for exclusion in self.excluded],
                "shortfall": [self.shortfall, self.shortfall_reason],
                "not_judged": dict(self.not_judged),
                "candidates": self.candidates,
                "rule_set": self.rule_set,
                "as_at": self.as_at.isoformat(),
                "inputs_hash": self.inputs_hash,
            }
        )


def build_shortlist(
    patient: Patient, candidates: Catalogue | Iterable[Candidate], rules: Rules, as_at: date
) -> Shortlist:
    """The providers by wait, ties by distance and then by site code, and why the others are not.

    An unknown wait comes last, and so does an unknown distance. Sites are sorted before the list is
    cut, and a provider has one line, however many of its sites would fit.
    """
    catalogue = candidates if isinstance(candidates, Catalogue) else Catalogue.of(candidates)
    bench = bench_of(catalogue, patient.treatment_function, as_at)
    verdict = judge(bench, catalogue, patient)

    lines = _lines(bench, verdict)
    listed = lines[: rules.cap]
    options = _options(listed, bench, verdict, catalogue)
    excluded = _ledger(lines, bench, verdict, rules)
    shortfall = max(0, rules.at_least - len(options))

    return Shortlist(
        options=options,
        excluded=excluded,
        shortfall=shortfall,
        shortfall_reason=_shortfall_reason(options, excluded, rules) if shortfall else None,
        not_judged=_not_judged(patient),
        candidates=len(catalogue.candidates),
        rule_set=rules.name,
        as_at=as_at,
        inputs_hash=inputs_hash(patient, catalogue, rules, as_at),
    )


def inputs_hash(patient: Patient, catalogue: Catalogue, rules: Rules, as_at: date) -> str:
    """SHA-256 of everything a list is made from."""
    inputs = {
        "patient": _patient_state(patient),
        "catalogue": catalogue.digest,
        "rules": [rules.name, rules.at_least, rules.cap],
        "as_at": as_at.isoformat(),
    }
    return hashlib.sha256(canonical(inputs)).hexdigest()


# ---- lines


def _lines(bench: Bench, verdict: Verdict) -> list[int]:
    """The place of the best site of each provider that has one, in the order of the list."""
    fitting = np.flatnonzero(verdict.fits)
    # The last key counts first. Places are in the order of the site codes and break the last tie.
    keys = [fitting, bench.weeks[fitting]]
    if verdict.distances is not None:
        keys.insert(1, verdict.distances[fitting])

    best: dict[OdsCode, int] = {}
    for at in fitting[np.lexsort(keys)].tolist():
        best.setdefault(bench.candidates[at].provider, at)
    return list(best.values())


def _options(
    listed: Sequence[int], bench: Bench, verdict: Verdict, catalogue: Catalogue
) -> tuple[Option, ...]:
    miles: Sequence[float | None] = [None] * len(listed)
    if verdict.distances is not None:
        miles = [
            tenths / 10 for tenths in tenths_of_a_mile(verdict.distances[list(listed)]).tolist()
        ]
    return tuple(
        _option(at, distance, bench, catalogue) for at, distance in zip(listed, miles, strict=True)
    )


def _option(at: int, miles: float | None, bench: Bench, catalogue: Catalogue) -> Option:
    candidate, service = bench.candidates[at], bench.services[at]
    return Option(
        provider=candidate.provider,
        site=candidate.site,
        sector=candidate.sector,
        wait=service.wait if service else None,
        wait_p92=service.wait_p92 if service else None,
        distance_miles=miles,
        places=catalogue.places.get(candidate.site),
    )


# ---- ledger


def _ledger(
    lines: Sequence[int], bench: Bench, verdict: Verdict, rules: Rules
) -> tuple[Exclusion, ...]:
    """The exclusions of every site without a line, by site code."""
    ranks = {bench.candidates[at].provider: rank for rank, at in enumerate(lines)}
    listed = set(lines[: rules.cap])
    excluded: list[Exclusion] = []
    for at, candidate in enumerate(bench.candidates):
        if at in verdict.failed:
            excluded += verdict.failed[at]
        elif at not in listed:
            excluded.append(_no_line(candidate, ranks[candidate.provider], lines, bench, rules))
    return tuple(excluded)


def _no_line(
    candidate: Candidate, rank: int, lines: Sequence[int], bench: Bench, rules: Rules
) -> Exclusion:
    """Why a site that fits has no line of its own."""
    if rank < rules.cap:
        rule, evidence = Rule.OTHER_SITE_LISTED, f"listed with {bench.candidates[lines[rank]].site}"
    else:
        rule, evidence = Rule.AFTER_THE_LAST_LINE, f"provider {rank + 1} of a list of {rules.cap}"
    return Exclusion(candidate.site, candidate.provider, rule, evidence)


def _not_judged(patient: Patient) -> dict[Rule, str]:
    if patient.position is None and patient.travel_limit_miles is not None:
        return {Rule.BEYOND_TRAVEL_LIMIT: "where the patient lives is not known"}
    return {}


def _shortfall_reason(
    options: Sequence[Option], excluded: Iterable[Exclusion], rules: Rules
) -> str:
    """How many providers there are, and which single rule keeps how many others off."""
    away = _one_rule_away(excluded, options)
    counts = ", ".join(f"{rule} {count}" for rule, count in away.items())
    found = f"{len(options)} of {rules.at_least} providers fit"
    return f"{found}; kept off by one rule alone: {counts or 'none'}"


def _one_rule_away(excluded: Iterable[Exclusion], options: Iterable[Option]) -> dict[Rule, int]:
    listed = {option.provider for option in options}
    by_site: dict[OdsCode, list[Exclusion]] = {}
    for exclusion in excluded:
        if exclusion.provider not in listed:
            by_site.setdefault(exclusion.site, []).append(exclusion)

    alone = {(only[0].rule, only[0].provider) for only in by_site.values() if len(only) == 1}
    counts = Counter(rule for rule, _ in alone)
    return {rule: counts[rule] for rule in Rule if rule in counts}


# ---- written forms


def _patient_state(patient: Patient) -> dict[str, object]:
    return {
        "age": patient.age,
        "sex": patient.sex,
        "treatment_function": patient.treatment_function,
        "priority": patient.priority,
        "position": None if patient.position is None else list(patient.position),
        "travel_limit_miles": patient.travel_limit_miles,
        "refused": sorted(patient.refused),
        "current": patient.current,
        "needs": sorted(patient.needs),
    }


def _option_state(option: Option) -> dict[str, object]:
    return {
        "provider": option.provider,
        "site": option.site,
        "sector": option.sector,
        "wait": None if option.wait is None else option.wait.state(),
        "wait_p92": None if option.wait_p92 is None else option.wait_p92.state(),
        "distance_miles": option.distance_miles,
        "places": None if option.places is None else option.places.state(),
    }
