"""Logs: one JSON object a line on stdout, with ids and never with people.

Everything that logs through the standard library (uvicorn, aiokafka, FastStream, asyncio, warnings)
goes the same way.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, BinaryIO, Final

import orjson
import structlog
from opentelemetry import trace
from structlog.contextvars import bound_contextvars, merge_contextvars

from chassis.masking import mask_mapping, mask_text

EventDict = MutableMapping[str, Any]

FRAMES: Final = 20
CAUSES: Final = 5

# What these write in an exception is about connections and protocols. From all others the message
# is withheld: a ValueError quotes a value and a DuplicateKeyError a document.
TRUSTED: Final = ("chassis.", "aiokafka.", "asyncio.", "ssl", "socket", "uvicorn.", "faststream.")
_TRUSTED_MONGO: Final = frozenset(
    ["AutoReconnect", "ConfigurationError", "ServerSelectionTimeoutError", "NetworkTimeout"]
)
# At a lower level these write commands with their documents, or one line per message.
QUIET: Final = (
    "pymongo",
    "motor",
    "faststream",
    "httpx2",
    "httpcore2",
    "urllib3",
    "python_multipart",
)


def configure(service: str, level: str = "info", stream: BinaryIO | None = None) -> None:
    """Sends all logs of this process to `stream` (stdout), from now on."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _Named(service),
            _trace_id,
            _exception,
            _masked,
            _rendered,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(stream or sys.stdout.buffer),
        cache_logger_on_first_use=stream is None,
    )
    _adopt_standard_library(number)
    _adopt_last_words()


@contextmanager
def bound(**ids: str) -> Iterator[None]:
    """Puts ids (pathway_id, correlation_id, request_id) on every line logged inside."""
    with bound_contextvars(**ids):
        yield


# ---- processors


class _Named:
    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _: Any, __: str, event: EventDict) -> EventDict:
        event["service"] = self._service
        return event


def _trace_id(_: Any, __: str, event: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid and "trace_id" not in event:
        event["trace_id"] = f"{context.trace_id:032x}"
    return event


def _exception(_: Any, __: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    error = sys.exception() if given is True else given
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = describe_exception(error)
    return event


def _masked(_: Any, __: str, event: EventDict) -> EventDict:
    return mask_mapping(event)


def _rendered(_: Any, __: str, event: EventDict) -> bytes:
    return orjson.dumps(event, default=lambda value: f"<{type(value).__name__}>")


# ---- exceptions


def describe_exception(error: BaseException) -> list[dict[str, Any]]:
    """The error and its causes: type, message where it can be trusted, frames without variables."""
    described: list[dict[str, Any]] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(described) < CAUSES:
        seen.add(id(current))
        described.append(_described(current))
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return described


def _described(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    described: dict[str, Any] = {
        "type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
        "message": message_of(error),
        "frames": _frames(error.__traceback__),
    }
    if isinstance(error, BaseExceptionGroup):
        described["errors"] = [_described(one) for one in error.exceptions[:CAUSES]]
    return described


def message_of(error: BaseException) -> str:
    """The masked message of an error whose writer quotes no data; of others only its length."""
    if _is_trusted(error):
        return mask_text(str(error))
    return f"withheld, {len(str(error))} characters"


def _is_trusted(error: BaseException) -> bool:
    kind = type(error)
    if isinstance(error, TimeoutError | ConnectionError) or f"{kind.__module__}.".startswith(
        TRUSTED
    ):
        return True
    return kind.__module__.startswith("pymongo.") and kind.__name__ in _TRUSTED_MONGO


def _frames(trace_back: TracebackType | None) -> list[str]:
    # No source lines: a literal in one could be somebody's, and the place says enough.
    frames = [
        f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(trace_back)
    ]
    return frames[-FRAMES:]


def _short(file: str) -> str:
    return "/".join(file.rsplit("/", 2)[-2:])


# ---- everybody else's logs


class _ToStructlog(logging.Handler):
    """Hands a record of the standard library to the same pipeline."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        # asyncio describes a failed task in its second line, with the text of the exception.
        first, _, _ = message.partition("\n")
        if record.name == "asyncio":
            first = first.partition(" exception=")[0]
        structlog.get_logger().log(
            record.levelno, first, logger=record.name, exc_info=record.exc_info
        )


def _adopt_standard_library(level: int) -> None:
    root = logging.getLogger()
    root.handlers[:] = [_ToStructlog()]
    root.setLevel(max(level, logging.INFO))
    logging.captureWarnings(True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # it writes query strings
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _adopt_last_words() -> None:
    """What Python would print itself, with the message, when nobody caught an exception."""

    def uncaught(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
        structlog.get_logger().critical("process.failed", exc_info=error)

    def in_thread(arguments: threading.ExceptHookArgs) -> None:
        structlog.get_logger().critical("thread.failed", exc_info=arguments.exc_value)

    def unraisable(arguments: "sys.UnraisableHookArgs") -> None:
        structlog.get_logger().error("exception.unraisable", exc_info=arguments.exc_value)

    sys.excepthook = uncaught
    threading.excepthook = in_thread
    sys.unraisablehook = unraisable
