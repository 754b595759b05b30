"""A server as a child process: started, asked until it answers, stopped; killed and brought back."""

import asyncio
import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

HOST = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 20  # long enough for a store to write its last checkpoint on a busy machine
LOG_LINES_SHOWN = 30

# Below the range the kernel takes for outgoing connections. Inside it, a client that retries while
# the server is down can be given the server's own port and then talks to itself.
PORTS = range(15_000, 32_000)

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class ServerFailed(Exception):
    """A server could not be started; the message ends with what it wrote to its log."""


class Child(ABC):
    """One server on loopback that lives no longer than this process.

    Start it from a thread that stays: Linux ends the server with the thread that started it.
    Elsewhere a parent that is killed leaves its servers behind.
    """

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.directory = directory.resolve()
        self.log = self.directory / f"{name}.log"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The argument list; no shell sees it."""

    def environment(self) -> Mapping[str, str] | None:
        """What it sees as its environment; None for all of ours."""
        return None

    @abstractmethod
    async def answers(self) -> bool:
        """True once the server answers a call of its own protocol. An open port says less."""

    @property
    def pid(self) -> int | None:
        """None while it is down."""
        return self._process.pid if self._process and self._process.poll() is None else None

    async def start(self) -> None:
        """Return when the server answers; the same port and the same data on every start."""
        if await port_is_open(self.port):  # else that server would answer in this one's place
            raise ServerFailed(f"{self.name}: something else listens on port {self.port}")

        self.directory.mkdir(parents=True, exist_ok=True)
        self._process = spawn(
            self.command(), log=self.log, cwd=self.directory, environment=self.environment()
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._until_it_answers()
        except TimeoutError:
            await self.kill()
            raise ServerFailed(self.report(f"did not answer in {START_SECONDS} s")) from None
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """Ask it to end; insist when it has not after 20 seconds."""
        if self._process is None:
            return
        self.resume()
        self._process.terminate()
        try:
            await asyncio.to_thread(self._process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            await self.kill()
        self._process = None

    async def kill(self) -> None:
        """End it at once, as a crash would: nothing is flushed, no client is told."""
        if self._process is None:
            return
        self._process.kill()
        await asyncio.to_thread(self._process.wait)
        self._process = None

    async def restart(self) -> None:
        """Kill it and bring it back on the same port and the same data."""
        await self.kill()
        await self.start()

    def pause(self) -> None:
        """Stop it where it stands: connections stay open and nothing answers."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)
            os.waitpid(self._process.pid, os.WUNTRACED)  # its threads answer until it has stopped

    def resume(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    async def _until_it_answers(self) -> None:
        while not await self.answers():
            self._check_that_it_runs()
            await asyncio.sleep(0.02)
        # Had another server taken the port, that one would have answered.
        self._check_that_it_runs()

    def _check_that_it_runs(self) -> None:
        if self.pid is None:
            raise ServerFailed(self.report("ended while it was starting"))

    def report(self, what: str) -> str:
        """What happened to it, with the last it wrote to its log."""
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        return "\n".join([f"{self.name} {what}; the end of {self.log}:", *lines])


def spawn(
    command: Sequence[str], *, log: Path, cwd: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """A child in a session of its own, so that Ctrl-C reaches us first and we stop it in order."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=environment,
            start_new_session=True,
            preexec_fn=partial(_die_with, os.getpid()),
        )


def _die_with(parent: int) -> None:
    """Between fork and exec: have the kernel end this process when `parent` ends, however it ends."""
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def free_port() -> int:
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        return port


async def port_is_open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True
