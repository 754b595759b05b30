"""Lists on a real database: in order, through one index, and counted where they are kept."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from secrets import token_hex

import pytest

from chassis.faults import REQUIRED
from chassis.mongo import Mongo, MongoStore
from chassis.testing import NOW
from chassis.work import Work
from fairwait.servers import Stack
from referral.domain.listing import BANDS, Choice, Starts, Wait, band_of, starts_of
from referral.domain.pathway import opened
from referral.handlers.counting import count_items, count_messages, rejected_of
from referral.handlers.listing import Wanted, count_waiting_list, read_waiting_list
from referral.handlers.reading import Question
from referral.repositories import AUDIT, INDEXES, INTAKE, PATHWAYS, Entry, windows
from referral.work import ReferralWork
from tests.unit.referral.builders import RULES, STRANGER, TODAY, TRUST, person, referral

QUESTION = Question(TRUST, "subject", "validation", "r-1", "GET /waiting-list")
FUNCTIONS = ("100", "110", "120")


# The others take long to make, and no list looks into them.
OURS = [one for one in INDEXES if one.keys[-1] == "place" and one.keys[0] in {"lists", "verdict"}]


@pytest.fixture(scope="module")
async def mongo(stack: Stack) -> AsyncIterator[Mongo]:
    """A database with the pathways of two trusts, `WAITING` those of the first."""
    # Of a name of its own, and dropped with whatever else is there by the next test that needs to.
    found = Mongo(stack.mongo_uri, f"fairwait_listing_{token_hex(4)}")
    await found.prepare([PATHWAYS, INTAKE, AUDIT], OURS)
    WAITING[:] = await fill(found, 1_500, seed=11)
    yield found
    found.close()


WAITING: list[tuple[date, str, str]] = []


def work_on(mongo: Mongo) -> tuple[Work, ReferralWork]:
    work = Work(MongoStore(mongo), service="referral", streams={}, now=NOW)
    return work, ReferralWork(work, RULES)


async def fill(mongo: Mongo, number: int, seed: int) -> list[tuple[date, str, str]]:
    """Pathways of two trusts; (start, id, function) of those of the first."""
    draw, mine = Random(seed), []
    work, wrapped = work_on(mongo)
    for index in range(number):
        trust = draw.choice((TRUST, TRUST, STRANGER))
        function, started = draw.choice(FUNCTIONS), TODAY - timedelta(days=draw.randrange(900))
        made = referral(
            identifier=f"{index:012d}",
            responsible_provider=trust,
            treatment_function=function,
            received_on=started,
        )
        pathway = opened(f"{index:032x}", person(), made)
        await wrapped.pathways.save(pathway)
        if trust == TRUST:
            mine.append((started, pathway.id, function))
    await MongoStore(mongo).commit(work)
    return sorted(mine)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(Choice(), Starts(), TODAY),
        Wanted(Choice("110"), Starts(), TODAY),
        Wanted(Choice(), starts_of(Wait.UP_TO_65, TODAY), TODAY),
        Wanted(Choice("100"), starts_of(Wait.OVER_52, TODAY), TODAY),
    ],
)
async def test_pages_hold_everybody_once_in_order_and_counts_agree(
    mongo: Mongo, wanted: Wanted
) -> None:
    expected = [
        (started, id)
        for started, id, function in WAITING
        if wanted.choice.treatment_function in {None, function}
        and (wanted.starts.first or started) <= started <= (wanted.starts.last or started)
    ]

    seen: list[tuple[date, str]] = []
    after, more = "", True
    while more:
        _, work = work_on(mongo)
        rows, more = await read_waiting_list(QUESTION, wanted, after, 100, 0, work)
        seen += [(row.started_on, row.pathway_id) for row in rows]
        after = f"{rows[-1].started_on}|{rows[-1].pathway_id}" if rows else ""
    _, work = work_on(mongo)
    counted = dict(await count_waiting_list(TRUST, wanted, work))

    assert seen == expected
    bands = [band_of((TODAY - started).days) for started, _ in expected]
    assert counted == {band: bands.count(band) for band in BANDS}


async def test_a_step_through_a_list_is_a_look_into_its_index(mongo: Mongo) -> None:
    places = next(windows(Starts(), f"{TODAY - timedelta(days=300)}|x", TODAY))
    where = {"state.lists": f"{TRUST}|||", "state.place": places}

    explained = await mongo.db[PATHWAYS].find(where).sort([("state.place", 1)]).explain()

    plan = str(explained["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan
    assert "lists" in plan


async def test_rejected_messages_are_listed_and_counted(mongo: Mongo) -> None:
    work, wrapped = work_on(mongo)
    for number in range(60):
        at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=number)
        await wrapped.intake.save(
            Entry(
                publisher=TRUST,
                message_id=f"m-{number}",
                body_hash="h",
                way_in="kafka" if number % 2 else "fhir",
                type="fairwait.submission.referral_made.v1",
                day=at.date().isoformat(),
                received_at=at,
                verdict="rejected" if number % 3 else "accepted",
                faults=(REQUIRED.fault(pointer="/x"), REQUIRED.fault()) if number % 3 else (),
                lacking=("postcode",) if number % 6 == 0 else (),
            )
        )
    await MongoStore(mongo).commit(work)
    days = (date(2026, 3, 1), date(2026, 3, 3))

    listed: list[str] = []
    after, more = "", True
    while more:
        _, wrapped = work_on(mongo)
        found, more = await rejected_of(TRUST, days, after, 7, wrapped)
        listed += [entry.message_id for entry, _ in found]
        after = found[-1][1]
    _, wrapped = work_on(mongo)
    counted = await count_messages(TRUST, days, wrapped)
    items = await count_items(TRUST, days, wrapped)

    assert listed == [f"m-{number}" for number in range(59, -1, -1) if number % 3]
    assert sum(one.rejected for one in counted.values()) == 40
    assert {one.reasons["required"] for one in counted.values()} == {8, 4}
    assert [(day, one.referrals, one.given["postcode"]) for day, one in items.items()] == [
        ("2026-03-01", 8, 4), ("2026-03-02", 8, 4), ("2026-03-03", 4, 2),
    ]  # fmt: skip
