"""`fairwait allocate`: the plan for all long waiters on a generated instance, with its proof."""

import json
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Console

from fairwait.commands.options import Flag
from fairwait.world.homes import homes
from matching.reference import Sector, load

if TYPE_CHECKING:  # numba and OR-Tools are needed by this command alone
    from matching.allocation import Plan, Problem
    from matching.allocation.generate import Geography
    from matching.allocation.report import Report

MOST_PATIENTS: Final = 400_000
FLOOR: Final = 0.95  # of what every board and decile would get by priority and wait
SOUND, BROKEN, NOT_INSTALLED = 0, 1, 2


def allocate_command(
    *,
    generate: Annotated[int, Parameter(validator=Number(gte=1, lte=MOST_PATIENTS))] = 5_000,
    seed: Annotated[int, Parameter(validator=Number(gte=0))] = 1,
    floor: Annotated[float, Parameter(validator=Number(gte=0, lte=1))] = FLOOR,
    illusion: Flag = False,
    plan: Path | None = None,
    page: Path | None = None,
    json_: Annotated[Flag, Parameter(name="--json")] = False,
) -> int:
    """Plan who of all long waiters could be treated sooner, and where.

    Makes up patients and capacity over the real geography of England, finds prices for everything
    that is scarce, seats whole people, and has the plan checked by code that shares nothing with
    the solver. The same instance and seed give the same plan, byte for byte. Exits with 1 when the
    checker finds anything.

    Parameters
    ----------
    generate
        How many patients wait.
    seed
        Chooses the instance and the search.
    floor
        What every board and deprivation decile gets at least, as a share of what it would get by
        priority and wait.
    illusion
        Also make the plan of a matcher that sees slots only, and count what it overbooks.
    plan
        Write the plan here, in its exact bytes.
    page
        Write the report here as a page with pictures.
    json_
        Print the report as one JSON object; progress goes to stderr.
    """
    console = Console(stderr=json_, highlight=False)
    if not (find_spec("numba") and find_spec("ortools")):
        console.print(
            "This needs numba and OR-Tools: `make dev`, or fairwait-matching[allocation]."
        )
        return NOT_INSTALLED
    report, made = _made(generate, seed, floor, illusion, console)
    if plan is not None:
        plan.write_bytes(made.to_bytes())
    if page is not None:
        page.write_text(_page(report), encoding="utf-8")
    if json_:
        sys.stdout.write(f"{json.dumps(report.to_json())}\n")
    else:
        sys.stdout.write(report.to_text())
    return BROKEN if report.violations else SOUND


def england() -> "Geography":
    """The hospital sites of the reference world, and places where people live."""
    from matching.allocation.generate import Geography

    sites = load().sites
    icbs = tuple(sorted({site.icb for site in sites}))
    providers = sorted({site.provider for site in sites})
    return Geography(
        homes=np.array([home.position for home in homes()], float),
        sites=np.array([site.position for site in sites], float),
        codes=tuple(site.code for site in sites),
        icbs=icbs,
        icb=np.array([icbs.index(site.icb) for site in sites], np.int16),
        provider=np.array([providers.index(site.provider) for site in sites], np.int32),
        independent=np.array([site.sector is Sector.INDEPENDENT for site in sites]),
    )


def _made(
    patients: int, seed: int, floor: float, illusion: bool, console: Console
) -> "tuple[Report, Plan]":
    from matching.allocation import allocate, published_weights
    from matching.allocation.explain import explain
    from matching.allocation.generate import generate
    from matching.allocation.greedy import greedy_plan, with_floors
    from matching.allocation.report import report_on

    weights = published_weights()
    with console.status("Making up the instance") as status:

        def tell(what: str) -> None:
            console.print(f"  {what}")
            status.update(what)

        drawn = generate(england(), patients, seed)
        greedy = greedy_plan(drawn, weights)
        problem = replace(drawn, groups=with_floors(drawn, greedy, floor))
        made = allocate(problem, weights, seed, tell=tell)
        status.update("Finding a reason for everybody")
        reasons = explain(problem, weights, made)
        slot_plan = _slot_plan(drawn, seed) if illusion else None
        return report_on(problem, made, greedy, reasons, slot_plan), made


def _slot_plan(problem: "Problem", seed: int) -> "Plan":
    from matching.allocation import STANDARD, allocate, published_weights
    from matching.allocation.illusion import slots_only

    quick = replace(STANDARD, name="slots-1", tries=0.0)  # a flow is exact without
    return allocate(slots_only(problem), published_weights(), seed, budget=quick)


# ---- a page with pictures

_STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#212b32}"
    "table{border-collapse:collapse}td,th{padding:.2em .8em;text-align:right}"
    "th:first-child{text-align:left}pre{white-space:pre-wrap}"
)


def _page(report: "Report") -> str:
    """Shares placed as bars with their floors; every picture has its numbers beside it."""
    tables = "".join(
        f"<h2>{title}</h2><table><tr><th scope=col>{title}</th><th scope=col>Patients</th>"
        "<th scope=col>Placed</th><th scope=col>By priority and wait</th><th scope=col>Floor</th>"
        f"<th scope=col>Share</th><td></td></tr>{rows}</table>"
        for title, rows in (
            ("Integrated care board", "".join(map(_row, report.to_json()["boards"]))),
            ("Deprivation", "".join(map(_row, report.to_json()["deciles"]))),
        )
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Allocation</title>"
        f"<style>{_STYLE}</style><h1>Allocation of long waiters</h1>"
        f"<pre>{report.to_text().split('Boards')[0]}</pre>{tables}</html>\n"
    )


def _row(cell: dict[str, int]) -> str:
    everybody = max(cell["patients"], 1)
    share, floor = 100 * cell["placed"] / everybody, 100 * cell["floor"] / everybody
    picture = (
        '<svg width=200 height=14 aria-hidden=true><rect width=200 height=14 fill="#e8edee"/>'
        f'<rect width={2 * share:.0f} height=14 fill="#005eb8"/>'
        f'<rect x={2 * floor:.0f} width=2 height=14 fill="#d5281b"/></svg>'
    )
    return (
        f"<tr><th scope=row>{cell['name']}</th><td>{cell['patients']:,}</td>"
        f"<td>{cell['placed']:,}</td><td>{cell['greedy']:,}</td><td>{cell['floor']:,}</td>"
        f"<td>{share:.0f} %</td><td>{picture}</td></tr>"
    )
