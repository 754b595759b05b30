"""Pages for people: the templates, and how numbers and moments are written in them."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from chassis.faults import Fault
from reporting.domain.figures import ANY, EMPTY, OR, Answer, Figure, Measure
from reporting.domain.overview import Cell
from reporting.domain.views import TITLES

STATIC: Final = Path(__file__).parent / "static"
LONDON: Final = ZoneInfo("Europe/London")


def wants_page(request: Request) -> bool:
    """Whether a browser asks, and not a program."""
    return "text/html" in request.headers.get("accept", "")


def render(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page."""
    return HTMLResponse(_environment.get_template(template).render(**values), status)


def error_page(request: Request, faults: Sequence[Fault]) -> Response | None:
    """What went wrong, for people."""
    return render("problem.html", faults[0].status, faults=faults)


def number(value: float | int) -> str:
    """1,234 or 1,234.5."""
    return f"{value:,.1f}" if value != int(value) else f"{int(value):,}"


def told(answer: Answer) -> str:
    """The value of a figure; n/a where nothing can be said, which is never a zero."""
    return "n/a" if answer.value is None else number(answer.value)


def moment(text: str | None) -> str:
    """5 January 2026, 9:04:07 in London."""
    if text is None:
        return "no event yet"
    at = datetime.fromisoformat(text).astimezone(LONDON)
    return f"{at.day} {at:%B %Y}, {at.hour}:{at:%M:%S}"


def silence(newest: str | None, now: datetime) -> str | None:
    """For how long nothing was said, such as 3 hours; None while it is a minute or less."""
    seconds = 0.0 if newest is None else (now - datetime.fromisoformat(newest)).total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(seconds // length)
        if count and seconds > 60:
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return None


def day(text: str) -> str:
    """5 January 2026."""
    on = date.fromisoformat(text)
    return f"{on.day} {on:%B %Y}"


def link(figure: Figure, release: str) -> str:
    """Where the rows and events behind a figure are."""
    return "/lineage/figure?" + urlencode([*figure.query(), ("release", release)])


MEASURE_NAMES: Final[dict[Measure, str]] = {
    "count": "Number of rows",
    "median_days": "Median days",
    "places": "Number of places",
}


def in_words(figure: Figure) -> str:
    """The question that a figure answers."""
    measure = MEASURE_NAMES[figure.measure]
    asked = [_condition(name, value) for name, value in figure.where]
    return f"{measure} in {figure.table}" + (f" where {', '.join(asked)}" if asked else "")


def _condition(name: str, value: str) -> str:
    column = name.replace("_", " ")
    if value == EMPTY:
        return f"{column} is empty"
    if value == ANY:
        return f"{column} is not empty"
    return f"{column} is {value.replace(OR, ' or ')}"


def size(count: int) -> str:
    """12 bytes, 3.4 kB, 5.6 MB."""
    for unit, of in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= of:
            return f"{count / of:.1f} {unit}"
    return f"{count} bytes"


def share(part: Cell, whole: Cell) -> str:
    """A percentage; n/a of nothing."""
    return f"{100 * part.answer.n / whole.answer.n:.0f}%" if whole.answer.n else "n/a"


def _made() -> Environment:
    environment = Environment(
        loader=PackageLoader("reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": day,
        "moment": moment,
        "number": number,
        "size": size,
        "told": told,
    }
    environment.globals |= {
        "link": link,
        "in_words": in_words,
        "share": share,
        "menu": TITLES,
    }
    return environment


_environment: Final = _made()
