"""A record: the set of everything that was said of one subject.

Being a set, it is the same in whatever order and however often its events come. All that is
counted is derived from it by reading each topic's facts in their own sequence, and never by
comparing moments of different topics.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from reporting.domain.facts import Fact, Said, Source

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class PathwayRecord:
    """What is known of one subject: a pathway, a declared session, or a refused submission."""

    subject: str
    said: Mapping[Source, Said] = field(default_factory=dict)

    def each(self, kind: type[F]) -> Iterator[tuple[Source, F]]:
        """The facts of one kind, oldest first. One kind comes from one topic only."""
        for source in sorted(self.said):
            fact = self.said[source].fact
            if isinstance(fact, kind):
                yield source, fact

    def last(self, kind: type[F]) -> F | None:
        """The newest fact of one kind."""
        return next((fact for _, fact in reversed(list(self.each(kind)))), None)

    def first(self, kind: type[F]) -> F | None:
        """The oldest fact of one kind."""
        return next((fact for _, fact in self.each(kind)), None)

    def newest(self, topic: str, *kinds: type[Fact]) -> Fact | None:
        """The newest fact of a topic among these kinds."""
        sources = sorted(source for source in self.said if source.topic == topic)
        facts = (self.said[source].fact for source in reversed(sources))
        return next((fact for fact in facts if isinstance(fact, kinds)), None)

    def sources(self, *topics: str) -> list[Source]:
        """The events of these topics that the record stands on, in order."""
        return sorted(source for source in self.said if source.topic in topics)


def apply(record: PathwayRecord, said: Said) -> PathwayRecord:
    """The record with one more event in it. A repeat changes nothing."""
    if said.source in record.said:
        return record
    return PathwayRecord(record.subject, {**record.said, said.source: said})


def project(subject: str, said: Iterable[Said]) -> PathwayRecord:
    """The record of a subject from everything that was said of it, in any order."""
    known: dict[Source, Said] = {}
    for each in said:
        known.setdefault(each.source, each)
    return PathwayRecord(subject, known)


def event_id(subject: str, source: Source) -> str:
    """The id of an event, as its writer gave it."""
    return f"{source.topic}.{subject}.{source.sequence}"


def parse_event_id(text: str) -> tuple[str, Source] | None:
    """The subject and source that an event id names; None when it is no id of ours."""
    topic, _, rest = text.partition(".")
    subject, _, sequence = rest.rpartition(".")
    if not (topic and subject and sequence.isascii() and sequence.isdigit()):
        return None
    return subject, Source(topic, int(sequence))
