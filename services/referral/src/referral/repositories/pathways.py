"""Pathways as documents."""

from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date
from itertools import chain
from typing import Any, Final

from pydantic import TypeAdapter

from chassis.errors import NotYet
from chassis.work import State, Work
from referral.domain import clock as rtt
from referral.domain.admissions import Admission
from referral.domain.appointments import Appointment
from referral.domain.choice import RightDecision, Shortlist, Waiver
from referral.domain.listing import (
    Starts,
    Waiting,
)
from referral.domain.names import patient_key
from referral.domain.pathway import Pathway, Person, Referral
from referral.domain.records import Cancellation, Custody, Death, IdentityChange, RightToMove
from referral.domain.transfers import Transfer
from referral.repositories.finding import (
    Edition,
    Places,
    changed_at,
    changed_place,
    holding,
    steps,
    terms_of,
)
from referral.repositories.indexes import FACTS, PATHWAYS
from referral.repositories.lists import Due, due_range, on_lists, place_range, waiting, windows

PAGE: Final = 64  # facts; few pathways ever have so many


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a pathway is rebuilt from. Its clock follows from the facts."""

    person: Person
    referral: Referral
    right: RightDecision
    facts: tuple[rtt.Fact, ...]
    shortlists: tuple[Shortlist, ...]
    appointments: tuple[Appointment, ...]
    admissions: tuple[Admission, ...] = ()
    custody: tuple[Custody, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    waiver: Waiver | None = None
    moves: tuple[RightToMove, ...] = ()
    cancellation: Cancellation | None = None
    death: Death | None = None
    identity: tuple[IdentityChange, ...] = ()
    sensitive: bool = False
    practice: str | None = None


_NAMES: Final = tuple(one.name for one in fields(_Kept))
# Empty for most pathways, so left out of their documents.
_RARE: Final = frozenset(one.name for one in fields(_Kept) if one.default is not MISSING)

_kept: TypeAdapter[_Kept] = TypeAdapter(_Kept)
_facts: TypeAdapter[tuple[rtt.Fact, ...]] = TypeAdapter(tuple[rtt.Fact, ...])


class Pathways:
    """Pathways by id, and by the person they are about.

    The first facts of a pathway with many are kept in pages of their own, so that no document grows
    without end. A person is found by a keyed digest of the NHS number, so that no query and no slow
    query log holds the number.
    """

    def __init__(self, work: Work, secret: str) -> None:
        self._documents = work.documents(PATHWAYS)
        self._pages = work.documents(FACTS)
        self._secret = secret
        self._now = work.now

    async def get(self, pathway_id: str) -> Pathway | None:
        state = await self._documents.get(pathway_id)
        return None if state is None else await self._read(pathway_id, state)

    async def known(self, pathway_id: str) -> Pathway:
        """The pathway an event is about. It waits when its referral has not come yet."""
        pathway = await self.get(pathway_id)
        if pathway is None:
            raise NotYet("the referral of this pathway is not here yet")
        return pathway

    async def save(self, pathway: Pathway) -> None:
        pages = max(len(pathway.facts) - PAGE, 0) // PAGE
        for number in range(pages):
            await self._save_page(pathway, number)
        facts = pathway.facts[pages * PAGE :]
        found = {
            "patient": patient_key(pathway.person.nhs_number, self._secret),
            "found_by": terms_of(pathway),
            "changed": changed_place(self._now, pathway.id),
        }
        await self._documents.put(pathway.id, _written(pathway, facts, pages, found))

    async def version(self, pathway_id: str) -> int:
        """The version of its document as this work leaves it; 0 where there is none."""
        slot = await self._documents.slot(pathway_id)
        return slot.version + int(slot.dirty)

    async def edition(self, pathway_id: str) -> Edition | None:
        """The pathway with its version."""
        state = await self._documents.get(pathway_id)
        return None if state is None else await self._edition(pathway_id, state)

    async def with_appointment(self, appointment_id: str) -> Edition | None:
        """The pathway that has the appointment of this id."""
        found = await self.found(holding(appointment_id), {}, limit=1)
        return found[0] if found else None

    async def found(self, term: str, places: Places, *, limit: int) -> list[Edition]:
        """Pathways found by a term between two places, those changed first before the others."""
        rows: list[tuple[str, State]] = []
        for part in steps(places, self._now):
            where = {"found_by": term, **({"changed": part} if part else {})}
            missing = limit - len(rows)
            rows += await self._documents.query(where, sort=(("changed", 1),), limit=missing)
            if len(rows) == limit:
                break
        return [await self._edition(pathway_id, state) for pathway_id, state in rows]

    async def editions_of_person(self, nhs_number: str) -> list[Edition]:
        """All pathways of a person, in the order of their last change."""
        rows = await self._documents.query({"patient": patient_key(nhs_number, self._secret)})
        found = [await self._edition(pathway_id, state) for pathway_id, state in rows]
        return sorted(found, key=lambda one: one.place)

    async def load(self, pathway_ids: Iterable[str]) -> None:
        await self._documents.load(pathway_ids)

    async def of_person(self, nhs_number: str) -> list[Pathway]:
        """All pathways of a person, those that this very work has changed or opened included."""
        patient = patient_key(nhs_number, self._secret)
        found = dict(await self._documents.query({"patient": patient}))
        changed = ((slot.id, slot.state) for slot in self._documents.changed())
        found |= {id: state for id, state in changed if state is not None}
        return [
            await self._read(pathway_id, state)
            for pathway_id, state in sorted(found.items())
            if state.get("patient") == patient
        ]

    async def of_provider(
        self, provider: str, *, status: str | None, after: str, limit: int
    ) -> list[Pathway]:
        """The provider's pathways in order of their place, the longest waits first."""
        where: dict[str, Any] = {"provider": provider}
        if status is not None:
            where["status"] = status
        if after:
            where["place"] = {"$gt": after}
        found = await self._documents.query(where, sort=(("place", 1),), limit=limit)
        return [await self._read(pathway_id, state) for pathway_id, state in found]

    async def listed(
        self, key: str, starts: Starts, due: Due | None, *, after: str, today: date, limit: int
    ) -> list[Waiting]:
        """Those on a list, the longest waits first, from the place `after` on."""
        found: list[Waiting] = []
        for places in windows(starts, after, today):
            where = {"lists": key, "place": places, **due_range(due)}
            missing = limit - len(found)
            rows = await self._documents.query(where, sort=(("place", 1),), limit=missing)
            found += [waiting(pathway_id, state) for pathway_id, state in rows]
            if len(found) == limit:
                break
        return found

    async def count_listed(self, key: str, starts: Starts, due: Due | None) -> int:
        """How many are on a list, counted in its index."""
        where = {"lists": key, **place_range(starts), **due_range(due)}
        return (await self._documents.count(where)).get((), 0)

    async def statuses(self, names: Sequence[str]) -> dict[str, int]:
        """How many pathways are in each state. Every pathway is in exactly one."""
        found = await self._documents.count({"status": {"$in": list(names)}}, by=("status",))
        return {name: found.get((name,), 0) for name in names}

    async def _edition(self, pathway_id: str, state: State) -> Edition:
        pathway = await self._read(pathway_id, state)
        # An older release kept no place: it stands where its referral came in.
        since = changed_at(state["changed"]) if "changed" in state else pathway.referral.recorded_at
        return Edition(pathway, await self.version(pathway_id), since)

    async def _read(self, pathway_id: str, state: State) -> Pathway:
        pages = state.get("pages", 0)
        if not pages:
            return _read_pathway(pathway_id, state, ())
        ids = [_page(pathway_id, number) for number in range(pages)]
        await self._pages.load(ids)
        kept = [await self._pages.get(id) for id in ids]
        earlier = (_facts.validate_python(one["facts"]) for one in kept if one is not None)
        return _read_pathway(pathway_id, state, tuple(chain.from_iterable(earlier)))

    async def _save_page(self, pathway: Pathway, number: int) -> None:
        page = _page(pathway.id, number)
        facts = pathway.facts[number * PAGE : (number + 1) * PAGE]
        written = {"facts": _facts.dump_python(facts, mode="json")}
        if await self._pages.get(page) != written:
            await self._pages.put(page, written)


def _page(pathway_id: str, number: int) -> str:
    return f"{pathway_id}.{number}"


def place_of(pathway: Pathway) -> str:
    """Where a pathway stands in a list: by the start of its wait, then by id."""
    return f"{pathway.started_on.isoformat()}|{pathway.id}"


def _written(pathway: Pathway, facts: tuple[rtt.Fact, ...], pages: int, found: State) -> State:
    told = {name: getattr(pathway, name) for name in _NAMES}
    kept: dict[str, Any] = _kept.dump_python(_Kept(**{**told, "facts": facts}), mode="json")
    listed = {
        "provider": pathway.provider,
        "status": pathway.status.value,
        "place": place_of(pathway),
        **found,
        **on_lists(pathway),
        **({"pages": pages} if pages else {}),
    }
    known = {name: value for name, value in kept.items() if value or name not in _RARE}
    return {**listed, **known}


def _read_pathway(pathway_id: str, state: State, earlier: tuple[rtt.Fact, ...]) -> Pathway:
    kept = _kept.validate_python(dict(state))
    told = {name: getattr(kept, name) for name in _NAMES}
    facts = (*earlier, *kept.facts)
    return Pathway(**{**told, "id": pathway_id, "facts": facts, "history": rtt.rebuild(facts)})
