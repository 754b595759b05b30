"""Numbers: gapless and in order on every topic and key, and the same to who writes and who reads."""

from collections import defaultdict
from typing import Final

from tests.crash.system.oracle.reading import Found, Record
from tests.crash.system.oracle.verdict import Violation, Violations

WRITERS: Final = {
    "identity": ("referral", "pathways"),
    "referral": ("referral", "pathways"),
    "appointment": ("referral", "pathways"),
    "offer": ("matching", "matches"),
    "capacity": ("matching", "sessions"),
    "response": ("notifications", "patients"),
    "notification": ("notifications", "patients"),
}
READERS: Final = {
    "identity": (("notifications", "patients"),),
    "referral": (("matching", "matches"), ("notifications", "patients"), ("reporting", "pathways")),
    "appointment": (("matching", "matches"), ("notifications", "patients"), ("reporting", "pathways")),
    "offer": (("referral", "pathways"), ("notifications", "patients"), ("reporting", "pathways")),
    "capacity": (("reporting", "sessions"),),
    "response": (("referral", "pathways"), ("matching", "matches"), ("reporting", "pathways")),
    "notification": (("reporting", "pathways"),),
}  # fmt: skip


def order(found: Found) -> Violations:
    for topic in WRITERS:
        by_key: dict[str, list[Record]] = defaultdict(list)
        for one in found.wire[topic]:
            by_key[one.subject].append(one)
        for key, records in by_key.items():
            yield from _numbers(topic, key, records)
        last = {key: max(one.sequence for one in records) for key, records in by_key.items()}
        yield from _marks(found, topic, last)


def _numbers(topic: str, key: str, records: list[Record]) -> Violations:
    """A repeat is as the first was; those that are no repeats come as 1, 2, 3."""
    first: dict[int, Record] = {}
    for one in records:
        known = first.setdefault(one.sequence, one)
        if (known.headers, known.value) != (one.headers, one.value):
            yield Violation("forked", f"{topic} {key} number {one.sequence} says two things")
    numbers = list(first)
    if sorted(numbers) != list(range(1, len(numbers) + 1)):
        yield Violation("gap", f"{topic} {key} has the numbers {numbers}")
    elif numbers != sorted(numbers):
        yield Violation("order", f"{topic} {key} has the numbers {numbers}")


def _marks(found: Found, topic: str, last: dict[str, int]) -> Violations:
    said = _marked(found, *WRITERS[topic], "said", topic)
    for key in sorted(said.keys() | last.keys()):
        if said.get(key, 0) != last.get(key, 0):
            text = f"{topic} {key}: {said.get(key, 0)} said, {last.get(key, 0)} on the topic"
            yield Violation("gap", text)
    for service, collection in READERS[topic]:
        seen = _marked(found, service, collection, "seen", topic)
        for key in sorted(seen.keys() | last.keys()):
            if seen.get(key, 0) != last.get(key, 0):
                text = f"{topic} {key}: {last.get(key, 0)} on the topic, {seen.get(key, 0)} seen by {service}"  # fmt: skip
                yield Violation("gap", text)


def _marked(found: Found, service: str, collection: str, what: str, topic: str) -> dict[str, int]:
    return {
        key: number
        for key, one in found.of(service, collection).items()
        if (number := (one.get(what) or {}).get(topic, 0))
    }
