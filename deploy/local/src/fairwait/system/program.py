"""A service, or the sink, as a process of its own."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx2

from fairwait.servers.child import HOST, Child


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
            async with httpx2.AsyncClient(trust_env=False, timeout=5) as client:
                answer = await client.get(f"{self.url}{self._path}")
        except httpx2.HTTPError:
            return False
        return answer.status_code == httpx2.codes.OK

    def how_it_ended(self) -> str | None:
        """What its end was, with the last of its log; None while it runs."""
        if self._process is None or (code := self._process.poll()) is None:
            return None
        return self.report(_in_words(code))


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
