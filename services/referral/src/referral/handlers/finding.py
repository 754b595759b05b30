"""Pathways by what others know of them: found to be written to, read, or searched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.submissions import PathwayKey
from referral.handlers.reading import Question, note_read, outcome_of
from referral.repositories import Edition, Entry
from referral.translation import pathway_id_of
from referral.work import ReferralWork

LONGEST_LOOK: Final = 200  # pathways that one page of a search looks at


@dataclass(frozen=True, slots=True)
class Lookup:
    """One pathway: by its id, by its key, or by the id of an appointment that it has."""

    pathway_id: str = ""
    key: PathwayKey | None = None
    appointment_id: str = ""


async def answered(
    publisher: str, message_id: str, work: ReferralWork
) -> tuple[Entry | None, Edition | None]:
    """What became of a publisher's own message, and the pathway it led to as it is now."""
    entry = await outcome_of(publisher, message_id, work)
    if entry is None or entry.pathway_id is None:
        return entry, None
    return entry, await work.pathways.edition(entry.pathway_id)


async def find_to_write(lookup: Lookup, organisation: str, work: ReferralWork) -> Edition | None:
    """The pathway for an organisation that may have something to tell of it."""
    edition = await _found(lookup, work)
    return edition if edition is not None and organisation in _tellers(edition) else None


def _tellers(edition: Edition) -> set[str | None]:
    """Its providers, its referrer, and those it is to move to; which of them may is for handlers."""
    pathway = edition.pathway
    referral = pathway.referral
    receivers = (one.receiving_provider for one in pathway.transfers)
    return {*pathway.involved, referral.referring_organisation, referral.issuer, *receivers}


async def read_edition(
    lookup: Lookup, question: Question, shows: Callable[[Edition], bool], work: ReferralWork
) -> Edition | None:
    """The pathway for an organisation that has to do with it, where it shows what was asked for.

    Every attempt is put on record.
    """
    edition = await _found(lookup, work)
    given = edition is not None and _may_read(question, edition) and shows(edition)
    known = edition.pathway.id if edition else lookup.pathway_id
    await note_read(question, [known] if known else [], work, given=given)
    return edition if given else None


async def _found(lookup: Lookup, work: ReferralWork) -> Edition | None:
    if lookup.appointment_id:
        return await work.pathways.with_appointment(lookup.appointment_id)
    if lookup.key is not None:
        return await work.pathways.edition(pathway_id_of(lookup.key, work.rules.pathway_secret))
    return await work.pathways.edition(lookup.pathway_id)


# ---- searching


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of a search ended: after a pathway, or after so many results of it (not 0)."""

    changed: str = ""
    shown: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for: pathways found by a term, or all those of one person, from a place on.

    `select` makes the results of a pathway. A person is told by NHS number or by one of their
    pathways, so that the address of a next page needs no number.
    """

    term: str
    select: Callable[[Edition], Sequence[Any]]
    count: int
    after: Place = Place()
    since: str = ""
    before: str = ""
    nhs_number: str = ""
    same_person_as: str = ""


@dataclass(slots=True)
class Page:
    """Results in order; `next` is where the following page begins, None after the last."""

    results: list[Any] = field(default_factory=list)
    pathway_ids: list[str] = field(default_factory=list)
    next: Place | None = None


async def search(question: Question, wanted: Wanted, work: ReferralWork) -> Page:
    """A page of results, on record with the pathways it shows.

    It looks at a limited number of pathways, so that it may be short, or empty, and still have a
    next page. A pathway that changes meanwhile comes again at the end: none is missed.
    """
    editions, unseen = await _candidates(question, wanted, work)
    page = _page(editions, wanted)
    page.next = page.next or unseen
    await note_read(question, page.pathway_ids, work)
    return page


def _page(editions: list[Edition], wanted: Wanted) -> Page:
    page, last = Page(), wanted.after
    for edition in editions:
        skipped = wanted.after.shown if edition.place == wanted.after.changed else 0
        results = list(wanted.select(edition))[skipped:]
        free = wanted.count - len(page.results)
        page.results += results[:free]
        if results[:free]:
            page.pathway_ids.append(edition.pathway.id)
        if len(results) > free:
            page.next = Place(edition.place, skipped + free) if skipped + free else last
            break
        last = Place(edition.place)
    return page


async def _candidates(
    question: Question, wanted: Wanted, work: ReferralWork
) -> tuple[list[Edition], Place | None]:
    """Pathways that the organisation may read, in order, and where to look for more."""
    if wanted.nhs_number or wanted.same_person_as:
        return await _of_person(question, wanted, work), None
    places = {"$gte": wanted.since, ("$gte" if wanted.after.shown else "$gt"): wanted.after.changed}
    if wanted.before:
        places["$lt"] = wanted.before
    rows = await work.pathways.found(wanted.term, places, limit=LONGEST_LOOK + 1)
    seen = rows[:LONGEST_LOOK]
    unseen = Place(seen[-1].place) if len(rows) > LONGEST_LOOK else None
    return [one for one in seen if _may_read(question, one)], unseen


async def _of_person(question: Question, wanted: Wanted, work: ReferralWork) -> list[Edition]:
    number = wanted.nhs_number
    if not number:
        like = await work.pathways.edition(wanted.same_person_as)
        if like is None or not _may_read(question, like):
            return []
        number = like.pathway.person.nhs_number
    found = await work.pathways.editions_of_person(number)
    return [one for one in found if _may_read(question, one) and _is_after(one.place, wanted.after)]


def _is_after(place: str, after: Place) -> bool:
    return place > after.changed or (after.shown > 0 and place == after.changed)


def _may_read(question: Question, edition: Edition) -> bool:
    return question.organisation in edition.pathway.involved
