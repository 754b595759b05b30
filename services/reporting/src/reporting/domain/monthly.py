"""The monthly referral to treatment return, in the layout of the published full extract.

Parts, bands and totals are those of NHS England's file. Part_2A is a subset of Part_2 and never
added to it; C_999 is the sum over the groups and never counted with them.
"""

import calendar
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from contracts.codes import RTT_GROUPS
from reporting.domain.facts import Admission, Fact, Referred, Started, Stopped, Transferred
from reporting.domain.projection import PathwayRecord
from reporting.domain.rows import NULLIFIED, group_of, where
from reporting.domain.weeks import LAST_BAND, days_waited, rtt_band

Part: TypeAlias = Literal["Part_1A", "Part_1B", "Part_2", "Part_2A", "Part_3"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
DESCRIPTIONS: Final[Mapping[Part, str]] = {
    "Part_1A": "Completed Pathways For Admitted Patients",
    "Part_1B": "Completed Pathways For Non-Admitted Patients",
    "Part_2": "Incomplete Pathways",
    "Part_2A": "Incomplete Pathways with DTA",
    "Part_3": "New RTT Periods - All Patients",
}
TOTAL_GROUP: Final = "C_999"
BANDS: Final = LAST_BAND + 1
UNKNOWN: Final = BANDS  # where a line counts a start that cannot be right, or, in Part_3, everybody
PLACES: Final = BANDS + 1
NO_COMMISSIONER: Final = "not known"

# Providers outside England, and those without a code, make no return (ODS defaults).
MAKE_NO_RETURN: Final = frozenset({"89997", "89999"})


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month; the return is as at its last day."""

    first: date
    last: date

    @classmethod
    def of(cls, year: int, month: int) -> "Month":
        last = calendar.monthrange(year, month)[1]
        return cls(date(year, month, 1), date(year, month, last))

    @classmethod
    def last_over(cls, day: date) -> "Month":
        """The newest month of which no day is left after this one."""
        own = cls.of(day.year, day.month)
        if own.last == day:
            return own
        before = own.first - timedelta(days=1)
        return cls.of(before.year, before.month)

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


class Line(NamedTuple):
    """A line of the return."""

    provider: str
    commissioner: str
    part: Part
    group: str


@dataclass(slots=True)
class Return:
    """The counts of a month by line: one per week band, and one of those without a band."""

    month: Month
    lines: dict[Line, list[int]] = field(default_factory=dict)

    def take(self, records: Iterable[PathwayRecord]) -> None:
        """Counts these records."""
        for record in records:
            for line, place in counted(record, self.month):
                self._line(line)[place] += 1

    def add(self, lines: Mapping[Line, Iterable[int]]) -> None:
        """Adds what was counted elsewhere, such as in another partition."""
        for line, counts in lines.items():
            own = self._line(line)
            for place, count in enumerate(counts):
                own[place] += count

    def with_totals(self) -> dict[Line, list[int]]:
        """The lines, with C_999 for each provider, commissioner and part by addition."""
        totals = Return(self.month)
        for line, counts in self.lines.items():
            totals.add({line._replace(group=TOTAL_GROUP): counts})
        return {**self.lines, **totals.lines}

    def _line(self, line: Line) -> list[int]:
        return self.lines.setdefault(line, [0] * PLACES)


def group_names() -> dict[str, str]:
    """The groups under which waits are published, by code, the total among them."""
    return {group.code: group.name for group in RTT_GROUPS.every()}


# ---- one record


class Period(NamedTuple):
    """An RTT period as it is known now; open while `stopped_on` is None."""

    started_on: date
    stopped_on: date | None = None
    status: str = ""


def counted(record: PathwayRecord, month: Month) -> Iterator[tuple[Line, int]]:
    """The places of the return in which a record is counted."""
    referred = record.first(Referred)
    if referred is None:
        return
    group = group_of(referred.treatment_function, month.last)
    if group is None:
        return
    commissioner = referred.commissioner or NO_COMMISSIONER
    for provider, part, place in _counted(record, referred, month):
        if provider not in MAKE_NO_RETURN:
            yield Line(provider, commissioner, part, group), place


def _counted(
    record: PathwayRecord, referred: Referred, month: Month
) -> Iterator[tuple[str, Part, int]]:
    for started_on, stopped_on, status in periods(record):
        if status == NULLIFIED:
            continue
        if month.holds(started_on):
            yield _first_responsible(record, referred, started_on), "Part_3", UNKNOWN
        if stopped_on is not None and month.holds(stopped_on):
            part: Part = "Part_1A" if _admitted(record, stopped_on) else "Part_1B"
            yield _responsible(record, referred, stopped_on), part, _place(started_on, stopped_on)
        elif stopped_on is None or stopped_on > month.last:
            place = _place(started_on, month.last)
            if place != UNKNOWN:
                yield _responsible(record, referred, month.last), "Part_2", place
                yield from ((who, "Part_2A", place) for who in _to_admit(record, month.last))


def periods(record: PathwayRecord) -> list[Period]:
    """The RTT periods of a record, oldest first. What is told again takes its former place."""
    found: list[Period] = []
    for fact in _clock(record):
        last = found[-1] if found else None
        if isinstance(fact, Started):
            told, again = Period(fact.on), last is not None and last.stopped_on is None
        else:
            told = Period(fact.started_on, fact.on, fact.status)
            again = last is not None and (
                last.stopped_on is None or last.started_on == fact.started_on
            )
        found[len(found) - again :] = [told]
    return found


def _clock(record: PathwayRecord) -> Iterator[Started | Stopped]:
    for source in record.sources("referral"):
        fact: Fact = record.said[source].fact
        if isinstance(fact, (Started, Stopped)):
            yield fact


def _place(started_on: date, until: date) -> int:
    days = days_waited(started_on, until)
    return UNKNOWN if days is None else rtt_band(days)


def _first_responsible(record: PathwayRecord, referred: Referred, on: date) -> str:
    """Who started the clock: the provider referred to, unless it had moved on by then."""
    return _moved_to(record, on) or referred.provider


def _responsible(record: PathwayRecord, referred: Referred, on: date) -> str:
    """Who reports the pathway on a day: a transfer moves it from its day on (domain rule 2.5)."""
    return _moved_to(record, on) or (
        referred.provider if record.last(Transferred) else where(record, referred)[0]
    )


def _moved_to(record: PathwayRecord, on: date) -> str | None:
    moved = [transfer.to_provider for _, transfer in record.each(Transferred) if transfer.on <= on]
    return moved[-1] if moved else None


def _admitted(record: PathwayRecord, on: date) -> bool:
    """Whether the clock stopped with an admission: the stop has the day of admission."""
    return any(one.step == "admitted" and one.on == on for _, one in record.each(Admission))


def _to_admit(record: PathwayRecord, on: date) -> Iterator[str]:
    """The provider on whose list the patient waits to be admitted, as decided by this day."""
    newest = {one.admission: one for _, one in record.each(Admission)}
    waiting = (one for one in newest.values() if one.step == "planned" and one.decided_on)
    decided = sorted(one.provider for one in waiting if one.decided_on and one.decided_on <= on)
    yield from decided[:1]
