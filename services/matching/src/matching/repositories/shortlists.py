"""Shortlists with their ledgers, and the catalogues they were made from, compressed."""

import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from chassis.work import Documents, State
from matching.domain.evidence import Evidence
from matching.domain.shortlist import Catalogue, Patient, Places

# zlib's lowest level: a ledger of 340 sites becomes a seventh of its size in 0.06 ms.
FAST: Final = 1


class Shortlists:
    """Every shortlist with its ledger, and the catalogues they were made from, each kept once."""

    def __init__(self, shortlists: Documents, catalogues: Documents) -> None:
        self._shortlists = shortlists
        self._catalogues = catalogues

    async def load(self, shortlist_ids: Iterable[str]) -> None:
        await self._shortlists.load(shortlist_ids)

    async def get(self, shortlist_id: str) -> Evidence | None:
        state = await self._shortlists.get(shortlist_id)
        return None if state is None else _evidence(shortlist_id, state)

    async def catalogue(self, digest: str) -> Catalogue:
        """The catalogue with this digest; `KeyError` for one that no shortlist was made from."""
        variable = await self._catalogues.get(digest)
        if variable is None:
            raise KeyError(digest)
        static = await self._catalogues.get(variable["static"])
        if static is None:
            raise KeyError(variable["static"])
        return _catalogue(static, variable)

    async def save(self, evidence: Evidence, catalogue: Catalogue) -> None:
        await self._shortlists.put(evidence.shortlist_id, _evidence_state(evidence))
        if await self._catalogues.get(catalogue.digest) is None:
            await self._catalogues.put(catalogue.digest, _variable_state(catalogue))
        if await self._catalogues.get(catalogue.static_digest) is None:
            await self._catalogues.put(catalogue.static_digest, _static_state(catalogue))


def _evidence(shortlist_id: str, state: State) -> Evidence:
    return Evidence(
        shortlist_id=shortlist_id,
        pathway_id=state["pathway_id"],
        made_on=date.fromisoformat(state["made_on"]),
        rule_set=state["rule_set"],
        patient=_patient(state["patient"]),
        catalogue=state["catalogue"],
        result=zlib.decompress(state["result"]),
    )


def _evidence_state(evidence: Evidence) -> State:
    return {
        "pathway_id": evidence.pathway_id,
        "made_on": evidence.made_on.isoformat(),
        "rule_set": evidence.rule_set,
        "patient": _patient_state(evidence.patient),
        "catalogue": evidence.catalogue,
        "result": zlib.compress(evidence.result, FAST),
    }


def _patient(state: Mapping[str, Any]) -> Patient:
    position = state["position"]
    return Patient(
        age=state["age"],
        sex=state["sex"],
        treatment_function=state["treatment_function"],
        priority=state["priority"],
        position=None if position is None else (position[0], position[1]),
        travel_limit_miles=state["travel_limit_miles"],
        refused=frozenset(state["refused"]),
        current=state["current"],
        needs=frozenset(state["needs"]),
    )


def _patient_state(patient: Patient) -> dict[str, Any]:
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


def _catalogue(static: State, variable: State) -> Catalogue:
    places = json.loads(zlib.decompress(variable["places"]))
    return Catalogue.from_bytes(zlib.decompress(static["candidates"])).with_places(
        {
            site: Places(free, None if next_on is None else date.fromisoformat(next_on))
            for site, (free, next_on) in places.items()
        }
    )


def _static_state(catalogue: Catalogue) -> State:
    return {"candidates": zlib.compress(catalogue.to_bytes())}


def _variable_state(catalogue: Catalogue) -> State:
    places = {site: left.state() for site, left in catalogue.places.items()}
    return {
        "static": catalogue.static_digest,
        "places": zlib.compress(json.dumps(places).encode()),
    }
