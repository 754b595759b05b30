"""One step of a story, taken apart."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time


@dataclass(frozen=True)
class Words:
    """`2026-02-02 missed A communicated told=2026-02-10`."""

    on: date
    verb: str
    plain: tuple[str, ...]
    named: dict[str, str]

    @property
    def first(self) -> str:
        return self.plain[0] if self.plain else ""

    @property
    def second(self) -> str:
        return self.plain[1] if len(self.plain) > 1 else ""

    @property
    def second_time(self) -> datetime:
        return datetime.fromisoformat(self.second)

    @property
    def by(self) -> str:
        return self.get("by", "RJ1")

    @property
    def message(self) -> str:
        """The message's id: as the story names it, else made of what it says."""
        return self.get("as", f"{self.on}-{self.verb}-{'-'.join(self.plain)}-{self.by}")

    @property
    def told_on(self) -> date:
        return self.day("told") or self.on

    @property
    def recorded_at(self) -> datetime:
        return datetime.combine(self.told_on, time(12), UTC)

    def get(self, name: str, otherwise: str = "") -> str:
        return self.named.get(name, otherwise)

    def day(self, name: str) -> date | None:
        text = self.named.get(name)
        return date.fromisoformat(text) if text else None

    def has(self, word: str) -> bool:
        return word in self.plain


def words_of(step: str) -> Words:
    day, verb, *rest = step.split()
    named = dict(part.split("=", 1) for part in rest if "=" in part)
    plain = tuple(part for part in rest if "=" not in part)
    return Words(date.fromisoformat(day), verb, plain, named)
