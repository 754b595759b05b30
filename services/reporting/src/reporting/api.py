"""The HTTP interface for programs: releases and their files, counts, lineage, the ledger."""

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import polars as pl
from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from chassis.errors import Rejected
from chassis.faults import BAD_REQUEST, NOT_FOUND, Kind
from reporting import files, lineage, releases
from reporting.access import Reader, note_access
from reporting.domain.dataset import TABLES, Frame, columns
from reporting.domain.figures import NoSuchFigure, askable_columns, figure_of, key_column
from reporting.domain.overview import Overview, chart_of_states, overview
from reporting.domain.views import VIEWS, View, as_json, view
from reporting.settings import ReportingSection
from reporting.views import render, wants_page
from reporting.work import ReportingWork

router = APIRouter(tags=["data set"])

LEDGER_DAMAGED: Final = Kind(
    "ledger_damaged", 409, "The ledger is not as it was written.", "exception"
)
LATEST: Final = "latest"
MEDIA_TYPES: Final = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".ndjson": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

Release = Annotated[str, InPath(pattern=r"^([0-9]{4,}|latest)$", description="a number or latest")]
FileName = Annotated[str, InPath(pattern=r"^[A-Za-z-]+\.[a-z]+$")]
ViewName = Annotated[str, InPath(pattern=r"^[a-z-]{1,40}$")]
Table = Annotated[str, InPath(pattern=r"^[a-z]+$")]
Key = Annotated[str, InPath(pattern=r"^[0-9A-Za-z._:-]{1,200}$")]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


# ---- releases


@router.get("/dataset")
async def list_releases(request: Request, who: Reader) -> dict[str, Any]:
    """All published releases, the newest first."""
    return {"releases": await summaries(request)}


@router.post("/dataset", status_code=201)
async def build_release(request: Request, response: Response, who: Reader) -> dict[str, Any]:
    """Build and publish the next release, as things stand now. Answers with its manifest."""
    clock = request.app.state.runtime.clock
    manifest = await releases.build_release(
        request.app.state.runtime.units,
        section(request),
        today=clock.today(),
        now=clock.now(),
    )
    response.headers["location"] = f"/dataset/{manifest['release']}/{files.MANIFEST}"
    return manifest


@router.get("/dataset/{release}/{file}", response_class=FileResponse)
async def read_file(request: Request, release: Release, file: FileName, who: Reader) -> Response:
    """One file of a release. `latest` is the newest release."""
    return await _file(request, release, file, who)


@router.get("/dataset/{release}/public/{file}", response_class=FileResponse)
async def read_public_file(
    request: Request, release: Release, file: FileName, who: Reader
) -> Response:
    """One file of the public edition: counts under disclosure control, and their notes."""
    return await _file(request, release, f"{files.PUBLIC}/{file}", who)


async def _file(request: Request, release: str, name: str, who: str) -> Response:
    folder = await folder_of(request, release)
    if name != files.MANIFEST and name not in files.read_manifest(folder)["files"]:
        raise missing("This release has no such file.")
    note_access(who, name, folder.name)
    suffix = Path(name).suffix
    return FileResponse(
        folder / name,
        media_type=MEDIA_TYPES.get(suffix, "application/octet-stream"),
        filename=f"fairwait-{folder.name}-{name.replace('/', '-')}",
        headers={"content-location": f"/dataset/{folder.name}/{name}"},
    )


@router.post("/dataset/{release}/rebuild")
async def rebuild(request: Request, release: Release, who: Reader) -> dict[str, Any]:
    """Make a release again from the ledger alone and compare it, file by file."""
    folder = await folder_of(request, release)
    try:
        units = request.app.state.runtime.units
        rebuilt = await releases.rebuild(units, section(request), folder.name)
    except releases.LedgerDamaged as error:
        raise damaged(error) from error
    return rebuilt.as_json()


