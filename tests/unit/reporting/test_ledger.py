"""The ledger gives back what was put in, and finds whatever was done to it since."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.ledger import Entry, Head, Segment, runs, seal, unseal, verify
from tests.unit.reporting.stories import core, entries_of, winding

ENTRIES = entries_of(core().events + winding().events)


def chain_of(batches: int, chain: int = 3) -> tuple[Head, dict[int, Segment]]:
    head = Head(chain)
    segments = {}
    for number in range(1, batches + 1):
        segments[number], head = seal(head, ENTRIES[number % 7 : number % 7 + 5])
    return head, segments


def test_what_was_sealed_comes_back_byte_for_byte() -> None:
    segment, head = seal(Head(3), ENTRIES)

    assert unseal(segment) == ENTRIES
    assert (head.segments, head.entries) == (1, len(ENTRIES))


texts = st.text(max_size=20)
raw = st.binary(max_size=50)
any_entry = st.builds(
    Entry,
    topic=texts,
    partition=st.integers(0, 11),
    offset=st.integers(0, 2**60),
    key=raw,
    headers=st.lists(st.tuples(texts, st.none() | raw), max_size=4).map(tuple),
    value=st.none() | raw,
)


@given(st.lists(any_entry, max_size=8))
def test_any_bytes_come_back(entries: list[Entry]) -> None:
    assert unseal(seal(Head(0), entries)[0]) == entries


def test_the_head_holds_the_highest_offset_of_each_topic() -> None:
    entries = [replace(ENTRIES[0], topic="offer", offset=offset) for offset in (4, 9, 7)]

    _, head = seal(Head(3, offsets={"offer": 2, "referral": 5}), entries)

    assert head.offsets == {"offer": 9, "referral": 5}


def test_runs_keep_order_and_never_cut_an_entry() -> None:
    sizes = [entry.size for entry in ENTRIES]

    parted = list(runs(ENTRIES, limit=max(sizes) + 1))

    assert [entry for run in parted for entry in run] == ENTRIES
    assert len(parted) > 1
    assert list(runs(ENTRIES[:1], limit=1)) == [ENTRIES[:1]]


def test_an_untouched_chain_has_no_flaw() -> None:
    assert verify(*chain_of(12)) == []
    assert verify(Head(3), {}) == []


# ---- what may be done to a chain


def altered(random: Random, segments: dict[int, Segment]) -> None:
    number = random.choice(list(segments))
    segment = segments[number]
    content = bytearray(segment.content)
    content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    segments[number] = replace(segment, content=bytes(content))


def rewritten(random: Random, segments: dict[int, Segment]) -> None:
    """Other content, sealed properly: only the chain can tell."""
    number = random.choice(list(segments))
    before = Head(3, number - 1, 0, segments[number].previous)
    other = [replace(entry, value=b"{}") for entry in unseal(segments[number])]
    segments[number] = seal(before, other)[0]


def renamed(random: Random, segments: dict[int, Segment]) -> None:
    number = random.choice(list(segments))
    what = random.choice(
        [
            {"entries": 99},
            {"sha256": "f" * 64},
            {"previous": "e" * 64},
            {"chain": 4},
            {"number": 77},
        ]
    )
    segments[number] = replace(segments[number], **what)  # type: ignore[arg-type]


def deleted(random: Random, segments: dict[int, Segment]) -> None:
    del segments[random.choice(list(segments))]


def deleted_and_closed_up(random: Random, segments: dict[int, Segment]) -> None:
    number = random.choice(list(segments))
    for later in range(number, len(segments)):
        segments[later] = segments[later + 1]
    del segments[max(segments)]


def swapped(random: Random, segments: dict[int, Segment]) -> None:
    one, other = random.sample(list(segments), 2)
    segments[one], segments[other] = segments[other], segments[one]


def repeated(random: Random, segments: dict[int, Segment]) -> None:
    segments[max(segments) + 1] = segments[random.choice(list(segments))]


@pytest.mark.parametrize("seed", range(10))
def test_a_thousand_alterations_deletions_and_swaps_are_all_found(seed: int) -> None:
    random = Random(seed)
    head, whole = chain_of(12)
    deeds = [altered, rewritten, renamed, deleted, deleted_and_closed_up, swapped, repeated]

    for _ in range(100):
        segments = dict(whole)
        deed = random.choice(deeds)
        deed(random, segments)
        assert verify(head, segments), deed.__name__
