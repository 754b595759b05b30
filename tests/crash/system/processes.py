"""The system as processes: each started by its own command, watched, killed and started again.

A process that has died is started again at once. It may be given a kill point to die at; the
points of a service are worked off one life after the other.
"""

import asyncio
import inspect
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx2
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from fairwait.servers.child import HOST, free_port, spawn

ROOT: Final = Path(__file__).resolve().parents[3]
WATCH_EVERY: Final = 0.05
START_SECONDS: Final = 90


async def until(condition: Callable[[], Any], every: float = 0.1) -> None:
    """Wait for a condition, sync or async; its caller says for how long at most."""
    while True:
        found = condition()
        if await found if inspect.isawaitable(found) else found:
            return
        await asyncio.sleep(every)


class DiedByItself(Exception):
    """A process ended and nobody had killed it."""


@dataclass(frozen=True, slots=True)
class Death:
    """How one life of a process ended. `point` is None for a kill from outside."""

    name: str
    point: str | None


@dataclass
class Process:
    """One program of the system, life after life."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    logs: Path
    ready_path: str
    port: int = field(default_factory=free_port)
    points: deque[str] = field(default_factory=deque)
    armed: str = ""
    lives: int = 0
    _popen: subprocess.Popen[bytes] | None = None
    _killed: bool = False

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        return self.logs / f"{self.name}.log"

    def launch(self) -> None:
        """Begin the next life, with the next kill point if there is one."""
        self.armed = self.points.popleft() if self.points else ""
        arming = {"FAIRWAIT_KILL_POINT": self.armed} if self.armed else {}
        self._killed = False
        self.lives += 1
        self._popen = spawn(
            [sys.executable, "-m", *self.arguments],
            log=self.log,
            cwd=ROOT,
            environment={**self.environment, **arming},
        )

    def kill(self) -> None:
        """SIGKILL from outside. A point that was not reached in this life is tried in the next."""
        assert self._popen is not None
        if self._popen.poll() is not None:
            return
        self._killed = True
        if self.armed:
            self.points.appendleft(self.armed)
        os.kill(self._popen.pid, signal.SIGKILL)

    def ask_to_stop(self) -> None:
        assert self._popen is not None
        self._popen.send_signal(signal.SIGTERM)

    def death(self) -> Death | None:
        """How this life ended; None while it goes on."""
        if self._popen is None or (code := self._popen.poll()) is None:
            return None
        self._popen = None
        if code == -signal.SIGKILL and self._killed:
            return Death(self.name, None)
        if code == -signal.SIGKILL and self.armed:
            return Death(self.name, self.armed.partition(":")[0])
        raise DiedByItself(f"{self.name} ended with {code}; the end of {self.log}:\n{self.last()}")

    def last(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])

    async def answers(self, http: httpx2.AsyncClient) -> bool:
        try:
            return (await http.get(f"{self.url}{self.ready_path}")).status_code == 200
        except httpx2.HTTPError:
            return False

    async def end(self) -> None:
        if self._popen is not None and self._popen.poll() is None:
            self._popen.kill()
            await asyncio.to_thread(self._popen.wait)


class Fleet:
    """All processes, and every death so far."""

    def __init__(self, processes: Iterable[Process], mongo: str) -> None:
        self.processes = {one.name: one for one in processes}
        self._mongo = mongo
        self.deaths: list[Death] = []
        self._http = httpx2.AsyncClient(trust_env=False, timeout=5)

    def __getitem__(self, name: str) -> Process:
        return self.processes[name]

    @property
    def pending(self) -> dict[str, int]:
        """How many kill points each service has still to reach."""
        left = {name: len(one.points) + bool(one.armed) for name, one in self.processes.items()}
        return {name: number for name, number in left.items() if number}

    async def start(self) -> None:
        for one in self.processes.values():
            one.launch()
        await self.until_ready()

    async def until_ready(self) -> None:
        async with asyncio.timeout(START_SECONDS):
            for one in self.processes.values():
                await until(partial(one.answers, self._http))

    async def watch(self) -> None:
        """Start again whatever dies, at once; raises when something dies that nobody killed."""
        while True:
            dead = [one for one in self.processes.values() if self._died(one)]
            for one in dead:
                one.launch()
            if dead:
                await self._end_transactions()
            await asyncio.sleep(WATCH_EVERY)

    def _died(self, process: Process) -> bool:
        death = process.death()
        if death is not None:
            self.deaths.append(death)
        return death is not None

    async def _end_transactions(self) -> None:
        """Have the database forget what the dead had begun; the living lose theirs as well.

        MongoDB keeps the transaction of a client that died for 60 s, and its documents locked. That
        is no loss, but a run cannot wait for it after every kill.
        """
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            self._mongo, serverSelectionTimeoutMS=2_000
        )
        with suppress(PyMongoError):  # it may be down itself, and then has forgotten everything
            await client.admin.command({"killAllSessions": []})
        await client.close()

    async def worked(self, name: str) -> float:
        """How many records this life of a service has handled, by its own metrics."""
        try:
            answer = await self._http.get(f"{self.processes[name].url}/metrics")
        except httpx2.HTTPError:
            return 0.0
        lines = (line for line in answer.text.splitlines() if line.startswith("fairwait_events_total{"))  # fmt: skip
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    async def stop(self) -> None:
        await asyncio.gather(*(one.end() for one in self.processes.values()))
        await self._http.aclose()