@router.get("/charts/{release}/states.json")
async def chart_values(request: Request, release: Release, who: Reader) -> Response:
    """The values of the chart of states."""
    folder = await folder_of(request, release)
    shown = await run_in_threadpool(overview_of, folder)
    return Response(orjson.dumps(chart_of_states(shown)), media_type="application/json")


@router.get("/views/{name}")
async def read_view(
    request: Request, name: ViewName, who: Reader, release: str = LATEST
) -> Response:
    """A view of a release: a table of figures, each with the question it answers, and its chart."""
    folder = await folder_of(request, release)
    shown = await _view(folder, name)
    note_access(who, f"view {name}", folder.name)
    if wants_page(request):
        manifest = await run_in_threadpool(files.read_manifest, folder)
        return render("view.html", manifest=manifest, shown=shown)
    body = {"release": folder.name, **as_json(shown)}
    return Response(orjson.dumps(body), media_type="application/json")


@router.get("/charts/{release}/views/{name}.json")
async def view_values(request: Request, release: Release, name: ViewName, who: Reader) -> Response:
    """The values of the chart of a view: the figures of its table, no others."""
    shown = await _view(await folder_of(request, release), name)
    return Response(orjson.dumps(shown.chart), media_type="application/json")


async def _view(folder: Path, name: str) -> View:
    if name not in VIEWS:
        raise missing("There is no such view.")
    return await run_in_threadpool(view_of, folder, name)


# ---- counts and the ledger


@router.get("/counts")
async def read_counts(request: Request, who: Reader) -> dict[str, Any]:
    """What came in, where every pathway stands, and every sum that does not balance."""
    counted = await releases.count(request.app.state.runtime.units)
    published = await summaries(request)
    newest = published[0] if published else None
    return {**counted, "release": newest, "rows": newest["rows"] if newest else {}}


@router.post("/ledger/verification")
async def verify_ledger(request: Request, who: Reader) -> dict[str, Any]:
    """Walk over the whole ledger and name every place that is not as it was written."""
    verified = await releases.verify_ledger(request.app.state.runtime.units)
    return verified.as_json()


# ---- lineage


@router.get("/lineage/figure")
async def read_figure(
    request: Request, who: Reader, release: str = LATEST, page: PageNumber = 1
) -> Response:
    """A figure, the rows it counts, and the events of each.

    `table` and `measure` (count, median_days, places) and any column of the table as column=value; an
    empty value asks for empty cells, * for those that are not, a|b for a or b.
    """
    found, folder = await figure_lineage(request, release, page)
    note_access(who, "lineage", folder.name)
    if wants_page(request):
        return render("figure.html", release=folder.name, found=found)
    return Response(orjson.dumps(_figure_json(found, folder.name)), media_type="application/json")


@router.get("/lineage/{table}/{key}")
async def read_row(
    request: Request, table: Table, key: Key, who: Reader, release: str = LATEST
) -> Response:
    """The events that one row of a release is made from."""
    folder = await folder_of(request, release)
    found = await run_in_threadpool(lineage.row_lineage, folder, table, key)
    if table not in TABLES or found is None:
        raise missing("This release has no such row.")
    note_access(who, "lineage", folder.name)
    if wants_page(request):
        row = await run_in_threadpool(_row, folder, table, key)
        return render("row.html", release=folder.name, found=found, row=row)
    body = {"release": folder.name, "table": table, "key": key, "events": found.events}
    return Response(orjson.dumps(body), media_type="application/json")


@router.get("/events/{event_id}")
async def read_event(request: Request, event_id: Key, who: Reader) -> Response:
    """An event as it came: its place in topic and ledger, its payload and the payload's hash."""
    found = await _event(request, event_id, who)
    if wants_page(request):
        return render("event.html", found=lineage.as_json(found))
    return Response(orjson.dumps(lineage.as_json(found)), media_type="application/json")


