"""Whether everything that came in is counted once: sums that must be equal."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reporting.domain.facts import Declared, Messaged, Refused
from reporting.domain.projection import PathwayRecord
from reporting.domain.rows import CHOICE_STATES, STATES, choice_state_of, is_pathway, state_of

RECEIVED = "fairwait.referral.received.v1"
MESSAGE_STEPS = ("intended", "handed_over", "failed", "delivered")


@dataclass(frozen=True, slots=True)
class Check:
    """Two sums that must be equal."""

    name: str
    left: int
    right: int

    @property
    def difference(self) -> int:
        return abs(self.left - self.right)


@dataclass(slots=True)
class Tally:
    """Counts records one by one."""

    pathways: int = 0
    refused: int = 0
    sessions: int = 0
    facts: int = 0
    states: Counter[str] = field(default_factory=Counter)
    choices: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)

    def take(self, records: Iterable[PathwayRecord]) -> None:
        """Counts these records."""
        for record in records:
            self.facts += len(record.said)
            self.refused += record.first(Refused) is not None
            self.sessions += record.first(Declared) is not None
            self.messages.update(_messages(record))
            if is_pathway(record):
                self.pathways += 1
                self.states[state_of(record)] += 1
                self.choices[choice_state_of(record)] += 1

    def as_json(self) -> dict[str, Any]:
        return {
            "pathways": self.pathways,
            "refused": self.refused,
            "sessions": self.sessions,
            "states": {state: self.states[state] for state in STATES},
            "choices": {state: self.choices[state] for state in CHOICE_STATES},
            "messages": {step: self.messages[step] for step in MESSAGE_STEPS},
        }

    def checks(self, types: Mapping[str, int]) -> list[Check]:
        """What must balance, given the number of events of each type in the ledger."""
        settled = self.messages["handed_over"] + self.messages["failed"]
        return [
            Check("events in the ledger = facts in records", sum(types.values()), self.facts),
            Check("referrals received = pathways", types.get(RECEIVED, 0), self.pathways),
            Check("pathways = sum of states", self.pathways, self.states.total()),
            Check("messages intended = handed over or failed", self.messages["intended"], settled),
        ]


def _messages(record: PathwayRecord) -> Counter[str]:
    """Messages by how far they came; one that was handed over counts so even if it failed later."""
    steps: dict[str, set[str]] = {}
    for _, messaged in record.each(Messaged):
        steps.setdefault(messaged.message, set()).add(messaged.step)
    counted: Counter[str] = Counter()
    for reached in steps.values():
        counted["intended"] += 1
        if reached & {"handed_over", "delivered"}:
            counted["handed_over"] += 1
        elif "failed" in reached:
            counted["failed"] += 1
        counted["delivered"] += "delivered" in reached
    return counted
