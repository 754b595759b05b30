"""Views of a release: named tables of figures, each figure with the question that it answers.

Pure: from the tables of a release to what a page shows. Every cell that is a figure can be followed
to its rows and events; shares and changes are worked out from figures beside them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, TypeAlias

from contracts.codes import RTT_GROUPS, RttGroupKind
from reporting.domain.dataset import Frame
from reporting.domain.figures import EMPTY, OR, Figure
from reporting.domain.messages import STEPS
from reporting.domain.overview import SECTORS, WAITING, Asking, Cell
from reporting.domain.rows import CHOICE_STATES
from reporting.domain.weeks import BAND_EDGES, WAIT_BANDS, week_ending

WEEKS: Final = 8
OTHER_SOURCE: Final = "97"  # SOURCE OF REFERRAL "other, not listed": counted apart
CANCER: Final = "3"  # PRIORITY TYPE two-week wait: urgent suspected cancer

# By when so long a wait was to be a thing of the past (Elective Recovery Plan, February 2022; waits
# in weeks, as 18 months are not exactly 78 weeks).
TARGETS: Final[Mapping[int, str]] = {
    104: "none after July 2022",
    78: "none after April 2023",
    65: "none after March 2024",
    52: "none after March 2025",
    18: "92% within (NHS Constitution)",
}
CHOICE_NAMES: Final[Mapping[str, str]] = {
    "not_offered": "No list yet",
    "no_provider": "No other provider to offer",
    "offered": "Has a list",
    "chosen": "Chose a provider",
    "stayed": "Chose to stay",
    "lapsed": "Did not answer",
}
STEP_NAMES: Final[Mapping[str, str]] = {
    "intended": "Not sent yet",
    "failed": "Failed",
    "handed_over": "Handed over",
    "delivered": "Delivered",
}
VALIDITY_NAMES: Final[Mapping[str, str]] = {
    "valid": "Valid",
    "defaulted": "Defaulted",
    "contradicted": "Contradicted",
    "missing": "Missing",
}

Tables: TypeAlias = Mapping[str, Frame]
Item: TypeAlias = "Cell | str"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a view; a cell is a figure, or text worked out from the figures beside it."""

    label: str
    cells: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Mark:
    """A bar of the chart, or a part of one."""

    label: str
    series: str
    value: float


@dataclass(frozen=True, slots=True)
class View:
    """A table with its chart and what must be known to read it."""

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    unit: str
    chart: Sequence[Mark]
    remarks: Sequence[str] = field(default=())

    @property
    def series(self) -> list[str]:
        """The names of the parts of bars, in their order."""
        return list(dict.fromkeys(mark.series for mark in self.chart))

    @property
    def bars(self) -> int:
        """How many bars the chart has."""
        return len({mark.label for mark in self.chart})


def view(name: str, tables: Tables, as_at: date) -> View:
    """The view of this name; KeyError where there is none."""
    return VIEWS[name](tables, as_at)


# ---- weekly management information


def weekly(tables: Tables, as_at: date) -> View:
    """Referrals of each week and how sure their source is; what was done in it, by sector."""
    ask = Asking(tables)
    rows, chart = [], []
    for ending in _weeks(as_at):
        referrals = Figure("pathways").narrowed(received_week_ending=ending.isoformat())
        by_validity = {
            name: ask(name, referrals.narrowed(referral_source_validity=code))
            for code, name in VALIDITY_NAMES.items()
        }
        all_of_them = ask("Referrals", referrals)
        done = Figure("activity").narrowed(week_ending=ending.isoformat())
        label = _week(ending, as_at)
        rows.append(
            Row(
                label,
                [
                    all_of_them,
                    *by_validity.values(),
                    _share(by_validity["Valid"], all_of_them),
                    ask("Source is other", referrals.narrowed(referral_source=OTHER_SOURCE)),
                    *(
                        ask(f"Attended, {name}", done.narrowed(provider_type=code))
                        for code, name in SECTORS
                    ),
                ],
            )
        )
        chart += [Mark(label, name, cell.answer.n) for name, cell in by_validity.items()]
    return View(
        name="weekly",
        title="Weekly management information",
        columns=[
            "Referrals",
            *VALIDITY_NAMES.values(),
            "Valid, %",
            "Source is other",
            *(f"Attended, {name}" for _, name in SECTORS),
        ],
        rows=rows,
        unit="Referrals",
        chart=chart,
        remarks=[
            "Weeks end on Sunday. Referrals are in the week in which they were received.",
            "A source is valid when it is in the list and agrees with who referred. 97 (other) is in "
            "the list and counted apart, so that nobody can hide behind it.",
        ],
    )


