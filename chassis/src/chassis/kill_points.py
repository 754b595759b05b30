"""Named places where a crash is most dangerous. A test can end the process at any of them.

In production nothing is armed and `reached` is a comparison with None.
"""

import os
import signal
from typing import Final, Self

NAMES: Final = (
    "after-fetch",
    "after-handlers",
    "before-commit",
    "after-commit",
    "before-send",
    "after-send",
    "before-offset",
    "edge-before-commit",
    "edge-after-commit",
    "relay-before-send",
    "before-hand-over",
    "after-hand-over",
    "in-shutdown",
)


class Armed:
    """Ends this process with SIGKILL at the `countdown`-th time that `name` is reached."""

    def __init__(self, name: str, countdown: int) -> None:
        if name not in NAMES:
            raise ValueError(f"no kill point is called {name!r}")
        self.name = name
        self.countdown = countdown

    @classmethod
    def of(cls, text: str) -> Self:
        """From `name:countdown`, as a setting holds it."""
        name, _, countdown = text.partition(":")
        if not countdown.isascii() or not countdown.isdigit():
            raise ValueError("a kill point is given as name:countdown")
        return cls(name, int(countdown))

    def reached(self, name: str) -> None:
        if name != self.name:
            return
        self.countdown -= 1
        if self.countdown <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


_armed: Armed | None = None


def arm(name: str, countdown: int) -> None:
    """Called at start from `FAIRWAIT_KILL_POINT=name:countdown`, refused in production."""
    global _armed
    _armed = Armed(name, countdown)


def arm_as_set(text: str) -> None:
    """Arm what a setting says; nothing for an empty one."""
    if text:
        armed = Armed.of(text)
        arm(armed.name, armed.countdown)


def reached(name: str) -> None:
    if _armed is not None:
        _armed.reached(name)
