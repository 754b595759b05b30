"""The first page: the newest release, its figures with one chart, and everything to download."""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from contracts.topics import read_by
from reporting import files, releases
from reporting.access import Reader, note_access
from reporting.api import LATEST, folder_of, overview_of, summaries
from reporting.domain.dictionary import TITLE
from reporting.views import render, silence

router = APIRouter(include_in_schema=False)


@router.get("/")
async def first_page(request: Request, who: Reader) -> Response:
    """The newest release; before there is one, what has come in so far."""
    counted = await releases.chains(request.app.state.runtime.units)
    now = request.app.state.runtime.clock.now()
    live = {
        "events": counted.types.total(),
        "up_to": counted.up_to,
        "silent_for": silence(counted.up_to, now),
    }
    published = await summaries(request)
    if not published:
        return render("nothing.html", title=TITLE, live=live)

    folder = await folder_of(request, LATEST)
    manifest = await run_in_threadpool(files.read_manifest, folder)
    shown = await run_in_threadpool(overview_of, folder)
    note_access(who, "page", folder.name)
    return render(
        "overview.html",
        title=TITLE,
        manifest=manifest,
        shown=shown,
        live=live,
        since=live["events"] - manifest["events"],
        history=published,
        downloads=_downloads(manifest),
        topics=[(topic.name, topic.purpose) for topic in read_by("reporting")],
    )


def _downloads(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The files of a release: tables first, then what explains them."""
    rows = manifest["files"].items()
    listed = [{"name": name, **facts} for name, facts in rows]
    return sorted(listed, key=lambda one: one.get("rows") is None)
