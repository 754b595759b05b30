"""The command as a user runs it: in a process of its own, in a directory of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

PATIENCE = 600  # seconds; a run of forty takes one on a machine that does nothing else

_PORT = re.compile(r"http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Ended:
    """A run that has ended."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """The object on the last line."""
        found: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return found

    @property
    def ports(self) -> set[int]:
        """Of every address that was told."""
        return {int(port) for port in _PORT.findall(self.err + self.out)}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "fairwait", *arguments]


def environment(**more: str) -> Mapping[str, str]:
    return {**os.environ, "COLUMNS": "200", **more}


def run(directory: Path, *arguments: str, **more: str) -> Ended:
    """`fairwait run` with these arguments, to its end."""
    ended = subprocess.run(
        command("run", "--directory", str(directory), *arguments),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=environment(**more),
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


class Running:
    """`fairwait run` while it runs, its output read as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []

    def until(self, text: str) -> Self:
        """Reads on to the line that holds this text."""
        for line in self._output():
            self.lines.append(line)
            if text in line:
                return self
        raise AssertionError(f"ended without saying {text!r}: {''.join(self.lines)}")

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> Ended:
        """Waits for its end."""
        self.lines += self._output()
        code = self.process.wait(PATIENCE)
        return Ended(code, "".join(self.lines), "")

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def _output(self) -> Iterator[str]:
        assert self.process.stdout is not None
        yield from iter(self.process.stdout.readline, "")


@contextmanager
def running(directory: Path, *arguments: str) -> Iterator[Running]:
    """A run whose output is watched; killed if the test leaves it behind."""
    process = subprocess.Popen(
        command("run", "--directory", str(directory), *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
    )
    try:
        yield Running(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def processes_in(directory: Path) -> dict[int, str]:
    """Processes that work in this directory or below, with their command lines."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if (entry / "cwd").readlink().is_relative_to(directory):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                found[int(entry.name)] = b" ".join(words).decode().strip()
        except OSError:
            continue  # it has ended, or is none of ours
    return found


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