def _weeks(as_at: date) -> list[date]:
    """The Sundays of the last weeks, the newest first."""
    return [week_ending(as_at) - timedelta(weeks=number) for number in range(WEEKS)]


def _week(ending: date, as_at: date) -> str:
    label = f"{ending.day} {ending:%b %Y}"
    return f"{label} (not over)" if ending > as_at else label


# ---- waits by band


def waits(tables: Tables, as_at: date) -> View:
    """Running clocks by weekly band, and those over each threshold beside its target."""
    ask = Asking(tables)
    by_band = {band: ask.by_sector(WAITING.narrowed(wait_band=band)) for band in WAIT_BANDS}
    over = [
        Row(
            f"Over {weeks} weeks",
            [
                *ask.by_sector(WAITING.narrowed(wait_band=_over(weeks))),
                TARGETS.get(weeks, ""),
            ],
        )
        for weeks in BAND_EDGES
    ]
    bands = [Row(f"{band} weeks", [*cells, ""]) for band, cells in by_band.items()]
    unknown = ask.by_sector(WAITING.narrowed(wait_band=EMPTY))
    return View(
        name="waits",
        title="Waits by band",
        columns=[*(name for _, name in SECTORS), "All", "Target"],
        rows=[*bands, Row("Start cannot be right", [*unknown, ""]), *over],
        unit="Running clocks",
        chart=_marks(by_band),
        remarks=[
            "Running RTT clocks. Each lower bound is strict: 126 days are 18 weeks and not over.",
            f"As at {as_at.isoformat()}. Targets are for England as a whole.",
        ],
    )


def _over(weeks: int) -> str:
    """The bands above a threshold, as one question."""
    return OR.join(WAIT_BANDS[BAND_EDGES.index(weeks) + 1 :])


# ---- year on year


def year_on_year(tables: Tables, as_at: date) -> View:
    """What was done in the last whole month beside the same month a year before."""
    ask = Asking(tables)
    month = as_at.replace(day=1) - timedelta(days=1)
    now, before = f"{month:%Y-%m}", f"{month.year - 1}-{month:%m}"
    groups = {
        group.name: Figure("activity").narrowed(rtt_group=group.code)
        for group in RTT_GROUPS.at(month).values()
        if group.kind is not RttGroupKind.TOTAL
    }
    others = {
        "No group": Figure("activity").narrowed(rtt_group=EMPTY),
        "All treatment functions": Figure("activity"),
        "of these, urgent suspected cancer": Figure("activity").narrowed(priority=CANCER),
        "of these, independent sector": Figure("activity").narrowed(provider_type="IS"),
    }
    pairs = {
        name: (ask(before, figure.narrowed(month=before)), ask(now, figure.narrowed(month=now)))
        for name, figure in {**groups, **others}.items()
    }
    rows = [Row(name, [*pair, *_change(*pair)]) for name, pair in pairs.items()]
    chart = [Mark(name, cell.label, cell.answer.n) for name in groups for cell in pairs[name]]
    return View(
        name="year-on-year",
        title="Year on year",
        columns=[before, now, "Change", "Change, %"],
        rows=rows,
        unit="Appointments attended",
        chart=chart,
        remarks=[
            "Appointments attended in the last whole month and in the same month a year before, as "
            "counted: not adjusted for the number of working days.",
            "Cancer is a mark of the referral (priority two-week wait) and no treatment function.",
        ],
    )


def _change(before: Cell, now: Cell) -> tuple[str, str]:
    was, is_now = before.answer.n, now.answer.n
    share = f"{100 * (is_now - was) / was:+.1f}%" if was else "n/a"
    return f"{is_now - was:+,}", share


