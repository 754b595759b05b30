"""MLLP: where one message ends and the next begins, whatever else is on the line.

A message stands between 0x0B and 0x1C 0x0D. Bytes outside of that are passed over, so that a
connection finds its feet again after noise; a new 0x0B inside a message means that the sender gave
that message up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

START: Final = b"\x0b"
END: Final = b"\x1c\x0d"
LIMIT: Final = 1024 * 1024

_HEAD: Final = 4096  # of a message that is too long, kept to find out what to answer to


@dataclass(frozen=True, slots=True)
class Frame:
    """The bytes of one message. Of one that is longer than is taken here only the beginning."""

    content: bytes
    too_long: bool = False


def framed(content: bytes) -> bytes:
    return START + content + END


class Framer:
    """Cuts a stream into messages. Holds at most `limit` bytes, however the stream is split."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._inside = False
        self._too_long = False
        self._searched = 0
        self.junk = 0
        """Bytes outside of messages, or of messages that were given up."""

    @property
    def inside(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._inside

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """The messages that end in this chunk, in order."""
        self._buffer += chunk
        while True:
            frame = self._next() if self._inside else self._begin()
            if frame is None:
                return
            if frame.content or frame.too_long:
                yield frame

    def _begin(self) -> Frame | None:
        """Passes over what comes before the next message; an empty frame when one has begun."""
        start = self._buffer.find(START)
        if start < 0:
            self.junk += len(self._buffer)
            self._buffer.clear()
            return None
        self.junk += start
        del self._buffer[: start + 1]
        self._inside, self._searched = True, 0
        return _NOTHING

    def _next(self) -> Frame | None:
        # The end may have been cut in two, so the last byte is looked at again.
        begin = max(self._searched - 1, 0)
        end = self._buffer.find(END, begin)
        start = self._buffer.find(START, begin, end if end >= 0 else len(self._buffer))
        if start >= 0:
            return self._given_up(start)
        if end < 0:
            self._searched = len(self._buffer)
            self._hold_no_more_than_the_limit()
            return None
        frame = self._frame(bytes(self._buffer[:end]))
        del self._buffer[: end + len(END)]
        self._inside, self._too_long = False, False
        return frame

    def _given_up(self, start: int) -> Frame:
        """A message that another one interrupts; whole if only the last CR of its end is missing."""
        content = bytes(self._buffer[:start])
        del self._buffer[: start + 1]
        self._searched = 0
        if content.endswith(END[:1]):
            frame = self._frame(content[:-1])
        else:
            self.junk += len(content)
            frame = _NOTHING
        self._too_long = False
        return frame

    def _frame(self, content: bytes) -> Frame:
        if self._too_long or len(content) > self._limit:
            return Frame(content[:_HEAD], too_long=True)
        return Frame(content)

    def _hold_no_more_than_the_limit(self) -> None:
        if len(self._buffer) <= self._limit and not self._too_long:
            return
        self._too_long = True
        # The head says whose message it is, and the last byte may be half of its end.
        del self._buffer[_HEAD:-1]
        self._searched = len(self._buffer)


_NOTHING: Final = Frame(b"")
