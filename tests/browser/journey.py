"""The website on a port of loopback, for a real browser."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from playwright.async_api import Page

from tests.unit.notifications.website import Website

AXE = Path(__file__).parents[1] / "vendor" / "axe" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The address of an application, served until the end of the block."""
    config = uvicorn.Config(app, "127.0.0.1", 0, log_level="warning", lifespan="off")
    server, listening = _Server(config), config.bind_socket()
    task = asyncio.create_task(server.serve([listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def online(website: Website) -> AsyncIterator[str]:
    async with served(website.app()) as address:
        yield address


async def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA, as `rule: element`. axe comes from a file, not the page."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", WCAG)
    assert found["passes"], "axe has looked at nothing"
    return [
        f"{one['id']}: {node['target']}" for one in found["violations"] for node in one["nodes"]
    ]
