"""Five hundred referrals at once over the real directory: few reads, and every list made again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from chassis.testing import NOW, MemoryStore
from chassis.work import Document, Sort, Work
from contracts.event import Event
from contracts.events import OfferShortlisted, ReferralReceived
from matching.app import STREAMS
from matching.consumers import consumers
from matching.directory import Directory
from matching.domain.evidence import replayed
from matching.work import MatchingWork, Rules
from tests.unit.matching.stories import offered, provider_chosen, received, referral_received
from tests.unit.matching.stories import right_decided as decided

FUNCTIONS = ("100", "101", "110", "120", "130", "301", "320", "330", "410", "502")
REGISTRY = consumers()


class CountingStore(MemoryStore):
    """Counts the times it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: Counter[str] = Counter()

    async def load(self, collection: str, ids: Sequence[str]) -> list[Document]:
        self.reads[collection] += 1
        return await super().load(collection, ids)

    async def query(
        self, collection: str, where: Mapping[str, Any], sort: Sort, limit: int
    ) -> list[Document]:
        self.reads[collection] += 1
        return await super().query(collection, where, sort, limit)


class Country:
    """Matching over the real directory, taking messages in batches as the engine does."""

    def __init__(self) -> None:
        self.directory = Directory.of_this_package()
        self.store = CountingStore()

    async def take(self, messages: Sequence[Any]) -> list[Event]:
        """One batch: what it published. The engine reads the cases before the loaders run."""
        engine_work = Work(self.store, service="matching", streams=STREAMS, now=NOW)
        work = MatchingWork(engine_work, self.directory, Rules())
        self.store.reads.clear()
        await work.cases.load(one.subject for one in messages if isinstance(one, Event))
        for loader in REGISTRY.loaders:
            await loader(messages, work)
        for message in messages:
            kind = type(message) if isinstance(message, Event) else type(message.submission)
            await REGISTRY.events[kind](message, work)
        await self.store.commit(engine_work)
        return engine_work.published

    def work(self) -> MatchingWork:
        engine_work = Work(self.store, service="matching", streams=STREAMS, now=NOW)
        return MatchingWork(engine_work, self.directory, Rules())


@pytest.fixture
async def country() -> Country:
    """Every site has a session for every function it is known to do."""
    found = Country()
    day = NOW.date()
    entries = found.directory.entries(day)
    for function in FUNCTIONS:
        catalogue = found.directory.catalogue(function, day, ())
        does_it = {one.site for one in catalogue.candidates if one.services}
        await found.take(
            [
                received(
                    offered(
                        entry.site,
                        on=day + timedelta(days=22 + at % 30),
                        capacity_id=f"{entry.site}.{function}",
                        treatment_function=function,
                        places=500,
                    ),
                    publisher=entry.provider,
                )
                for at, entry in enumerate(entries)
                if entry.site in does_it
            ]
        )
    return found


def people(number: int) -> list[ReferralReceived]:
    draw = Random(7)
    outcodes = ["LS1", "M1", "B1", "EX1", "NE1", "NR1", "SW1A", "TR1", "CA1", None]
    return [
        referral_received(
            f"{at:032x}",
            treatment_function=draw.choice(FUNCTIONS),
            age=draw.randint(0, 95),
            sex=draw.choice("12"),
            outward=draw.choice(outcodes),
            travel_limit_miles=draw.choice([None, 10, 30, 100]),
        )
        for at in range(number)
    ]


async def test_a_batch_of_500_reads_each_collection_a_few_times(country: Country) -> None:
    referrals = people(500)
    messages = [one for each in referrals for one in (each, decided(each.subject))]

    said = await country.take(messages)

    reads = country.store.reads
    assert len(said) == 500
    assert reads["shortlists"] == 1
    assert reads["diaries"] == len(FUNCTIONS)
    # Of each function: the catalogue by its digest, once the places and once the sites.
    assert reads["catalogues"] <= 2 * len(FUNCTIONS)
    assert reads["sessions"] == 0


async def test_a_batch_of_choices_reads_its_sessions_at_once(country: Country) -> None:
    referrals = people(200)
    lists = await country.take([one for each in referrals for one in (each, decided(each.subject))])
    chosen = [
        provider_chosen(one.options[0].provider, pathway=one.subject)
        for one in lists
        if isinstance(one, OfferShortlisted)
    ]

    said = await country.take(chosen)

    assert Counter(one.type for one in said) == {"fairwait.offer.accepted.v1": len(chosen)}
    assert (country.store.reads["sessions"], country.store.reads["diaries"]) == (1, 1)


async def test_500_stored_lists_are_made_again_to_the_byte(country: Country) -> None:
    referrals = people(500)
    await country.take([one for each in referrals for one in (each, decided(each.subject))])

    work = country.work()
    kept = [await work.shortlists.get(f"{referral.subject}-1") for referral in referrals]
    digests = {evidence.catalogue for evidence in kept if evidence is not None}
    catalogues = {digest: await work.shortlists.catalogue(digest) for digest in digests}

    assert len(digests) == len(FUNCTIONS)
    for evidence in kept:
        assert evidence is not None
        assert replayed(evidence, catalogues[evidence.catalogue]).to_bytes() == evidence.result


async def test_the_order_in_which_sessions_were_declared_changes_no_list(country: Country) -> None:
    other = Country()
    other.store.collections["diaries"] = dict(
        reversed(country.store.collections["diaries"].items())
    )
    referrals = people(50)
    messages = [one for each in referrals for one in (each, decided(each.subject))]

    assert await country.take(messages) == await other.take(messages)
