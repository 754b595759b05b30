"""What reporting does with the events of a batch, and what it publishes of a release."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chassis.messages import Recorded
from contracts.events import DatasetPublished
from reporting.domain.ledger import Entry, Position
from reporting.domain.manifest import SUMMARY
from reporting.repositories import Placed, collection_of
from reporting.translation import said_by
from reporting.work import ReportingWork


async def record_batch(batch: Sequence[Recorded], work: ReportingWork) -> None:
    """Keeps every new event, as it came in the ledger and as a fact in its subject's record."""
    await _load(batch, work)
    new = await _not_yet_recorded(batch, work)

    placed: list[tuple[Recorded, Position]] = []
    for partition, recorded in _by_partition(new).items():
        entries = [_entry(one) for one in recorded]
        events = [(one.event.type, one.event.envelope.time) for one in recorded]
        positions = await work.ledger.append(partition, entries, events)
        placed += zip(recorded, positions, strict=True)

    for (topic, subject), facts in _by_subject(placed).items():
        await work.records(topic).add(subject, facts)


async def _load(batch: Sequence[Recorded], work: ReportingWork) -> None:
    await work.ledger.load({one.partition for one in batch})
    for topic in {one.topic for one in batch}:
        await work.records(topic).load(one.event.subject for one in batch if one.topic == topic)


async def _not_yet_recorded(batch: Sequence[Recorded], work: ReportingWork) -> list[Recorded]:
    """The engine hands over each event once; this holds even if that should ever fail."""
    new: dict[str, Recorded] = {}
    for one in batch:
        source = said_by(one.event).source
        if not await work.records(one.topic).knows(one.event.subject, source):
            new.setdefault(one.event.id, one)
    return list(new.values())


def _by_partition(recorded: Iterable[Recorded]) -> Mapping[int, list[Recorded]]:
    parted: defaultdict[int, list[Recorded]] = defaultdict(list)
    for one in recorded:
        parted[one.partition].append(one)
    return parted


def _by_subject(
    placed: Iterable[tuple[Recorded, Position]],
) -> Mapping[tuple[str, str], list[Placed]]:
    """Per record, so that a record is written once a batch; any topic of the record names it."""
    parted: dict[tuple[str, str], tuple[str, list[Placed]]] = {}
    for one, position in placed:
        name = (collection_of(one.topic), one.event.subject)
        _, facts = parted.setdefault(name, (one.topic, []))
        facts.append(Placed(said_by(one.event), position))
    return {(topic, subject): facts for (_, subject), (topic, facts) in parted.items()}


def _entry(one: Recorded) -> Entry:
    return Entry(one.topic, one.partition, one.offset, one.key or b"", one.headers, one.value)


async def publish_release(manifest: Mapping[str, Any], work: ReportingWork) -> None:
    """Says that a release is out, once its files are in their place."""
    release = manifest["release"]
    await work.releases.publish(release, {name: manifest[name] for name in SUMMARY})
    await work.publish(
        DatasetPublished.about(
            release,
            release=release,
            as_at=manifest["built_at"],
            rows=manifest["rows"],
            sha256={name: facts["sha256"] for name, facts in manifest["files"].items()},
        )
    )