# ---- capacity, choice, messages


def capacity(tables: Tables, as_at: date) -> View:
    """Places that providers declared, by the week of the session."""
    ask = Asking(tables)
    newest = week_ending(as_at) + timedelta(weeks=WEEKS)
    by_week = {}
    for number in range(2 * WEEKS):
        ending = newest - timedelta(weeks=number)
        figure = Figure("capacity", "places", (("week_ending", ending.isoformat()),))
        by_week[f"{ending.day} {ending:%b %Y}"] = ask.by_sector(figure)
    return View(
        name="capacity",
        title="Declared capacity",
        columns=[*(name for _, name in SECTORS), "All"],
        rows=[Row(label, cells) for label, cells in by_week.items()],
        unit="Places",
        chart=_marks(by_week),
        remarks=[
            "Places of declared sessions by the week (ending Sunday) in which they take place.",
            "Withdrawn, overlapping and used places are not in it yet: this is what was declared.",
        ],
    )


def choice(tables: Tables, as_at: date) -> View:
    """How far the patients' choice of a provider has come."""
    ask = Asking(tables)
    by_state = {
        CHOICE_NAMES[state]: ask.by_sector(Figure("pathways").narrowed(choice_state=state))
        for state in CHOICE_STATES
    }
    return View(
        name="choice",
        title="Choice of provider",
        columns=[*(name for _, name in SECTORS), "All"],
        rows=[Row(label, cells) for label, cells in by_state.items()],
        unit="Pathways",
        chart=_marks(by_state),
        remarks=["By the type of the provider that is responsible now."],
    )


def messages(tables: Tables, as_at: date) -> View:
    """Messages to patients by what they are about and how far they came."""
    ask = Asking(tables)
    templates = sorted(tables["messages"]["template"].drop_nulls().unique().to_list())
    asked = {name: Figure("messages").narrowed(template=name) for name in templates}
    asked["Intent has not come"] = Figure("messages").narrowed(template=EMPTY)
    by_template = {
        name: [ask(STEP_NAMES[step], figure.narrowed(reached=step)) for step in STEPS]
        for name, figure in asked.items()
    }
    return View(
        name="messages",
        title="Messages to patients",
        columns=[*(STEP_NAMES[step] for step in STEPS), "All"],
        rows=[Row(name, [*cells, ask("All", asked[name])]) for name, cells in by_template.items()],
        unit="Messages",
        chart=[
            Mark(name, cell.label, cell.answer.n)
            for name, cells in by_template.items()
            for cell in cells
        ],
        remarks=["Delivered is what the channel said; not every channel says so."],
    )


VIEWS: Final[Mapping[str, Callable[[Tables, date], View]]] = {
    "weekly": weekly,
    "waits": waits,
    "year-on-year": year_on_year,
    "capacity": capacity,
    "choice": choice,
    "messages": messages,
}
TITLES: Final[Mapping[str, str]] = {
    "weekly": "Weekly",
    "waits": "Waits",
    "year-on-year": "Year on year",
    "capacity": "Capacity",
    "choice": "Choice",
    "messages": "Messages",
}


# ---- parts


def _marks(by_label: Mapping[str, Sequence[Cell]]) -> list[Mark]:
    """The parts of each row as parts of a bar; the last cell is their sum and left out."""
    return [
        Mark(label, cell.label, cell.answer.value or 0)
        for label, cells in by_label.items()
        for cell in cells[:-1]
    ]


def _share(part: Cell, whole: Cell) -> str:
    return f"{100 * part.answer.n / whole.answer.n:.0f}%" if whole.answer.n else "n/a"


def as_json(shown: View) -> dict[str, Any]:
    """A view for programs: each figure with its question, and texts as they are shown."""
    return {
        "name": shown.name,
        "title": shown.title,
        "columns": list(shown.columns),
        "rows": [
            {"label": row.label, "cells": [_cell_json(cell) for cell in row.cells]}
            for row in shown.rows
        ],
        "remarks": list(shown.remarks),
    }


def _cell_json(cell: Item) -> Any:
    if isinstance(cell, str):
        return cell
    return {"value": cell.answer.value, "figure": dict(cell.figure.query())}
