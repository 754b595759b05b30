"""What happens in a run, in order: clinics, referrals and answers, lapses, attendances, a release."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from fairwait.servers import Stack
from fairwait.simulation.pages import browser_client
from fairwait.system.books import Books
from fairwait.world import calendar
from fairwait.world.referrals import Referral
from tests.crash.system.history import History
from tests.crash.system.killer import Blow, Killer
from tests.crash.system.people import Patients, record_attendances
from tests.crash.system.plan import Plan, in_waves, unreadable, waits_for_another
from tests.crash.system.processes import until
from tests.crash.system.senders import Senders
from tests.crash.system.whole import Whole, watched, whole_system

log = logging.getLogger(__name__)

WAVES: Final = 36
SMALL_WAVE: Final = 12
PACE: Final = 4.0  # seconds between waves while nothing dies
PATIENCE: Final = 240.0
QUIET: Final = 14.0  # seconds; longer than a group takes to give partitions away
TELL_EVERY: Final = 5.0


@dataclass(frozen=True)
class Killing:
    """What dies. `points` by service, from the first referral and from the first lapse on; blows
    while referrals come, while they lapse, at the end.
    """

    points: Mapping[str, Sequence[str]] = field(default_factory=dict)
    timer_points: Mapping[str, Sequence[str]] = field(default_factory=dict)
    referring: Sequence[Blow] = ()
    lapsing: Sequence[Blow] = ()
    treating: Sequence[Blow] = ()


@dataclass(frozen=True)
class Told:
    """How a run went."""

    whole: Whole
    left: str
    """Empty, or what was still to be done when nothing moved any more."""
    release: Mapping[str, Any]
    rebuilt: Mapping[str, Any]
    counts: Mapping[str, Any]


class Run:
    """One run over a running system."""

    def __init__(
        self, whole: Whole, plan: Plan, killing: Killing, killer: Killer, http: httpx2.AsyncClient
    ) -> None:
        self._whole = whole
        self._plan = plan
        self._killing = killing
        self._killer = killer
        self._http = http
        self._history = History(whole.history)
        self._senders = Senders(whole, self._history, http)
        self._patients = Patients(whole, plan, self._history, http)
        self._phase = ""
        self._begun = time.monotonic()

    async def live(self) -> Told:
        """Everything, up to the release. Raises when something died that nobody had killed."""
        async with Books(self._whole.stack.mongo_uri) as books, watched(self._whole):
            helpers = [
                asyncio.create_task(self._patients.live()),
                asyncio.create_task(self._tell()),
            ]
            try:
                return await self._days(books)
            finally:
                await _ended([*helpers, *self._patients.answering])
                await self._senders.stop()
                self._history.close()

    async def _days(self, books: Books) -> Told:
        self._phase = "clinics"
        await _all(self._senders.declare(clinic) for clinic in self._plan.clinics)

        self._phase = "referrals"
        self._arm(self._killing.points)
        self._whole.clock.set(calendar.REFERRED)
        blows = asyncio.create_task(self._killer.strike(self._killing.referring))
        await self._refer()
        await blows
        left = await self._settle(books)
        if self._plan.short:
            return await self._release(left)

        self._phase = "lapses"
        self._arm(self._killing.timer_points)
        self._whole.clock.set(calendar.LAPSED)
        await self._killer.strike(self._killing.lapsing)
        await self._settle(books)

        self._phase = "attendances"
        return await self._treat(books)

    def _arm(self, points: Mapping[str, Sequence[str]]) -> None:
        """From their next life on these services die at these points; this life ends now."""
        for name, names in points.items():
            self._whole.fleet[name].points.extend(names)
            self._whole.fleet[name].kill()

    async def _refer(self) -> None:
        first = [one for one in self._plan.referrals if not waits_for_another(one)]
        garbage = unreadable(self._plan.seed)
        for wave in in_waves(first, self._wave(first)):
            await self._send(wave)
            if (value := next(garbage, None)) is not None:
                await self._senders.put_unreadable(value)
            await self._until_next_wave()
        await self._until_points_are_reached()
        for value in garbage:
            await self._senders.put_unreadable(value)
        if not self._plan.short:
            await self._second_round()

    def _wave(self, first: Sequence[Referral]) -> int:
        """So many at once that there is something to do in every life of a service."""
        return max(SMALL_WAVE, len(first) // (WAVES if self._killing.points else 2))

    async def _send(self, wave: Sequence[Referral]) -> None:
        await _all(
            self._senders.refer(message)
            for referral in wave
            for message in self._plan.messages(referral)
        )

    async def _until_next_wave(self) -> None:
        """Load is there for every life of a service, and no longer than there are kills to come."""
        if not self._whole.fleet.pending and self._killing.points:
            return
        deaths, since = self._killer.total, time.monotonic()
        pace = PACE if self._killing.points else 0.0
        await until(
            lambda: self._killer.total != deaths or time.monotonic() - since >= pace, every=0.05
        )

    async def _until_points_are_reached(self) -> None:
        """More pathways, a few at a time, for services that still have a point before them."""
        for wave in in_waves(self._plan.more, SMALL_WAVE):
            if not self._whole.fleet.pending:
                return
            await self._send(wave)
            await self._until_next_wave()

    async def _second_round(self) -> None:
        """Messages sent again, and ids used again for something else."""
        again = [one for one in self._plan.referrals if one.twice or waits_for_another(one)]
        if again:
            await asyncio.sleep(QUIET)  # the first message under each id is there by now
            await _all(self._senders.refer(one) for one in again)

    async def _treat(self, books: Books) -> Told:
        for day in calendar.later_days():
            if not day.clinics:
                self._whole.clock.set(day.ends)  # for reminders
        self._whole.clock.set(calendar.at(calendar.CLOSED, 17))
        await record_attendances(self._whole, self._plan, self._senders)
        await self._killer.strike(self._killing.treating)
        return await self._release(await self._settle(books))

    async def _release(self, left: str) -> Told:
        await self._whole.fleet.until_ready()
        release = await self._asked("POST", "/dataset")
        rebuilt = await self._asked("POST", f"/dataset/{release['release']}/rebuild")
        counts = await self._asked("GET", "/counts")
        return Told(self._whole, left, release, rebuilt, counts)

    async def _asked(self, method: str, path: str) -> Mapping[str, Any]:
        answer = await self._http.request(method, f"{self._whole.url('reporting')}{path}", timeout=120)  # fmt: skip
        found: Mapping[str, Any] = answer.raise_for_status().json()
        return found

    async def _settle(self, books: Books) -> str:
        """Until nothing is left to do, or nothing moves any more: then, what is left."""
        phase, self._phase = self._phase, f"{self._phase}, settling"
        left = "it did not settle"
        moved = begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE and time.monotonic() - moved < QUIET:
            found = str(await books.unfinished(self._whole.clock.now()))
            if found != left:
                left, moved = found, time.monotonic()
            if not found and all(task.done() for task in self._patients.answering):
                break
            await asyncio.sleep(0.5)
        self._phase = phase
        return left

    async def _tell(self) -> None:
        while True:
            log.info(
                "%4.0f s  %s: %d sent, %d answered, %d kills; to come: %s",
                time.monotonic() - self._begun,
                self._phase,
                self._history.sent,
                self._history.answered,
                self._killer.total,
                self._whole.fleet.pending,
            )
            await asyncio.sleep(TELL_EVERY)


async def _ended(tasks: Iterable["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _all(sendings: Any) -> None:
    async with asyncio.TaskGroup() as group:
        for sending in sendings:
            group.create_task(sending)


async def live(
    stack: Stack,
    directory: Path,
    plan: Plan,
    killing: Killing,
    commands: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Told, Killer]:
    """A whole run in a new world; the system is stopped when it returns, what it made is kept."""
    for noisy in ("httpx2", "aiokafka"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    log.info("seed %d, %d pathways, in %s", plan.seed, plan.pathways, directory)
    async with whole_system(stack, directory, commands or {}) as whole:
        killer = Killer(whole, plan.seed)
        async with browser_client() as http:
            told = await Run(whole, plan, killing, killer, http).live()
    return told, killer


__all__ = ["Killing", "Told", "live"]
