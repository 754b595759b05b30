"""The usual ports where they are free, others where they are not."""

import fcntl
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from chassis.settings import PORTS
from fairwait.servers.child import HOST, free_port

SMTP: Final = "smtp"
USUAL: Final = MappingProxyType({**PORTS, SMTP: 8106})


@contextmanager
def ports() -> Iterator[dict[str, int]]:
    """A port for each service and for both halves of the sink, kept for us until the block ends."""
    with ExitStack() as held:
        yield {name: _port(usual, held) for name, usual in USUAL.items()}


def _port(usual: int, held: ExitStack) -> int:
    return usual if _take(usual, held) and _is_free(usual) else free_port()


def _take(port: int, held: ExitStack) -> bool:
    """Whether no other run has it. It may still be about to open it, which no probe can see."""
    path = Path(tempfile.gettempdir()) / f"fairwait-{port}.lock"
    try:
        lock = held.enter_context(path.open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
