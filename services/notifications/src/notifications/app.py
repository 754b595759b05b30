"""The notifications service, put together."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from chassis.background import forever
from chassis.clock import SystemClock
from chassis.faults import Fault, status_of
from chassis.pages.assets import Assets
from chassis.service import Runtime, Service
from chassis.work import Work
from notifications.consumers import handlers
from notifications.gateways import Gateways
from notifications.pages.routes import HEADERS, Journey, router
from notifications.pages.views import Pages
from notifications.pages.visits import Visits
from notifications.repositories import INDEXES, MESSAGES, PATIENTS, Claims
from notifications.sender import Sender
from notifications.settings import NotificationsSettings
from notifications.work import NotificationsWork, Rules
from notifications.writing import Writer

# What is said about a pathway is numbered in its patient's document.
STREAMS = {"response": PATIENTS, "notification": PATIENTS}


def notifications(settings: NotificationsSettings) -> Service:
    """The service with these settings. Handlers decide by them, so they come first."""
    rules = rules_of(settings)
    pages = Pages.with_helpline(settings.notifications.helpline)

    def work(engine_work: Work) -> NotificationsWork:
        return NotificationsWork(engine_work, rules)

    return Service(
        name="notifications",
        handlers=handlers,
        streams=STREAMS,
        keyed_by=PATIENTS,
        work=work,
        settings=NotificationsSettings,
        routes=[router(journeys(settings, pages), Assets.load())],
        indexes=INDEXES,
        collections=[MESSAGES],
        background=[keep_sending],
        error_page=error_page(pages),
    )


def rules_of(settings: NotificationsSettings) -> Rules:
    own = settings.notifications
    return Rules(own.link_secret.get_secret_value().encode(), own.window)


def journeys(settings: NotificationsSettings, pages: Pages) -> Callable[[Request], Journey]:
    """The journey of the process that a request came to."""
    own = settings.notifications
    visits = Visits(
        secret=own.page_secret.get_secret_value().encode(),
        length=timedelta(minutes=own.visit_minutes),
        secure=settings.environment != "development",
    )
    wall = SystemClock()

    def journey(request: Request) -> Journey:
        runtime: Runtime = request.app.state.runtime
        return Journey(runtime.units, pages, visits, runtime.clock, wall)

    return journey


def error_page(pages: Pages) -> Callable[[Request, Sequence[Fault]], Response]:
    """What a person sees who went to a page that is not there, or when something failed."""

    def page(request: Request, faults: Sequence[Fault]) -> Response:
        status = status_of(faults)
        html = pages.plain("not-found" if status in (404, 405) else "failed")
        return HTMLResponse(html, status, HEADERS)

    return page


async def keep_sending(runtime: Runtime) -> None:
    """The sender of this process, for as long as it lives."""
    settings: NotificationsSettings = runtime.settings
    own = settings.notifications
    async with Gateways.of(own) as channels:
        sender = Sender(
            claims=Claims(runtime.mongo),
            units=runtime.units,
            channels=channels,
            writer=Writer(rules_of(settings), own.public_url, own.helpline),
            clock=runtime.clock,
            settings=own.sender,
        )
        await forever("sender", sender.step)
