"""The sink put together: two receivers and a page over one mailbox, on loopback only."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from chassis.pages.moulds import Moulds
from notifications.sink import mail, notify, page
from notifications.sink.mailbox import Mailbox

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Sink:
    """A running sink and where it listens."""

    mailbox: Mailbox
    http_port: int
    smtp_port: int

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.http_port}"


class _Server(uvicorn.Server):
    """Leaves the signals of the process to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def web(mailbox: Mailbox) -> Starlette:
    """The HTTP half, as an application."""
    moulds = Moulds("notifications.sink", service="Message sink")
    return Starlette(routes=[*notify.routes(mailbox), *page.routes(mailbox, moulds)])


@asynccontextmanager
async def running(
    directory: Path, *, http_port: int = 0, smtp_port: int = 0
) -> AsyncIterator[Sink]:
    """A sink in this process, with any free ports unless they are given."""
    with Mailbox(directory) as mailbox:
        smtp = await mail.serve(mailbox, smtp_port)
        config = uvicorn.Config(
            web(mailbox), LOOPBACK, http_port, log_level="warning", access_log=False, lifespan="off"
        )
        server = _Server(config)
        socket = config.bind_socket()
        task = asyncio.create_task(server.serve([socket]))
        try:
            yield Sink(mailbox, socket.getsockname()[1], smtp.sockets[0].getsockname()[1])
        finally:
            server.should_exit = True
            await task
            smtp.close()
