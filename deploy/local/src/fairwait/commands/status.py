"""`fairwait status`: whether every service is of use, and what waits."""

import asyncio
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import httpx2
from cyclopts import Parameter

from contracts.topics import Service
from fairwait.commands.options import Directory, Flag
from fairwait.commands.tables import complain, print_json, print_rows
from fairwait.system.books import SERVICES, Books
from fairwait.system.record import Record


@dataclass(frozen=True, slots=True)
class State:
    """How a service is. `behind` counts events that it has still to apply."""

    service: Service
    health: str
    behind: int
    outbox: int
    parked: int
    dead_letters: int


def status(
    *,
    json_: Annotated[Flag, Parameter(name="--json")] = False,
    directory: Directory = Path(".fairwait"),
) -> int:
    """Show whether every service is ready, and what waits in it.

    Exits with 1 when one is not ready, 2 when nothing runs there.

    Parameters
    ----------
    json_
        As JSON.
    directory
        Where the system runs.
    """
    record = Record.read(directory)
    if record is None:
        complain(f"Nothing runs in {directory}.")
        return 2
    states = asyncio.run(_states(record))
    if json_:
        print_json([asdict(state) for state in states])
    else:
        _print(states)
    return 0 if all(state.health == "ready" for state in states) else 1


def _print(states: list[State]) -> None:
    columns = ("service", "health", "events behind", "batches to send", "parked", "dead letters")
    print_rows(columns, [tuple(asdict(state).values()) for state in states], none="")


async def _states(record: Record) -> list[State]:
    async with (
        Books(record.mongo) as books,
        httpx2.AsyncClient(trust_env=False, timeout=10) as http,
    ):
        ahead = await books.ahead()
        return [
            await _state(service, record, books, http, ahead.of(service)) for service in SERVICES
        ]


async def _state(
    service: Service, record: Record, books: Books, http: httpx2.AsyncClient, behind: int
) -> State:
    backlog = await books.backlog(service)
    return State(
        service=service,
        health=await _health(http, record.urls[service]),
        behind=behind,
        outbox=backlog["outbox"],
        parked=backlog["parked"],
        dead_letters=backlog["dead letters"],
    )


async def _health(http: httpx2.AsyncClient, url: str) -> str:
    try:
        checks = (await http.get(f"{url}/readyz")).json()["checks"]
    except (httpx2.HTTPError, ValueError, KeyError) as error:
        return f"no answer: {type(error).__name__}"
    wrong = [f"{name}: {what}" for name, what in checks.items() if what]
    return "; ".join(wrong) or "ready"
