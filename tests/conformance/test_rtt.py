"""The RTT rules against tables that a clinician can read (`tests/conformance/rtt/*.csv`).

Every case names the row of the rules that it comes from. `rows.csv` lists all rows, what each says,
and how many cases of which table try it; a test keeps both sides in step.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import pytest

from contracts.codes import RTT_STATUSES
from referral.domain.clock import (
    Clock,
    Fact,
    Monitoring,
    NotStarted,
    Nullified,
    Refusal,
    Stopped,
    Ticking,
    step,
)
from referral.domain.diagnostics import diagnostic_band, diagnostic_weeks
from referral.domain.waiting import BREACH_WEEKS, days_waited, is_over, week_band, weeks_waited
from tests.conformance.rtt.story import periods_of, told

TABLES: Final = Path(__file__).parent / "rtt"
START, NOW_ON = date(2026, 1, 5), date(2026, 2, 2)
AT_LEAST: Final = 150

Row = dict[str, str]

FROM: Final[dict[str, Clock]] = {
    "no clock": NotStarted(),
    "ticking, not yet seen": Ticking(START, "10"),
    "ticking, seen": Ticking(START, "10", attended=True),
    "ticking, not yet seen, moved": Ticking(START, "10"),
    "ticking, seen, moved": Ticking(START, "10", attended=True),
    **{f"stopped by {code}": Stopped(START, NOW_ON, code) for code in ("30", "34", "35", "36")},
    "active monitoring": Monitoring(START, NOW_ON, "32"),
    "void by 33": Nullified(START, NOW_ON, "33"),
}
REFUSALS: Final = {
    Refusal.NOT_ALLOWED: "refused: not allowed",
    Refusal.NEEDS_OWN_PATHWAY: "refused: needs its own pathway",
    Refusal.NEEDS_TRANSFER: "refused: needs a transfer",
}


def status_result(row: Row) -> str:
    """What one status does to a clock, in the words of the table."""
    before = FROM[row["from"]]
    moved = row["from"].endswith("moved")
    fact = Fact(row["status"], NOW_ON, datetime(2026, 2, 2, tzinfo=UTC), "m", "RJ1", True, moved)
    after = step(before, fact)
    if isinstance(after, Refusal):
        return REFUSALS[after]
    if after == before:
        return "no effect on the clock"
    return _in_words(before, after)


def _in_words(before: Clock, after: Clock) -> str:
    match after:
        case Ticking():
            continues = isinstance(before, Ticking) and after.started_on == before.started_on
            return "clock continues" if continues else "starts a clock"
        case Stopped():
            return "stops the clock"
        case Monitoring():
            return "starts active monitoring"
        case Nullified():
            return "makes the period void"
        case NotStarted():
            return "no clock"


def check_status(row: Row) -> dict[str, tuple[str, str]]:
    return {"result": (row["result"], status_result(row))}


def check_administrative(row: Row) -> dict[str, tuple[str, str]]:
    allowed = RTT_STATUSES.get(row["status"], NOW_ON).clock_stop_event
    found = "allowed" if allowed else "refused"
    return {"without_the_patient": (row["without_the_patient"], found)}


def check_weeks(row: Row) -> dict[str, tuple[str, str]]:
    days = days_waited(date.fromisoformat(row["started_on"]), date.fromisoformat(row["as_at"]))
    found = {
        "days": str(days),
        "weeks": str(weeks_waited(days)),
        "band": _band(days),
        "over_18_weeks": "yes" if is_over(days, BREACH_WEEKS) else "no",
    }
    return {name: (row[name], text) for name, text in found.items()}


def _band(days: int) -> str:
    try:
        return str(week_band(days))
    except ValueError:
        return "none"


def check_diagnostics(row: Row) -> dict[str, tuple[str, str]]:
    days = int(row["days"])
    return {
        "week": (row["week"], str(diagnostic_weeks(days))),
        "band": (row["band"], diagnostic_band(days)),
    }


def check_story(row: Row) -> dict[str, tuple[str, str]]:
    story = told(row["story"])
    pathway = story.pathway
    found = {
        "periods": periods_of(pathway) if pathway else "",
        "refused": ", ".join(story.refused),
        "provider": pathway.provider if pathway else "",
        "state": pathway.status.value if pathway else "",
    }
    return {name: (row[name], text) for name, text in found.items()}


def check_responsible(row: Row) -> dict[str, tuple[str, str]]:
    pathway = told(row["story"]).pathway
    assert pathway is not None
    held = (f"{one.provider} {one.effective_on}" for one in pathway.custody)
    found = {
        "received_on": str(pathway.referral.received_on),
        "started_on": str(pathway.started_on),
        "responsible": ", ".join(held),
    }
    return {name: (row[name], text) for name, text in found.items()}


CHECKS: Final[dict[str, Callable[[Row], dict[str, tuple[str, str]]]]] = {
    "statuses": check_status,
    "administrative": check_administrative,
    "weeks": check_weeks,
    "diagnostics": check_diagnostics,
    "stories": check_story,
    "responsible": check_responsible,
}


def rows_of(table: str) -> Iterator[Row]:
    with (TABLES / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def failures_of(table: str) -> Iterator[str]:
    for number, row in enumerate(rows_of(table), start=2):
        for name, (expected, found) in CHECKS[table](row).items():
            if expected != found:
                where = f"{table}.csv:{number} {row['source']} {row.get('case', '')}"
                yield f"{where}\n    {name}: {expected!r} expected, {found!r} found"


def test_every_case_of_the_tables_holds(capsys: pytest.CaptureFixture[str]) -> None:
    failures = [failure for table in CHECKS for failure in failures_of(table)]

    sections = Counter(
        row["source"].split()[0].strip(";") for table in CHECKS for row in rows_of(table)
    )
    total = sum(sections.values())
    with capsys.disabled():
        by_section = ", ".join(f"{name}: {count}" for name, count in sorted(sections.items()))
        print(f"\nRTT conformance: {total} cases, {len(failures)} failed ({by_section})")  # noqa: T201
    assert not failures, "\n".join(failures)
    assert total >= AT_LEAST


def test_every_status_meets_every_state() -> None:
    tried = {(row["status"], row["from"]) for row in rows_of("statuses")}
    states = {name for name in FROM if not name.endswith("moved")}

    assert {(code, state) for code in RTT_STATUSES.at(NOW_ON) for state in states} <= tried


def test_every_row_of_the_rules_has_its_cases_and_every_case_its_row() -> None:
    rows = {row["row"]: row["cases"] for row in rows_of("rows")}
    found: dict[str, Counter[str]] = {name: Counter() for name in rows}
    unknown = set()
    for table in CHECKS:
        for case in rows_of(table):
            name = case["source"].partition(";")[0]
            if name in found:
                found[name][table] += 1
            else:
                unknown.add(f"{table}: {name}")

    assert not unknown, "rows.csv has no such row"
    assert rows == {name: _cases(tried) for name, tried in found.items()}
    assert [name for name, cases in rows.items() if not cases] == []


def _cases(tried: Counter[str]) -> str:
    return ", ".join(f"{table} {number}" for table, number in sorted(tried.items()))


@pytest.mark.parametrize("section", ["2.1", "2.2", "2.3", "2.4", "2.5", "2.6"])
def test_every_section_has_its_rows(section: str) -> None:
    assert any(row["row"].startswith(f"{section} ") for row in rows_of("rows"))
