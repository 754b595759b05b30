"""`fairwait run`: the whole system on this machine, and a day of referrals through it."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Console
from rich.table import Table

from fairwait.commands.options import Directory, Flag
from fairwait.servers import ServerFailed
from fairwait.simulation.balance import Check, Found, Sent, checks
from fairwait.simulation.doors import DoorFailed, open_doors
from fairwait.simulation.pages import Invitation, PageFailed
from fairwait.simulation.patients import patients_of
from fairwait.simulation.progress import shown
from fairwait.simulation.providers import providers_of
from fairwait.simulation.story import NotSettled, Plan, Story, World
from fairwait.system.books import Books
from fairwait.system.running import SINK, System, running_system
from fairwait.world import calendar
from matching.reference import load

DONE, FAILED, INTERRUPTED = 0, 1, 130
WHOLE_STORY: Final = (calendar.CLOSED - calendar.REFERRAL_DAY).days
# The nearest clinics must have room for everybody, or who answers first would matter.
MOST_REFERRALS: Final = 5_000

T = TypeVar("T")


def run(
    *,
    once: Flag = False,
    manual: Flag = False,
    referrals: Annotated[int, Parameter(validator=Number(gte=1, lte=MOST_REFERRALS))] = 200,
    seed: Annotated[int, Parameter(validator=Number(gte=0))] = 1,
    days: Annotated[int, Parameter(validator=Number(gte=0, lte=WHOLE_STORY))] = WHOLE_STORY,
    json_: Annotated[Flag, Parameter(name="--json")] = False,
    directory: Directory = Path(".fairwait"),
) -> int:
    """Start everything here and send a day of referrals through it.

    Parameters
    ----------
    once
        End when the day has settled; without it everything stays up until Ctrl-C.
    manual
        Leave the choices to whoever opens the pages.
    referrals
        How many referrals are sent. One in twelve has something wrong with it.
    seed
        Chooses people, referrals and answers.
    days
        How many days to live through after the day of the referrals.
    json_
        Print the counts as one JSON object, the last line; progress goes to stderr.
    directory
        Where logs, the data set and the servers' files are kept. Each run begins anew.
    """
    console = Console(stderr=json_)
    ask = Ask(Plan(referrals, seed, days, manual), once, json_, directory.resolve(), console)
    try:
        return asyncio.run(_until_signal(ask))
    except (ServerFailed, NotSettled, DoorFailed, PageFailed) as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return FAILED


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked for."""

    plan: Plan
    once: bool
    json: bool
    directory: Path
    console: Console


@dataclass(slots=True)
class Ending:
    """Whether somebody has asked us to end, and whether that is all we wait for."""

    asked: asyncio.Event
    awaited: bool = False


async def _run(ask: Ask, ending: Ending) -> int:
    began = time.monotonic()
    ask.console.print("Starting the servers and services", highlight=False)
    async with running_system(ask.directory, calendar.CAPACITY_DECLARED) as system:
        _print_addresses(ask.console, system, time.monotonic() - began)
        return await _unless_one_dies(system, _day(ask, system, began, ending))


async def _day(ask: Ask, system: System, began: float, ending: Ending) -> int:
    async with _story(ask, system) as story:
        found = await story.close()
        balanced = _report(ask, story.sent(), found, time.monotonic() - began)
        if not ask.once:
            await _stay(ask, story, ending)
    return DONE if balanced else FAILED


@asynccontextmanager
async def _story(ask: Ask, system: System) -> AsyncIterator[Story]:
    """The story, lived to its last day."""
    world = await asyncio.to_thread(lambda: World.of(ask.plan, load()))
    seed = ask.plan.seed
    async with (
        Books(system.stack.mongo_uri) as books,
        open_doors(system) as doors,
        patients_of(system, world.people, seed) as patients,
        providers_of(system, doors, world.keys, seed) as providers,
    ):
        async with shown(ask.console, books.events) as progress:
            story = Story(ask.plan, world, system, books, doors, patients, providers, progress.tell)
            await story.live()
        yield story