@router.get("/events/{event_id}/payload")
async def read_payload(request: Request, event_id: Key, who: Reader) -> Response:
    """The payload of an event, byte for byte."""
    found = await _event(request, event_id, who)
    digest = found.entry.payload_sha256
    return Response(
        found.entry.value, media_type="application/json", headers={"x-payload-sha256": digest}
    )


def _row(folder: Path, table: str, key: str) -> list[tuple[str, Any, str]]:
    """Column, value and meaning of every cell of a row."""
    frame = files.read_table(folder, table)
    row = frame.row(by_predicate=pl.col(key_column(table)) == key, named=True)
    return [(name, row[name], column.description or "") for name, column in columns(table).items()]


async def _event(request: Request, event_id: str, who: str) -> lineage.Found:
    try:
        found = await lineage.find_event(request.app.state.runtime.units, event_id)
    except releases.LedgerDamaged as error:
        raise damaged(error) from error
    if found is None:
        raise missing("The ledger has no such event.")
    note_access(who, found.event_id)
    return found


async def figure_lineage(
    request: Request, release: str, page: int
) -> tuple[lineage.FigureLineage, Path]:
    """The figure that the URL asks for, and the folder of its release."""
    folder = await folder_of(request, release)
    asked = [(k, v) for k, v in request.query_params.multi_items() if k not in ("release", "page")]
    try:
        figure = figure_of(asked)
    except NoSuchFigure as error:
        raise Rejected([BAD_REQUEST.fault(f"There is {error}.")]) from error
    return await run_in_threadpool(lineage.figure_lineage, folder, figure, page), folder


def _figure_json(found: lineage.FigureLineage, release: str) -> dict[str, Any]:
    return {
        "release": release,
        "figure": dict(found.figure.query()),
        "value": found.answer.value,
        "n": found.answer.n,
        "rows": [{"key": row.key, "events": row.events} for row in found.rows],
        "total": found.total,
        "page": found.page,
        "pages": found.pages,
    }


# ---- what routes and pages share


def section(request: Request) -> ReportingSection:
    """The settings of reporting."""
    found: ReportingSection = request.app.state.runtime.settings.reporting
    return found


async def summaries(request: Request) -> list[dict[str, Any]]:
    """What is to be said of each published release, the newest first."""

    async def read(work: ReportingWork) -> list[dict[str, Any]]:
        published = await work.releases.published()
        return [dict(one) for one in await work.releases.summaries(published[::-1])]

    found: list[dict[str, Any]] = await request.app.state.runtime.units.read(read)
    return found


async def folder_of(request: Request, release: str) -> Path:
    """The folder of a published release; 404 when there is none of that name."""

    async def read(work: ReportingWork) -> list[str]:
        return await work.releases.published()

    published = await request.app.state.runtime.units.read(read)
    if release == LATEST and published:
        release = published[-1]
    if release not in published:
        raise missing("There is no such release.")
    return section(request).directory / str(release)


# A release never changes, so that what was read of it once stays right.
@lru_cache(maxsize=2)
def overview_of(folder: Path) -> Overview:
    """The figures of the first page, of one release."""
    return overview(_tables(folder))


@lru_cache(maxsize=16)
def view_of(folder: Path, name: str) -> View:
    """A view of one release."""
    as_at = date.fromisoformat(files.read_manifest(folder)["as_at"])
    return view(name, _tables(folder), as_at)


def _tables(folder: Path) -> dict[str, Frame]:
    """The tables without the names of rows, which are most of their size."""
    return {table: files.read_table(folder, table, askable_columns(table)) for table in TABLES}


def missing(message: str) -> Rejected:
    """404 in these words."""
    return Rejected([NOT_FOUND.fault(message)])


def damaged(error: releases.LedgerDamaged) -> Rejected:
    """The ledger is not as it was written: nothing is told from it."""
    return Rejected([LEDGER_DAMAGED.fault(f"The ledger is damaged: {error}.")])
