"""A service, or the sink, as a process of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path

from fairwait.servers.child import HOST, Child

ANSWER_WITHIN = 5  # seconds


class Program(Child):
    """`python -m <module>`, ready once `path` answers 200."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        port: int,
        path: str,
        environment: Mapping[str, str],
        logs: Path,
    ) -> None:
        super().__init__(name, logs)
        self.port = port
        self._arguments = tuple(arguments)
        self._path = path
        self._environment = dict(environment)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def command(self) -> list[str]:
        return [sys.executable, "-m", *self._arguments]

    def environment(self) -> Mapping[str, str]:
        return self._environment

    async def answers(self) -> bool:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await _status(self.port, self._path) == HTTPStatus.OK
        except (OSError, TimeoutError, ValueError):
            return False

    def how_it_ended(self) -> str | None:
        """What its end was, with the last of its log; None while it runs."""
        if self._process is None or (code := self._process.poll()) is None:
            return None
        return self.report(_in_words(code))


async def _status(port: int, path: str) -> int:
    """The status of an answer, without the weight of a client: this is asked fifty times a second."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
    finally:
        writer.close()
    return int(line.decode("ascii", "replace").partition(" ")[2][:3])


def _in_words(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended by itself, exit code {code}"


def inherited(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Our environment without what is meant for this command and the tests, not for a service."""
    return {
        name: text
        for name, text in environment.items()
        if not name.startswith("FAIRWAIT_") or "__" in name or name == "FAIRWAIT_SECRETS_DIR"
    }
