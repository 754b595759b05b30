"""What a release says of itself: what it holds, from which events, and who is missing."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from contracts.codes import versions
from reporting.domain.facts import (
    Declared,
    NotMade,
    Referred,
    Refused,
    RightDecided,
    Shortlisted,
)
from reporting.domain.ledger import Head
from reporting.domain.projection import PathwayRecord
from reporting.domain.rows import SCHEMA_VERSION

SILENT_AFTER = timedelta(days=7)  # the waiting list data set is weekly
# What the list of releases shows of each; the whole is in its folder.
SUMMARY: Final = ("release", "as_at", "built_at", "dataset_sha256", "rows", "events", "data_up_to")
EDITION: Final = "internal: patient-level rows and exact figures; not for publication"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file as it was written; `rows` None where it is no table."""

    sha256: str
    bytes: int
    rows: int | None = None


@dataclass(slots=True)
class Census:
    """What is gathered over all records, one by one, for the manifest."""

    heard: dict[str, datetime] = field(default_factory=dict)
    rule_sets: set[str] = field(default_factory=set)

    def take(self, record: PathwayRecord) -> PathwayRecord:
        """Looks at a record and hands it on."""
        for said in record.said.values():
            match said.fact:
                case Referred(publisher=name) | Refused(publisher=name) | Declared(provider=name):
                    self.heard[name] = max(said.at, self.heard.get(name, said.at))
                case (
                    RightDecided(rule_set=rules)
                    | Shortlisted(rule_set=rules)
                    | NotMade(rule_set=rules)
                ):
                    self.rule_sets.add(rules)
                case _:
                    pass
        return record

    def publishers(self, expected: Iterable[str], as_at: datetime) -> list[dict[str, Any]]:
        """Everybody who ever sent something or is expected to, and when they were last heard."""
        known = sorted(self.heard.keys() | set(expected))
        return [self._publisher(name, as_at) for name in known]

    def _publisher(self, name: str, as_at: datetime) -> dict[str, Any]:
        heard = self.heard.get(name)
        return {
            "publisher": name,
            "last_heard": heard.isoformat() if heard else None,
            "silent": heard is None or as_at - heard > SILENT_AFTER,
        }


@dataclass(frozen=True, slots=True)
class Ends:
    """The ends of all chains at the moment of a release: exactly which events are in it."""

    heads: Sequence[Head]
    types: Mapping[str, int]
    latest: Mapping[str, datetime]

    @property
    def events(self) -> int:
        return sum(head.entries for head in self.heads)

    @property
    def data_up_to(self) -> datetime | None:
        """When the newest event that is counted was said."""
        return max(self.latest.values(), default=None)


def dataset_sha256(files: Mapping[str, FileFacts]) -> str:
    """One hash over the table files: equal for equal tables, whenever and from whatever built."""
    lines = (f"{name} {files[name].sha256}\n" for name in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def manifest(
    *,
    release: str,
    as_at: date,
    now: datetime,
    tables: Mapping[str, FileFacts],
    others: Mapping[str, FileFacts],
    broken: Mapping[str, Mapping[str, int]],
    census: Census,
    ends: Ends,
    expected: Iterable[str],
    held_against: str | None,
    refused: Mapping[str, str],
) -> dict[str, Any]:
    """`manifest.json`. `tables` are the files under the data set's hash, `others` the rest.

    `held_against` is the release that the public edition was compared with.
    `refused` are the files that could not be made whole, and so are not there, with the reason.
    """
    publishers = census.publishers(expected, now)
    return {
        "release": release,
        "edition": EDITION,
        "as_at": as_at.isoformat(),
        "built_at": now.isoformat(),
        "data_up_to": _moment(ends.data_up_to),
        "schema_version": SCHEMA_VERSION,
        "dataset_sha256": dataset_sha256(tables),
        "rows": {name.removesuffix(".csv"): facts.rows for name, facts in _csv(tables)},
        "rows_that_break_a_rule": {table: dict(rules) for table, rules in broken.items()},
        "files": {name: _file(facts) for name, facts in {**tables, **others}.items()},
        "public": {"folder": "public", "held_against": held_against},
        "refused": dict(refused),
        "rule_sets": sorted(census.rule_sets),
        "code_lists": versions(),
        "has_not_reported": [one["publisher"] for one in publishers if one["silent"]],
        "publishers": publishers,
        "events": ends.events,
        "events_by_type": dict(sorted(ends.types.items())),
        "latest_by_topic": {topic: _moment(at) for topic, at in sorted(ends.latest.items())},
        "high_water": _high_water(ends.heads),
        "ledger": [_chain(head) for head in ends.heads],
    }


def _csv(tables: Mapping[str, FileFacts]) -> Iterable[tuple[str, FileFacts]]:
    return ((name, facts) for name, facts in tables.items() if name.endswith(".csv"))


def _file(facts: FileFacts) -> dict[str, Any]:
    return {name: value for name, value in asdict(facts).items() if value is not None}


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _high_water(heads: Sequence[Head]) -> list[dict[str, Any]]:
    return [
        {"topic": topic, "partition": head.chain, "offset": offset}
        for head in heads
        for topic, offset in sorted(head.offsets.items())
    ]


def _chain(head: Head) -> dict[str, Any]:
    return {
        "partition": head.chain,
        "segments": head.segments,
        "events": head.entries,
        "sha256": head.sha256,
    }
