"""From the counts of a published month to the events of pathways that would be counted so.

One pathway per counted patient, deterministic by seed. What the file says of one patient in two
places is one pathway: those of Part_2A are among Part_2, new periods of Part_3 among those that are
still open or completed in the month. Where the file's parts do not fit each other, a transfer makes
them: an open wait that began in the month and is in no Part_3 came from a provider that makes no
return, a new period that is neither open nor completed went there, and a patient of Part_2A who is
in no Part_2 is on this provider's list while such a provider reports the wait.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from hashlib import blake2b
from random import Random
from typing import Any, Final

from contracts.codes import RTT_GROUP_MEMBERS
from contracts.event import Event
from contracts.events import (
    AdmissionNoted,
    ClockStarted,
    ClockStopped,
    ReferralReceived,
    ReferralTransferred,
)
from reporting.domain.monthly import BANDS, UNKNOWN, Month, Part
from reporting.domain.weeks import DAYS, LAST_BAND, UNKNOWN_START
from reporting.national.extract import Cell

ELSEWHERE: Final = "89999"  # ODS default: a provider that makes no return
A_DAY: Final = timedelta(days=1)
LONGEST: Final = 900  # days; the last band is open and most in it have not waited much longer
STOPS_WITHOUT_ADMISSION: Final = ("30", "30", "30", "34", "31", "32", "35")
NOON: Final = time(12, tzinfo=UTC)


@dataclass(slots=True)
class Tallied:
    """How many pathways, and how many of them only a transfer could make fit."""

    pathways: int = 0
    came_from_elsewhere: int = 0
    went_elsewhere: int = 0
    reported_elsewhere: int = 0
    events: int = 0

    def add(self, other: "Tallied") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Telling:
    """The pathways of one cell."""

    cell: Cell
    month: Month
    seed: int
    tally: Tallied = field(default_factory=Tallied)
    _random: Random = field(init=False)
    _functions: Sequence[str] = field(init=False)
    _new: int = field(init=False)

    def __post_init__(self) -> None:
        cell = self.cell
        self._random = Random(f"{self.seed}:{cell.provider}:{cell.commissioner}:{cell.group}")
        self._functions = functions_of(cell.group, self.month.last)
        self._new = self._counts("Part_3")[UNKNOWN]

    def events(self) -> Iterator[Event]:
        """The events of every pathway, one pathway after the other."""
        yield from self._young()
        for part, admitted in (("Part_1A", True), ("Part_1B", False)):
            yield from self._completed(self._counts(part), admitted=admitted)
        yield from self._older()
        for _ in range(self._new):
            yield from self._gone()

    def _counts(self, part: Any) -> Sequence[int]:
        known: Part = part
        return self.cell.counts.get(known, [0] * (BANDS + 1))

    # ---- open pathways

    @property
    def _span(self) -> int:
        """Days of wait at the end of the month of a clock that started on its first day."""
        return (self.month.last - self.month.first).days

    def _young(self) -> Iterator[Event]:
        """Open waits in bands that lie within the month: new periods, as far as these reach."""
        for band in range(BANDS):
            low, high = days_in(band)
            if high <= self._span:
                yield from self._open(band, low, high)

    def _older(self) -> Iterator[Event]:
        """All other open waits. The band that begins in the month takes what new periods are left."""
        for band in range(BANDS):
            low, high = days_in(band)
            if high > self._span:
                yield from self._open(band, max(low, self._span + 1), high, young=low)

    def _open(self, band: int, low: int, high: int, young: int | None = None) -> Iterator[Event]:
        to_admit = self._counts("Part_2A")[band]
        waiting = self._counts("Part_2")[band]
        for number in range(waiting):
            lowest, highest = low, high
            if young is not None and young <= self._span and self._new:
                lowest, highest = young, self._span
            elif not self._new:
                lowest = max(low, 1)  # a day is left to come from elsewhere
            days = self._random.randint(lowest, highest)
            yield from self._waiting(days, to_admit=number < to_admit)
        for _ in range(to_admit - waiting):
            yield from self._reported_elsewhere(self._random.randint(low, high))

    def _waiting(self, days: int, *, to_admit: bool) -> Iterator[Event]:
        started_on = self.month.last - timedelta(days=days)
        pathway = self._pathway(started_on, self._began_at(started_on))
        yield from pathway.begin(started_on)
        if pathway.provider != self.cell.provider:
            yield pathway.transfer(self.cell.provider, started_on + A_DAY)
        if to_admit:
            yield pathway.list_for_admission(self.cell.provider, started_on, self.month.last)

    def _reported_elsewhere(self, days: int) -> Iterator[Event]:
        started_on = self.month.last - timedelta(days=days)
        pathway = self._pathway(started_on, ELSEWHERE)
        self.tally.reported_elsewhere += 1
        yield from pathway.begin(started_on)
        yield pathway.list_for_admission(self.cell.provider, started_on, self.month.last)

    def _gone(self) -> Iterator[Event]:
        started_on = self.month.first + timedelta(days=self._random.randint(0, self._span - 1))
        pathway = self._pathway(started_on, self.cell.provider)
        self.tally.went_elsewhere += 1
        yield from pathway.begin(started_on)
        yield pathway.transfer(ELSEWHERE, started_on + A_DAY)

    def _began_at(self, started_on: date) -> str:
        """The provider at which a clock started: one in the month is a new period of this one."""
        if not self.month.holds(started_on):
            return self.cell.provider
        if self._new:
            self._new -= 1
            return self.cell.provider
        self.tally.came_from_elsewhere += 1
        return ELSEWHERE

    # ---- completed pathways

    def _completed(self, counts: Sequence[int], *, admitted: bool) -> Iterator[Event]:
        for band in range(BANDS):
            low, high = days_in(band)
            for _ in range(counts[band]):
                yield from self._stopped(self._random.randint(max(low, 1), high), admitted=admitted)
        for _ in range(counts[UNKNOWN]):
            stopped_on = self.month.first + timedelta(days=self._random.randint(0, self._span))
            yield from self._ended(UNKNOWN_START, stopped_on, admitted=admitted)

    def _stopped(self, days: int, *, admitted: bool) -> Iterator[Event]:
        """A wait of so many days that stops in the month, and began in it where one is left."""
        if self._new and days <= self._span:
            self._new -= 1
            stop = self._random.randint(days, self._span)
        else:
            stop = self._random.randint(0, min(days - 1, self._span))
        stopped_on = self.month.first + timedelta(days=stop)
        yield from self._ended(stopped_on - timedelta(days=days), stopped_on, admitted=admitted)

    def _ended(self, started_on: date, stopped_on: date, *, admitted: bool) -> Iterator[Event]:
        pathway = self._pathway(max(started_on, date(2000, 1, 1)), self.cell.provider)
        yield from pathway.begin(started_on)
        if admitted:
            yield pathway.admit(self.cell.provider, stopped_on)
        status = "30" if admitted else self._random.choice(STOPS_WITHOUT_ADMISSION)
        yield pathway.stop(started_on, stopped_on, status)

    def _pathway(self, received_on: date, provider: str) -> "Pathway":
        self.tally.pathways += 1
        cell, random = self.cell, self._random
        name = f"{self.seed}:{cell.provider}:{cell.commissioner}:{cell.group}:{self.tally.pathways}"
        return Pathway(
            blake2b(name.encode(), digest_size=16).hexdigest(),
            provider,
            cell.commissioner,
            random.choice(self._functions),
            random.randint(18, 90),
            random.choice("12"),
            received_on,
        )


@dataclass(slots=True)
class Pathway:
    """Numbers and dates the events of one pathway, as their writer would."""

    subject: str
    provider: str
    commissioner: str
    function: str
    age: int
    sex: str
    received_on: date
    _sequences: dict[str, int] = field(default_factory=dict)

    def begin(self, started_on: date) -> Iterator[Event]:
        yield self._told(
            ReferralReceived,
            self.received_on,
            publisher=self.provider,
            way_in="file",
            submission_id=self.subject,
            responsible_provider=self.provider,
            treatment_function=self.function,
            priority="1",
            source_of_referral="03",
            source_validity="valid",
            received_on=self.received_on,
            age=self.age,
            sex=self.sex,
            commissioner=self.commissioner,
            synthetic=True,
        )
        yield self._told(ClockStarted, self.received_on, started_on=started_on, status="10")

    def transfer(self, provider: str, on: date) -> Event:
        return self._told(
            ReferralTransferred,
            on,
            transfer_id=f"{self.subject}-1",
            from_provider=self.provider,
            to_provider=provider,
            effective_on=on,
            started_on=self.received_on,
        )

    def list_for_admission(self, provider: str, earliest: date, latest: date) -> Event:
        decided_on = earliest + (latest - earliest) // 2
        return self._told(
            AdmissionNoted,
            decided_on,
            admission_id=f"{self.subject}-1",
            provider=provider,
            site=provider,
            step="planned",
            on=latest + timedelta(days=21),
            decided_to_admit_on=decided_on,
        )

    def admit(self, provider: str, on: date) -> Event:
        return self._told(
            AdmissionNoted,
            on,
            admission_id=f"{self.subject}-1",
            provider=provider,
            site=provider,
            step="admitted",
            on=on,
            treated=True,
        )

    def stop(self, started_on: date, stopped_on: date, status: str) -> Event:
        return self._told(
            ClockStopped,
            stopped_on,
            started_on=started_on,
            stopped_on=stopped_on,
            status=status,
            days_waited=(stopped_on - started_on).days,
        )

    def _told(self, event_type: type[Event], said_on: date, /, **fields: Any) -> Event:
        topic = event_type.topic
        sequence = self._sequences[topic.name] = self._sequences.get(topic.name, 0) + 1
        return event_type.about(self.subject, **fields).published(
            sequence=sequence, source=f"fairwait/{topic.writer}", now=_noon(said_on)
        )


@lru_cache(maxsize=2_000)
def _noon(on: date) -> datetime:
    return datetime.combine(on, NOON)


def days_in(band: int) -> tuple[int, int]:
    """The fewest and the most days of a week band: 0 to 7, 8 to 14, and 729 to a stated longest."""
    low = 0 if band == 0 else band * DAYS + 1
    return low, LONGEST if band == LAST_BAND else (band + 1) * DAYS


@lru_cache(maxsize=64)
def functions_of(group: str, on: date) -> Sequence[str]:
    """The treatment functions whose waits are published under a group on a day."""
    members = RTT_GROUP_MEMBERS.at(on).values()
    return sorted(member.code for member in members if member.rtt_group == group)
