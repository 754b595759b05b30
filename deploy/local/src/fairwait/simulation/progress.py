"""How a run is going, as it goes: one live block on a terminal, plain lines elsewhere."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table

LOOK_EVERY: Final = 1.0  # seconds
TELL_EVERY: Final = 5  # looks, where every look would be a line

FIGURES: Final = {
    "referrals": ("fairwait.referral.received.v1",),
    "shortlists": ("fairwait.offer.shortlisted.v1",),
    "choices": ("fairwait.response.provider_chosen.v1", "fairwait.response.stay_chosen.v1"),
    "bookings": ("fairwait.appointment.booked.v1",),
    "attended": ("fairwait.appointment.attended.v1",),
}

Look = Callable[[], Awaitable[Counter[str]]]
"""Events by type."""


class Progress(Protocol):
    """Shows what happens now, and how much has happened."""

    def tell(self, what: str) -> None: ...

    def show(self, figures: dict[str, int]) -> None: ...


class Lines:
    """For logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._looks = 0
        self._shown: dict[str, int] = {}

    def tell(self, what: str) -> None:
        self._console.print(what, highlight=False)

    def show(self, figures: dict[str, int]) -> None:
        self._looks += 1
        if self._looks % TELL_EVERY == 0 and figures != self._shown:
            self._shown = figures
            self._console.print(f"  {_in_words(figures)}", highlight=False)


class Block:
    """For a person at a terminal."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._spinner = Spinner("dots")
        self._figures: dict[str, int] = dict.fromkeys(FIGURES, 0)

    def tell(self, what: str) -> None:
        self._spinner.update(text=f" {what}")
        self._draw()

    def show(self, figures: dict[str, int]) -> None:
        self._figures = figures
        self._draw()

    def _draw(self) -> None:
        table = Table.grid(padding=(0, 3))
        table.add_row(*(f"[bold]{number:,}[/] {name}" for name, number in self._figures.items()))
        block = Table.grid()
        block.add_row(self._spinner)
        block.add_row(table)
        self._live.update(block)


@asynccontextmanager
async def shown(console: Console, look: Look) -> AsyncIterator[Progress]:
    """Shows progress until the block ends; `look` is asked every second."""
    if console.is_terminal:
        with Live(console=console, refresh_per_second=8) as live:
            async with _looking(Block(live), look) as progress:
                yield progress
    else:
        async with _looking(Lines(console), look) as progress:
            yield progress


@asynccontextmanager
async def _looking(progress: Progress, look: Look) -> AsyncIterator[Progress]:
    looking = asyncio.create_task(_look(progress, look))
    try:
        yield progress
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        progress.show(figures_of(await look()))


async def _look(progress: Progress, look: Look) -> None:
    while True:
        progress.show(figures_of(await look()))
        await asyncio.sleep(LOOK_EVERY)


def figures_of(events: Counter[str]) -> dict[str, int]:
    return {name: sum(events[one] for one in types) for name, types in FIGURES.items()}


def _in_words(figures: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in figures.items())
