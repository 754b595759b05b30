"""Where every service takes the time from: the system, or a file that all processes of a run share."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


class Clock(Protocol):
    """The time as a value. Nothing else in the system asks the operating system for it."""

    def now(self) -> datetime:
        """The instant, aware and in UTC."""
        ...

    def today(self) -> date:
        """The calendar date in London, by which waits are counted."""
        ...


def london_date(instant: datetime) -> date:
    """The calendar date in London at an aware instant."""
    return instant.astimezone(LONDON).date()


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return london_date(self.now())


class SimulatedClock:
    """The instant that a file holds. It stands still until somebody writes a later one.

    Every process that reads the same file has the same time. Start-up refuses it in production.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version: tuple[int, int] | None = None
        self._now = datetime.min.replace(tzinfo=UTC)
        self.now()  # a file that is missing or holds no instant stops the start

    def now(self) -> datetime:
        status = os.stat(self._path)
        # `set` replaces the file, so the inode moves even when two writes share one tick.
        version = (status.st_mtime_ns, status.st_ino)
        if version != self._version:
            self._now = _instant(self._path.read_text(encoding="ascii"))
            self._version = version
        return self._now

    def today(self) -> date:
        return london_date(self.now())

    def set(self, instant: datetime) -> None:
        """Moves the time of every process that reads this file. It never goes back."""
        if instant < self.now():
            raise ValueError("a simulated clock does not run backwards")
        write_instant(self._path, instant)

    def advance(self, by: timedelta) -> datetime:
        """Moves the time forward and says what it is now."""
        self.set(self.now() + by)
        return self.now()


def write_instant(path: Path, instant: datetime) -> None:
    """Writes the file of a simulated clock. A reader sees the old instant or the new one whole."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(instant.astimezone(UTC).isoformat(), encoding="ascii")
    os.replace(beside, path)


def clock_of(file: Path | None) -> Clock:
    """The simulated clock where a file is given, otherwise the real one."""
    return SystemClock() if file is None else SimulatedClock(file)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text.strip())
    if instant.tzinfo is None:
        raise ValueError("the clock file holds an instant without its time zone")
    return instant.astimezone(UTC)
