"""The published waiting lists, by provider and RTT group, and what they say about a wait.

Source: NHS England, referral to treatment waiting times, full extract. Part_2 holds the pathways
that are not completed, in bands of a week. A band k covers more than k to k + 1 weeks; the last
one, 104 weeks and more, is open. Within a band people are taken to be spread evenly, as NHS
England does for its own medians.
"""

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from contracts.codes import RTT_GROUPS, RttGroupKind
from matching.reference.published.sources import (
    Layout,
    Progress,
    Record,
    Refusal,
    Source,
    SourceUnreadable,
)

OPEN_BAND = 104
BANDS = (
    *(f"Gt {week:02} To {week + 1:02} Weeks SUM 1" for week in range(OPEN_BAND)),
    f"Gt {OPEN_BAND} Weeks SUM 1",
)
INCOMPLETE, DECIDED_TO_ADMIT = "Part_2", "Part_2A"
NOT_ENGLISH = "NONC"  # commissioner of people who are no part of the English figures

LAYOUT = Layout(
    columns=(
        "Period",
        "Provider Parent Org Code",
        "Provider Org Code",
        "Provider Org Name",
        "Commissioner Org Code",
        "RTT Part Type",
        "Treatment Function Code",
        *BANDS,
        "Patients with unknown clock start date",
        "Total All",
    )
)


@dataclass(slots=True)
class WaitingList:
    """Everybody waiting at one provider in one group, by whole weeks waited."""

    weeks: list[int] = field(default_factory=lambda: [0] * len(BANDS))
    waiting: int = 0


@dataclass(slots=True)
class Provider:
    """A provider of the extract, and its lists by RTT group."""

    code: str
    name: str
    icb: str
    lists: dict[str, WaitingList] = field(default_factory=dict)
    published_total: int = 0
    decided_to_admit: int = 0

    def adds_up(self) -> bool:
        """Whether the groups make the published total; if not, a record is missing or wrong."""
        return sum(each.waiting for each in self.lists.values()) == self.published_total


@dataclass(frozen=True, slots=True)
class Line:
    """One record of Part_2 or Part_2A."""

    period: date
    provider: str
    name: str
    icb: str
    commissioner: str
    part: str
    group: str
    weeks: Sequence[int]
    total_all: int


def providers_of(source: Source, progress: Progress) -> tuple[date, dict[str, Provider]]:
    """The last day of the period, and the providers whose lists add up, by code.

    A provider with a refused record, or whose groups do not make its own total, is left out as a
    whole: a wait from part of a list would be wrong without anybody seeing it.
    """
    providers: dict[str, Provider] = {}
    periods: set[date] = set()
    for line in _lines(source, progress):
        periods.add(line.period)
        _add(line, providers)

    if len(periods) != 1:
        raise SourceUnreadable(f"{source.path.name}: {len(periods)} months of waiting lists, not 1")
    source.refusals += _that_do_not_add_up(source.path.name, providers.values())
    whole = {code: provider for code, provider in providers.items() if provider.adds_up()}
    return periods.pop(), whole


def _lines(source: Source, progress: Progress) -> Iterator[Line]:
    """The records of the two parts that count here, without those of other nations."""
    for line in source.values(_line, progress):
        if line is not None and line.commissioner != NOT_ENGLISH:
            yield line


def _line(record: Record) -> Line | None:
    part = record.text("RTT Part Type")
    if part not in (INCOMPLETE, DECIDED_TO_ADMIT):
        return None

    period = _last_day(record)
    group = record.text("Treatment Function Code")
    if group not in RTT_GROUPS.at(period):
        record.refuse("Treatment Function Code", "is no group of the published waiting times")
    weeks = record.counts(BANDS)
    # `Total` is empty in these two parts: `Total All` adds those whose clock start is unknown.
    total_all = record.count("Total All")
    if sum(weeks) + record.count("Patients with unknown clock start date") != total_all:
        record.refuse("Total All", "is not the sum of the weeks and the unknown starts")

    return Line(
        period=period,
        provider=record.text("Provider Org Code"),
        name=record.text("Provider Org Name"),
        icb=record.optional("Provider Parent Org Code"),
        commissioner=record.text("Commissioner Org Code"),
        part=part,
        group=group,
        weeks=weeks,
        total_all=total_all,
    )


def _last_day(record: Record) -> date:
    """The day at whose end the list was counted, from a period such as RTT-January-2026."""
    months = {name: number for number, name in enumerate(calendar.month_name) if name}
    _, _, words = record.text("Period").partition("RTT-")
    name, _, year = words.partition("-")
    if name not in months or not (year.isascii() and year.isdigit() and len(year) == 4):
        record.refuse("Period", "is not a month such as RTT-January-2026")

    _, days = calendar.monthrange(int(year), months[name])
    return date(int(year), months[name], days)


def _add(line: Line, providers: dict[str, Provider]) -> None:
    provider = providers.setdefault(line.provider, Provider(line.provider, line.name, line.icb))
    is_total = RTT_GROUPS.get(line.group, line.period).kind is RttGroupKind.TOTAL

    if line.part == DECIDED_TO_ADMIT:  # part of the incomplete pathways, never added to them
        provider.decided_to_admit += 0 if is_total else line.total_all
    elif is_total:
        provider.published_total += line.total_all
    else:
        waiting_list = provider.lists.setdefault(line.group, WaitingList())
        waiting_list.waiting += line.total_all
        waiting_list.weeks = [a + b for a, b in zip(waiting_list.weeks, line.weeks, strict=True)]


def _that_do_not_add_up(file: str, providers: Iterable[Provider]) -> Iterator[Refusal]:
    for provider in providers:
        if not provider.adds_up():
            reason = f"the groups of {provider.code} do not make its total: it is left out"
            yield Refusal(file, 1, "Total All", reason)


def percentile(weeks: Sequence[int], share: float) -> float | None:
    """The weeks that this share of the people have waited no longer than; None without people.

    People within a band are taken to be spread evenly over its week. 104 means 104 or more.
    """
    rank = share * sum(weeks)
    before = 0
    for week, people in enumerate(weeks):
        if people and before + people >= rank:
            return float(OPEN_BAND) if week == OPEN_BAND else week + (rank - before) / people
        before += people
    return None
