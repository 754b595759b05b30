"""`fairwait submit FILE`: send a waiting-list file, part by part, with a report of every reject."""

import csv
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import httpx2
from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from chassis.tokens import DevelopmentIssuer
from fairwait.commands.options import Directory
from fairwait.commands.tables import complain
from fairwait.system.record import Record

PART: Final = 4 * 1024 * 1024  # bytes of one request: what is sent again after a failure
TRIES: Final = 8
TOKEN: Final = "FAIRWAIT_LOCAL__TOKEN"
_AGAIN: Final = frozenset([408, 429, 502, 503, 504])
_TYPES: Final = {".csv": "text/csv", ".ndjson": "application/x-ndjson", ".jsonl": "application/x-ndjson"}  # fmt: skip


class NotSent(Exception):
    """The service took no more; the text says why, and where to go on."""


@dataclass(frozen=True, slots=True)
class Part:
    """Whole rows of a file, and the line that the first of them stands on."""

    line: int
    content: bytes


@dataclass(slots=True)
class Totals:
    """What became of the rows so far."""

    accepted: int = 0
    repeated: int = 0
    rejected: int = 0
    unlisted: int = 0
    rejects: list[dict[str, Any]] = field(default_factory=list)

    def add(self, report: dict[str, Any]) -> None:
        self.accepted += report["accepted"]
        self.repeated += report["repeated"]
        self.rejected += report["rejected"]
        self.unlisted += report["unlisted"]
        self.rejects += report["rejects"]


def submit(
    file: Path,
    *,
    organisation: str = "",
    url: str = "",
    from_line: Annotated[int, Parameter(validator=Number(gte=1))] = 1,
    report: Path | None = None,
    directory: Directory = Path(".fairwait"),
) -> int:
    """Send a waiting-list file, CSV or NDJSON, as an organisation. Sent twice it does no harm.

    Exits with 1 when a row was rejected, with 2 when the file could not be sent; it then says with
    which --from-line to go on.

    Parameters
    ----------
    file
        A CSV file with the columns of the waiting list minimum data set, or one ReferralMade a line.
    organisation
        ODS code, for the system of this directory. Elsewhere the token is in FAIRWAIT_LOCAL__TOKEN.
    url
        The referral service; that of this directory unless given.
    from_line
        Where to go on with a file of which a part was sent.
    report
        Where the rejects are written to as CSV; unless given, they are shown.
    directory
        Where the system runs.
    """
    kind = _TYPES.get(file.suffix.lower())
    if kind is None or not file.is_file():
        complain("A file that is there, and ends in .csv, .ndjson or .jsonl, is needed.")
        return 2
    target = _target(url, organisation, directory)
    if isinstance(target, str):
        complain(target)
        return 2
    totals = Totals()
    try:
        _send(file, kind, from_line, target, totals)
    except NotSent as error:
        complain(str(error))
        return 2
    finally:
        _tell(totals, report)
    return 1 if totals.rejects or totals.rejected else 0


@dataclass(frozen=True, slots=True)
class Target:
    """Where to, and with which token."""

    url: str
    token: str


def _target(url: str, organisation: str, directory: Path) -> Target | str:
    token = os.environ.get(TOKEN, "")
    if not token and organisation:
        issuer = DevelopmentIssuer(directory / "issuer")
        token = issuer.token(organisation, ("referral.write",), timedelta(hours=12))
    record = Record.read(directory) if not url else None
    if record is not None:
        url = record.urls["referral"]
    if not url:
        return "No system runs in this directory: give the address with --url."
    if not token:
        return f"Say who sends it with --organisation, or put a token in {TOKEN}."
    return Target(url.rstrip("/"), token)


# ---- sending


def _send(file: Path, kind: str, from_line: int, target: Target, totals: Totals) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    size = file.stat().st_size
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(file.name, total=size)
        with httpx2.Client(base_url=target.url, timeout=120) as client:
            for part in parts(file, kind, from_line):
                totals.add(_sent(client, part, kind, target))
                progress.update(task, advance=len(part.content))
        progress.update(task, completed=size)


def _sent(client: httpx2.Client, part: Part, kind: str, target: Target) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {target.token}", "content-type": kind}
    for attempt in range(TRIES):
        try:
            answer = client.post(
                "/waiting-list",
                params={"from_line": part.line},
                content=part.content,
                headers=headers,
            )
        except httpx2.TransportError:
            time.sleep(0.25 * 2**attempt)
            continue
        if answer.status_code not in _AGAIN:
            return _report(answer, part)
        time.sleep(float(answer.headers.get("retry-after", 0.25 * 2**attempt)))
    raise NotSent(f"The service did not answer. Go on with --from-line {part.line}.")


def _report(answer: httpx2.Response, part: Part) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    if answer.is_success:
        return body
    told = [one["detail"] for one in body.get("errors", [])] or [body.get("detail", "")]
    raise NotSent(f"{' '.join(told)} (status {answer.status_code}, line {part.line})")


def parts(file: Path, kind: str, from_line: int) -> Iterator[Part]:
    """The file in requests of whole rows. Each begins with the first row of a CSV file."""
    with file.open("rb") as opened:
        header = b"".join(_row(opened.readline, opened.readline())) if kind == "text/csv" else b""
        line, first = 1 + header.count(b"\n"), 0
        rows: list[bytes] = []
        size = 0
        while row := b"".join(_row(opened.readline, opened.readline(), quoted=bool(header))):
            if line >= from_line:
                first = first or line
                rows.append(row)
                size += len(row)
            line += row.count(b"\n")
            if size >= PART:
                yield Part(first, header + b"".join(rows))
                rows, size, first = [], 0, 0
        if rows:
            yield Part(first, header + b"".join(rows))


def _row(read: Any, line: bytes, *, quoted: bool = True) -> Iterator[bytes]:
    """The lines of one row: a quoted field may hold line ends."""
    yield line
    quotes = line.count(b'"')
    while quoted and quotes % 2 and (line := read()):
        yield line
        quotes += line.count(b'"')


# ---- telling


def _tell(totals: Totals, report: Path | None) -> None:
    columns = ("line", "column", "code", "reason", "row_id")
    if report is not None:
        with report.open("w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, columns)
            writer.writeheader()
            writer.writerows(totals.rejects)
    else:
        for one in totals.rejects:
            sys.stdout.write(f"line {one['line']}, {one['column'] or 'row'}: {one['reason']}\n")
    sys.stdout.write(
        f"{totals.accepted} accepted, {totals.repeated} known already, {totals.rejected} rejected\n"
    )
    if totals.unlisted:
        sys.stdout.write(f"{totals.unlisted} more things are wrong than are listed here.\n")
