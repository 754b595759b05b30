"""`fairwait parked`: records that wait for something, and trying one again that has failed."""

import asyncio
from pathlib import Path
from typing import Any

from cyclopts import App

from chassis.parking import PARKED, unblock
from chassis.work import Work
from contracts.topics import Service
from fairwait.commands.options import Directory
from fairwait.commands.reach import desk
from fairwait.commands.tables import complain, print_json, print_rows

DEFAULT_DIRECTORY = Path(".fairwait")

app = App(
    name="parked",
    help="Records that wait beside the stream: for an event before them, or for a person.",
)


@app.command(name="list")
def list_parked(
    service: Service, *, limit: int = 50, directory: Directory = DEFAULT_DIRECTORY
) -> int:
    """List the parked records of a service, those that wait longest first.

    Parameters
    ----------
    service
        Whose records.
    limit
        How many at most.
    directory
        Where the system runs.
    """
    rows = [
        (one["_id"], state["key"], state["reason"], state["error"], state["attempts"], state["at"])
        for one in asyncio.run(_parked(service, directory, limit))
        for state in [one["state"]]
    ]
    print_rows(
        ("id", "key", "reason", "error", "tries", "since"),
        rows,
        none=f"Nothing is parked in {service}.",
    )
    return 0


@app.command
def retry(service: Service, record: str, *, directory: Directory = DEFAULT_DIRECTORY) -> int:
    """Have a parked record tried again now, because what kept it has been put right.

    Parameters
    ----------
    service
        Whose record.
    record
        Its id, topic:partition:offset.
    directory
        Where the system runs.
    """
    try:
        asyncio.run(_retry(service, directory, record))
    except KeyError:
        complain(f"{service} has no parked record {record}.")
        return 1
    print_json({"retried": record})
    return 0


async def _parked(service: Service, directory: Path, limit: int) -> list[dict[str, Any]]:
    async with desk(service, directory) as at:
        found = await at.documents(PARKED, {}, limit)
    return sorted(found, key=lambda one: one["state"]["at"])


async def _retry(service: Service, directory: Path, record: str) -> None:
    async def tried_again(work: Work) -> None:
        await unblock(work, record)

    async with desk(service, directory) as at:
        await at.run(tried_again)
