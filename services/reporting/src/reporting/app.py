"""The reporting service, put together."""

from starlette.staticfiles import StaticFiles

from chassis.service import Service
from contracts.topics import read_by
from reporting import api, pages
from reporting.consumers import consumers
from reporting.repositories import COLLECTIONS, INDEXES, collection_of
from reporting.settings import ReportingSettings
from reporting.views import STATIC, error_page
from reporting.work import STREAMS, ReportingWork

service = Service(
    name="reporting",
    handlers=consumers(),
    streams=STREAMS,
    keyed_by={topic.name: collection_of(topic.name) for topic in read_by("reporting")},
    work=ReportingWork.over,
    settings=ReportingSettings,
    routes=(api.router, pages.router),
    mounts={"/static": StaticFiles(directory=STATIC)},
    indexes=INDEXES,
    collections=COLLECTIONS,
    kinds=(api.LEDGER_DAMAGED,),
    error_page=error_page,
)
