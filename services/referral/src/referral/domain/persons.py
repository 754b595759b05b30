"""What is known of a person whichever pathways they have: other numbers, a death, the sensitive flag.

A pathway is what the records of its person say. So a referral that comes after a merge, a death or a
flag gets it too, and what is undone is undone on all pathways alike. Everything was told by somebody:
a provider speaks for the pathways it has to do with, a national service for all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from referral.domain.pathway import Pathway
from referral.domain.people import alive, died
from referral.domain.records import Death, IdentityChange
from referral.domain.steps import Step


@dataclass(frozen=True, slots=True, repr=False)
class PersonRecord:
    """What was told of one NHS number. Never shown by `repr`.

    `changes` are all that name it, on either side; `marked_by` are those who hold it sensitive.
    """

    nhs_number: str
    changes: tuple[IdentityChange, ...] = ()
    deaths: tuple[Death, ...] = ()
    marked_by: tuple[str, ...] = ()


Records = Mapping[str, PersonRecord]


def successor(record: PersonRecord, tellers: frozenset[str]) -> IdentityChange | None:
    """The change by which this number was left behind, as far as these organisations told any."""
    left = [
        one
        for one in record.changes
        if one.former == record.nhs_number and one.stands and one.publisher in tellers
    ]
    return max(left, key=lambda one: (one.recorded_at, one.key), default=None)


def lineage(number: str, records: Records, tellers: frozenset[str]) -> tuple[IdentityChange, ...]:
    """The changes that lead from a number to the one that took its place."""
    steps: list[IdentityChange] = []
    seen = {number}
    while (step := successor(records[number], tellers)) is not None and step.current not in seen:
        steps.append(step)
        number = step.current
        seen.add(number)
    return tuple(steps)


def current_of(number: str, records: Records, tellers: frozenset[str]) -> str:
    """The number in use for who was known by this one."""
    steps = lineage(number, records, tellers)
    return steps[-1].current if steps else number


def same_person(number: str, records: Records, tellers: frozenset[str]) -> frozenset[str]:
    """All numbers of the person, as far as these organisations told."""
    current = current_of(number, records, tellers)
    found = {one for one in records if current_of(one, records, tellers) == current}
    return frozenset(found)


# ---- a change becomes known


def changed(
    records: Records, change: IdentityChange, tellers: frozenset[str]
) -> dict[str, PersonRecord] | None:
    """The records with the change; None where it goes against what somebody else holds.

    A number that is taken up again was not left behind: a change of the same teller the other way
    takes the place of the earlier one.
    """
    former, current = records[change.former], records[change.current]
    around = lineage(change.current, records, tellers)
    after = {
        change.former: replace(former, changes=(*former.changes, change)),
        change.current: replace(current, changes=(*current.changes, change)),
    }
    if change.former not in {one.current for one in around}:
        return after
    first = around[0]
    if first.publisher != change.publisher:
        return None
    behind = replace(first, superseded_by=change.message_id)
    return _with(after, {**records, **after}, first, behind)


def undone(
    records: Records, changes: Iterable[IdentityChange], at: datetime
) -> dict[str, PersonRecord]:
    """The records without these changes; what one of them had superseded stands again."""
    keys = {one.key for one in changes}
    after: dict[str, PersonRecord] = {}
    for number, record in records.items():
        kept = tuple(_undone(one, keys, at) for one in record.changes)
        if kept != record.changes:
            after[number] = replace(record, changes=kept)
    return after


def _undone(one: IdentityChange, keys: set[tuple[str, str]], at: datetime) -> IdentityChange:
    if one.key in keys and one.undone_at is None:
        return replace(one, undone_at=at)
    if one.superseded_by is not None and (one.publisher, one.superseded_by) in keys:
        return replace(one, superseded_by=None)
    return one


def _with(
    after: dict[str, PersonRecord],
    records: Records,
    old: IdentityChange,
    new: IdentityChange,
) -> dict[str, PersonRecord]:
    for number in (old.former, old.current):
        record = records[number]
        kept = tuple(new if one.key == old.key else one for one in record.changes)
        after[number] = replace(record, changes=kept)
    return after


def with_death(record: PersonRecord, death: Death) -> PersonRecord:
    """The record with what this teller says of the death, in the place of what it said before."""
    others = tuple(one for one in record.deaths if one.publisher != death.publisher)
    return replace(record, deaths=(*others, death))


def without_death(record: PersonRecord, publisher: str | None) -> PersonRecord:
    """The record without the death that this teller told; None is a national service: any."""
    kept = tuple(one for one in record.deaths if publisher not in {None, one.publisher})
    return replace(record, deaths=kept)


def with_mark(record: PersonRecord, publisher: str, *, sensitive: bool) -> PersonRecord:
    """The record with the flag of this teller raised, or taken down; those of others stay."""
    others = tuple(one for one in record.marked_by if one != publisher)
    return replace(record, marked_by=(*others, publisher) if sensitive else others)


# ---- a pathway is what the records say


def as_told(
    pathway: Pathway,
    records: Records,
    national: frozenset[str],
    at: datetime,
) -> Step:
    """The pathway of who it is of, sensitive or not, alive or not, and what there is to tell."""
    tellers = pathway.involved | national
    numbers = same_person(pathway.first_number, records, tellers)
    steps = lineage(pathway.first_number, records, tellers)
    followed = _followed(pathway, steps, at)
    marks = {one for number in numbers for one in records[number].marked_by}
    followed = replace(followed, sensitive=bool(marks & tellers))
    deaths = [
        one for number in numbers for one in records[number].deaths if one.publisher in tellers
    ]
    death = max(deaths, key=lambda one: (one.publisher in national, one.recorded_at), default=None)
    if death is not None:
        return died(followed, death)
    return alive(followed, at)


def _followed(pathway: Pathway, steps: tuple[IdentityChange, ...], at: datetime) -> Pathway:
    """The pathway under the number that these changes lead to, and the person that goes with it."""
    wanted = {one.key: one for one in steps}
    known = {one.key for one in pathway.identity}
    gone = [one for one in pathway.identity if one.undone_at is None and one.key not in wanted]
    before = next((one.before for one in gone if one.before is not None), pathway.person)
    number = steps[-1].current if steps else pathway.first_number
    person = replace(before, nhs_number=number)
    identity = (
        *(_stands(one, stands=one.key in wanted, at=at) for one in pathway.identity),
        *(replace(one, before=pathway.person) for one in steps if one.key not in known),
    )
    return replace(pathway, person=person, identity=identity)


def _stands(one: IdentityChange, *, stands: bool, at: datetime) -> IdentityChange:
    if stands:
        return replace(one, undone_at=None)
    return one if one.undone_at is not None else replace(one, undone_at=at)