async def _stay(ask: Ask, story: Story, ending: Ending) -> None:
    """Leaves everything up, with a page to open, until somebody ends it."""
    invitation = await story.invite()
    if invitation is not None:
        _print_invitation(ask.console, invitation)
    ask.console.print("Everything stays up until Ctrl-C.", highlight=False)
    ending.awaited = True
    await ending.asked.wait()


# ---- ends


async def _unless_one_dies(system: System, day: Coroutine[Any, Any, int]) -> int:
    """The result of the day, or `ServerFailed` as soon as a process of the system has ended."""
    living, watching = asyncio.create_task(day), asyncio.create_task(system.watch())
    try:
        await asyncio.wait({living, watching}, return_when=asyncio.FIRST_COMPLETED)
        # A day that failed may have failed for the same reason, which is the one to tell.
        await asyncio.sleep(0 if living.done() and not living.exception() else 0.5)
        if watching.done():
            watching.result()
        return await living
    finally:
        for task in (living, watching):
            task.cancel()
        await asyncio.gather(living, watching, return_exceptions=True)


async def _until_signal(ask: Ask) -> int:
    """The result of the run. A signal in the middle of the day has it unwound in its own order."""
    loop, ending = asyncio.get_running_loop(), Ending(asyncio.Event())
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.asked.set)
    run_, asked = asyncio.create_task(_run(ask, ending)), asyncio.create_task(ending.asked.wait())
    await asyncio.wait({run_, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if not ending.awaited:
        run_.cancel()  # no effect on one that has ended by itself
    try:
        return await run_
    except asyncio.CancelledError:
        ask.console.print("Ended before the day had settled.", highlight=False)
        return INTERRUPTED


# ---- what is printed


def _report(ask: Ask, sent: Sent, found: Found, seconds: float) -> bool:
    """Prints the counts and the balance; whether all of it balances."""
    made = list(checks(sent, found))
    unbalanced = sum(check.difference for check in made)
    _print_checks(ask.console, made, unbalanced)
    if ask.json:
        sys.stdout.write(f"{json.dumps(_summary(sent, found, unbalanced, seconds))}\n")
        sys.stdout.flush()
    return not unbalanced


def _summary(sent: Sent, found: Found, unbalanced: int, seconds: float) -> dict[str, Any]:
    return {
        "submissions": sent.submissions,
        "accepted": found.accepted,
        "rejected": found.rejected,
        "pathways": sum(found.pathways.values()),
        "states": dict(found.pathways),
        "intents": found.intents,
        "messages": found.sink["messages"],
        "rows": found.rows,
        "unbalanced": unbalanced,
        "dataset_sha256": found.dataset_sha256,
        "rebuild_sha256": found.rebuild_sha256,
        "release": found.manifest["release"],
        "events": found.manifest["events"],
        "seconds": round(seconds, 1),
    }


def _print_checks(console: Console, made: list[Check], unbalanced: int) -> None:
    table = Table("", "", "", box=None, show_header=False)
    for check in made:
        mark = "[green]balances[/]" if not check.difference else "[red]does not[/]"
        table.add_row(mark, check.name, f"{check.left:,} = {check.right:,}")
    console.print(table)
    if unbalanced:
        console.print(f"{unbalanced} do not balance.", style="red", highlight=False)


def _print_addresses(console: Console, system: System, seconds: float) -> None:
    console.print(f"Up after {seconds:.1f} s. {system.stack.description}", highlight=False)
    table = Table("", "", box=None, show_header=False)
    table.add_row("Every message sent", system.url(SINK))
    table.add_row("The data set", system.url("reporting"))
    table.add_row("Pages for staff", f"{system.url('referral')}/pages (fairwait token)")
    table.add_row("API of referral", f"{system.url('referral')}/docs")
    table.add_row("Events (AsyncAPI)", f"{system.url('referral')}/asyncapi")
    table.add_row("Logs", str(system.directory / "logs"))
    console.print(table)


def _print_invitation(console: Console, invitation: Invitation) -> None:
    born = invitation.birth_date
    console.print(
        f"A patient who has not chosen yet (not a real one, born {born:%-d %B %Y}):",
        highlight=False,
    )
    console.print(f"  {invitation.link}", highlight=False, soft_wrap=True)
