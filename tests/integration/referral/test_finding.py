"""Searches on a real database: everything once, in order, through one index, whatever changes."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from secrets import token_hex

import pytest

from chassis.mongo import Mongo, MongoStore
from chassis.testing import NOW
from chassis.work import Work
from fairwait.servers import Stack
from referral.domain.appointments import Appointment
from referral.domain.pathway import opened
from referral.handlers.finding import Lookup, Place, Wanted, read_edition, search
from referral.handlers.reading import Question
from referral.repositories import AUDIT, INDEXES, PATHWAYS, Edition
from referral.repositories.finding import holding, involving, named, on_day
from referral.work import ReferralWork
from tests.unit.referral.builders import RULES, STRANGER, TRUST, person, referral

QUESTION = Question(TRUST, "subject", "booking", "r-1", "GET /FHIR/R4/Appointment")
PATHWAYS_OF_ALL, AT_ONCE = 200, 20

OURS = [one for one in INDEXES if one.keys[0] == "found_by"]


@pytest.fixture(scope="module")
async def mongo(stack: Stack) -> AsyncIterator[Mongo]:
    found = Mongo(stack.mongo_uri, f"fairwait_finding_{token_hex(4)}")
    await found.prepare([PATHWAYS, AUDIT], OURS)
    await fill(found, seed=23)
    yield found
    found.close()


def work_on(mongo: Mongo, now: datetime = NOW) -> tuple[Work, ReferralWork]:
    work = Work(MongoStore(mongo), service="referral", streams={}, now=now)
    return work, ReferralWork(work, RULES)


BOOKED: list[str] = []
"""The appointments of our trust, in the order in which their pathways changed."""


async def fill(mongo: Mongo, seed: int) -> None:
    draw = Random(seed)
    BOOKED.clear()
    for first in range(0, PATHWAYS_OF_ALL, AT_ONCE):
        work, wrapped = work_on(mongo, NOW + timedelta(seconds=first))
        for index in range(first, first + AT_ONCE):
            await _save(index, draw, wrapped)
        await MongoStore(mongo).commit(work)


async def _save(index: int, draw: Random, wrapped: ReferralWork) -> None:
    trust = draw.choice((TRUST, TRUST, STRANGER))
    made = opened(
        f"{index:032x}",
        person(),
        referral(identifier=f"{index:012d}", responsible_provider=trust),
    )
    appointments = tuple(
        Appointment(
            f"{index:030x}{number:02x}", trust, trust, made.referral.received_on,
            datetime(2026, 4, 1 + index % 28, 9, tzinfo=UTC), reference=f"d-{index}-{number}",
        )
        for number in range(draw.randrange(4))
    )  # fmt: skip
    await wrapped.pathways.save(replace(made, appointments=appointments))
    BOOKED.extend(one.id for one in appointments if trust == TRUST)


def appointments_of(edition: Edition) -> Sequence[Appointment]:
    return edition.pathway.appointments


async def all_pages(mongo: Mongo, wanted: Wanted) -> list[Appointment]:
    found: list[Appointment] = []
    place: Place | None = Place()
    while place is not None:
        work, wrapped = work_on(mongo)
        page = await search(QUESTION, replace(wanted, after=place), wrapped)
        await MongoStore(mongo).commit(work)
        assert len(page.results) <= wanted.count
        found += page.results
        place = page.next
    return found


@pytest.mark.parametrize("count", [11, 100])
async def test_pages_hold_everything_once_in_order(mongo: Mongo, count: int) -> None:
    wanted = Wanted(involving(TRUST, "Appointment"), appointments_of, count)

    found = await all_pages(mongo, wanted)

    assert [one.id for one in found] == BOOKED


async def test_a_day_a_name_and_an_id_find_theirs(mongo: Mongo) -> None:
    day = datetime(2026, 4, 5, 9, tzinfo=UTC)
    of_day = await all_pages(mongo, Wanted(on_day(TRUST, day.date()), appointments_of, 100))
    one = of_day[0]
    by_name = await all_pages(mongo, Wanted(named(one.reference or ""), appointments_of, 100))
    by_id = await all_pages(mongo, Wanted(holding(one.id), appointments_of, 100))

    assert of_day
    assert {found.starts_at for found in of_day} == {day}
    assert one in by_name
    assert one in by_id


async def test_a_search_is_a_look_into_its_index(mongo: Mongo) -> None:
    where = {"state.found_by": involving(TRUST, "Appointment"), "state.changed": {"$gt": ""}}

    explained = await mongo.db[PATHWAYS].find(where).sort([("state.changed", 1)]).explain()

    plan = str(explained["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan


async def test_a_version_grows_with_each_change_and_is_told_before_it_is_kept(
    mongo: Mongo,
) -> None:
    lookup = Lookup(appointment_id=BOOKED[0])
    work, wrapped = work_on(mongo)
    first = await read_edition(lookup, QUESTION, lambda _: True, wrapped)
    assert first is not None
    await wrapped.pathways.save(replace(first.pathway, practice="A81001"))
    told = await wrapped.pathways.version(first.pathway.id)
    await MongoStore(mongo).commit(work)

    _, wrapped = work_on(mongo)
    second = await read_edition(lookup, QUESTION, lambda _: True, wrapped)

    assert second is not None
    assert (first.version, told, second.version) == (1, 2, 2)
