"""What the oracle reports."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "lost",  # acknowledged, and no effect
    "doubled",  # more than one effect
    "invented",  # an effect that nobody asked for
    "gap",  # a number that is missing, on a topic or to a reader
    "order",  # numbers in another order than they were given
    "forked",  # one number, two contents
    "state",  # services that disagree, or a state that cannot be
    "place",  # a place that is given twice
    "message",  # a patient told twice, or not told
    "dead letter",  # an unreadable record that was not kept, or not once
    "ledger",  # a sum that does not balance
    "dataset",  # a file that is not what the pathways say
    "leftover",  # something still to be done
]


@dataclass(frozen=True, slots=True)
class Violation:
    """One promise that was not kept, and where."""

    kind: Kind
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


Violations: TypeAlias = Iterator[Violation]


def summary(violations: list[Violation], shown: int = 30) -> str:
    """How many of each kind, and the first of them."""
    counted = ", ".join(f"{n} {kind}" for kind, n in Counter(v.kind for v in violations).items())
    return "\n".join([counted or "no violation", *map(str, violations[:shown])])
