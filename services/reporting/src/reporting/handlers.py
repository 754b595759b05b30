"""What reporting does with the events of a batch, and what it publishes of a release."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.messages import Recorded
from contracts.events import DatasetPublished
from reporting.domain.ledger import Entry, Position
from reporting.domain.manifest import SUMMARY
from reporting.repositories import Placed, collection_of
from reporting.translation import Told, told_by, told_in
from reporting.work import ReportingWork


@dataclass(frozen=True, slots=True)
class New:
    """A record of the batch and what it tells."""

    record: Recorded
    told: Told


async def record_batch(batch: Sequence[Recorded], work: ReportingWork) -> None:
    """Keeps every new event, as it came in the ledger and as a fact in its subject's record.

    One of a type that this reader does not know is kept all the same: a later one will read it.
    """
    told = [New(one, _told(one)) for one in batch]
    await _load(told, work)
    new = await _not_yet_recorded(told, work)

    placed: list[tuple[New, Position]] = []
    for partition, parted in _by_partition(new).items():
        entries = [_entry(one.record) for one in parted]
        events = [(one.told.type, one.told.said.at) for one in parted]
        positions = await work.ledger.append(partition, entries, events)
        placed += zip(parted, positions, strict=True)

    for (topic, subject), facts in _by_subject(placed).items():
        await work.records(topic).add(subject, facts)


def _told(one: Recorded) -> Told:
    if one.event is None:
        return told_in(one.topic, one.value, one.headers)
    return told_by(one.event)


async def _load(batch: Sequence[New], work: ReportingWork) -> None:
    await work.ledger.load({one.record.partition for one in batch})
    for topic in {one.record.topic for one in batch}:
        subjects = (one.told.subject for one in batch if one.record.topic == topic)
        await work.records(topic).load(subjects)


async def _not_yet_recorded(batch: Sequence[New], work: ReportingWork) -> list[New]:
    """The engine hands over each event once; this holds even if that should ever fail."""
    new: dict[str, New] = {}
    for one in batch:
        records = work.records(one.record.topic)
        if not await records.knows(one.told.subject, one.told.said.source):
            new.setdefault(one.told.event_id, one)
    return list(new.values())


def _by_partition(new: Iterable[New]) -> Mapping[int, list[New]]:
    parted: defaultdict[int, list[New]] = defaultdict(list)
    for one in new:
        parted[one.record.partition].append(one)
    return parted


def _by_subject(placed: Iterable[tuple[New, Position]]) -> Mapping[tuple[str, str], list[Placed]]:
    """Per record, so that a record is written once a batch; any topic of the record names it."""
    parted: dict[tuple[str, str], tuple[str, list[Placed]]] = {}
    for one, position in placed:
        topic, subject = one.record.topic, one.told.subject
        _, facts = parted.setdefault((collection_of(topic), subject), (topic, []))
        facts.append(Placed(one.told.said, position))
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
