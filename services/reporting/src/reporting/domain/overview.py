"""What the first page shows of a release: its headline figures, its table, its chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reporting.domain.dataset import Frame
from reporting.domain.figures import ANY, EMPTY, Answer, Figure, answer
from reporting.domain.rows import STATES

WAITING: Final = Figure("pathways", where=(("in_rtt", "true"), ("rtt_stop", EMPTY)))
ELIGIBLE: Final = Figure("pathways", where=(("right_applies", "true"),))

SECTORS: Final = (("NHS", "NHS"), ("IS", "Independent sector"), (EMPTY, "Not known"))

STATE_NAMES: Final[Mapping[str, str]] = {
    "waiting": "Waiting, no list open",
    "shortlisted": "Choosing a provider",
    "stayed": "Chose to stay",
    "lapsed": "Did not answer",
    "accepted": "Place held",
    "booked": "Booked",
    "attended": "Attended, clock runs",
    "treated": "Treated",
    "stopped": "Stopped, not treated",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure with its answer and how it is read out."""

    label: str
    figure: Figure
    answer: Answer
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table: cells by sector, the sum last."""

    label: str
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Overview:
    """All figures of the first page. Every one can be asked for again with its own query."""

    headlines: Sequence[Cell]
    states: Sequence[Line]
    waits: Sequence[Line]
    choice: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Asking:
    """Answers figures from the tables of a release."""

    tables: Mapping[str, Frame]

    def __call__(self, label: str, figure: Figure, unit: str = "") -> Cell:
        return Cell(label, figure, answer(figure, self.tables[figure.table]), unit)

    def by_sector(self, figure: Figure, unit: str = "") -> list[Cell]:
        """One figure for each type of provider, and for all."""
        parts = [self(name, figure.narrowed(provider_type=code), unit) for code, name in SECTORS]
        return [*parts, self("All", figure, unit)]


def overview(tables: Mapping[str, Frame]) -> Overview:
    """The figures of a release."""
    cell = Asking(tables)

    def line(label: str, figure: Figure, unit: str = "") -> Line:
        return Line(label, cell.by_sector(figure, unit))

    return Overview(
        headlines=[
            cell("Pathways", Figure("pathways")),
            cell("Clock running", WAITING),
            cell("Median wait so far", _median(WAITING), "days"),
            cell(
                "With the independent sector", Figure("pathways", where=(("provider_type", "IS"),))
            ),
            cell("Chose another provider", _where("chose_another_provider", "true")),
            cell("Appointments attended", Figure("activity")),
        ],
        states=[line(STATE_NAMES[state], _where("state", state)) for state in STATES],
        waits=[
            line("Clock running", WAITING),
            line("Over 18 weeks", WAITING.narrowed(over_18_weeks="true")),
            line("Start of wait cannot be right", WAITING.narrowed(days_waited=EMPTY)),
            line("Median wait so far", _median(WAITING), "days"),
        ],
        choice=[
            cell("Legal right to choose applies", ELIGIBLE),
            cell("of these, offered a list", ELIGIBLE.narrowed(options=ANY)),
            cell("offered five or more, or told why fewer", ELIGIBLE.narrowed(offered_five="true")),
            cell("list with every wait and distance", ELIGIBLE.narrowed(informed="true")),
            cell("chose a provider", ELIGIBLE.narrowed(chosen_provider=ANY)),
            cell(
                "chose another than referred to", ELIGIBLE.narrowed(chose_another_provider="true")
            ),
        ],
    )


def _where(column: str, value: str) -> Figure:
    return Figure("pathways", where=((column, value),))


def _median(figure: Figure) -> Figure:
    return Figure(figure.table, "median_days", figure.where)


def chart_of_states(shown: Overview) -> list[dict[str, Any]]:
    """The values of the chart: the cells of the table of states, no others."""
    return [
        {"state": line.label, "provider_type": cell.label, "pathways": cell.answer.n}
        for line in shown.states
        for cell in line.cells[:-1]
    ]
