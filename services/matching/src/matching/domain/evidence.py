"""What a shortlist was made from and what came out, so that it can be made again and compared."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.identifiers import PathwayId
from matching.domain.shortlist import (
    Catalogue,
    Exclusion,
    Option,
    Patient,
    Places,
    Rule,
    Shortlist,
    Wait,
    build_shortlist,
    rules_named,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One shortlist as it was made. `result` is its exact written form, ledger included.

    `catalogue` is the digest of the catalogue it was made from, which is kept once for all lists.
    """

    shortlist_id: str
    pathway_id: PathwayId
    made_on: date
    rule_set: str
    patient: Patient
    catalogue: str
    result: bytes


def evidence_of(
    shortlist_id: str,
    pathway: PathwayId,
    *,
    patient: Patient,
    catalogue: Catalogue,
    made: Shortlist,
) -> Evidence:
    """What to keep of a shortlist."""
    return Evidence(
        shortlist_id=shortlist_id,
        pathway_id=pathway,
        made_on=made.as_at,
        rule_set=made.rule_set,
        patient=patient,
        catalogue=catalogue.digest,
        result=made.to_bytes(),
    )


def stored(evidence: Evidence) -> Shortlist:
    """The list as it was made, read back from its written form."""
    state = json.loads(evidence.result)
    shortfall, reason = state["shortfall"]
    return Shortlist(
        options=tuple(_option(option) for option in state["options"]),
        excluded=tuple(
            Exclusion(site, provider, Rule(rule), found)
            for site, provider, rule, found in state["excluded"]
        ),
        shortfall=shortfall,
        shortfall_reason=reason,
        not_judged={Rule(rule): why for rule, why in state["not_judged"].items()},
        candidates=state["candidates"],
        rule_set=state["rule_set"],
        as_at=date.fromisoformat(state["as_at"]),
        inputs_hash=state["inputs_hash"],
    )


def replayed(evidence: Evidence, catalogue: Catalogue) -> Shortlist:
    """The list made again, under the rules and from the catalogue of its day."""
    rules = rules_named(evidence.rule_set)
    return build_shortlist(evidence.patient, catalogue, rules, evidence.made_on)


def _option(state: Mapping[str, Any]) -> Option:
    return Option(
        provider=state["provider"],
        site=state["site"],
        sector=state["sector"],
        wait=_wait(state["wait"]),
        wait_p92=_wait(state["wait_p92"]),
        distance_miles=state["distance_miles"],
        places=_places(state["places"]),
    )


def _wait(state: Sequence[Any] | None) -> Wait | None:
    if state is None:
        return None
    weeks, statistic, n, as_at, source = state
    return Wait(weeks, statistic, n, date.fromisoformat(as_at), source)


def _places(state: Sequence[Any] | None) -> Places | None:
    if state is None:
        return None
    free, next_on = state
    return Places(free, None if next_on is None else date.fromisoformat(next_on))
