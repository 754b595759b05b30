"""Kafka and MongoDB together: which ones this run stands on, started and stopped in order."""

import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, Self

from fairwait.servers.child import ServerFailed
from fairwait.servers.kafka import ExternalKafka, TansuKafka
from fairwait.servers.mongo import ExternalMongo, SecantusMongo
from fairwait.servers.native_kafka import NativeKafka

StackKind = Literal["embedded", "native", "external"]


class Server(Protocol):
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


@dataclass(frozen=True)
class Stack:
    """The two servers, and how to reach them."""

    kafka: TansuKafka | NativeKafka | ExternalKafka
    mongo: SecantusMongo | ExternalMongo

    @classmethod
    @asynccontextmanager
    async def start(cls, kind: StackKind | None = None, *, directory: Path) -> AsyncIterator[Self]:
        """Both servers, answering; stopped in reverse order when the block ends.

        Without a kind, FAIRWAIT_STACK chooses, and a URL given in the settings wins over either.
        A stack is a new world: what an earlier one left in `directory/servers` goes first, unless
        that one still runs.
        """
        servers = directory / "servers"
        stack = cls.choose(kind, directory=servers)

        with only_one_stack(directory):
            shutil.rmtree(servers, ignore_errors=True)
            async with running(stack.mongo), running(stack.kafka):
                yield stack

    @classmethod
    def choose(
        cls,
        kind: StackKind | None = None,
        *,
        directory: Path,
        environment: Mapping[str, str] = os.environ,
    ) -> Self:
        """The servers to use, none of them started."""
        kind = kind or stack_kind(environment)
        return cls(
            kafka=choose_kafka(kind, directory, environment),
            mongo=choose_mongo(kind, directory, environment),
        )

    @property
    def kafka_bootstrap(self) -> str:
        return self.kafka.bootstrap

    @property
    def mongo_uri(self) -> str:
        return self.mongo.uri

    @property
    def idempotence(self) -> bool:
        """Whether producers may ask for idempotence; everything but the embedded broker has it."""
        return self.kafka.idempotence

    @property
    def durable(self) -> bool:
        """Whether records survive the broker."""
        return self.kafka.durable

    @property
    def description(self) -> str:
        return f"Kafka: {self.kafka.description}; MongoDB: {self.mongo.description}"

    def environment(self) -> dict[str, str]:
        """The settings by which a service in another process finds this stack."""
        return {
            "FAIRWAIT_KAFKA__BOOTSTRAP": self.kafka_bootstrap,
            "FAIRWAIT_KAFKA__IDEMPOTENCE": str(self.idempotence).lower(),
            "FAIRWAIT_MONGO__URI": self.mongo_uri,
        }


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[None]:
    await server.start()
    try:
        yield
    finally:
        await server.stop()


@contextmanager
def only_one_stack(directory: Path) -> Iterator[None]:
    """Refuse a directory whose servers are running; the lock ends with the process that holds it."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "servers.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerFailed(f"another run uses {directory}") from None
        yield


def stack_kind(environment: Mapping[str, str]) -> StackKind:
    match environment.get("FAIRWAIT_STACK") or "embedded":
        case "embedded" | "native" | "external" as kind:
            return kind
        case other:
            raise ServerFailed(f"FAIRWAIT_STACK is {other!r}, not embedded, native or external")


def choose_kafka(
    kind: StackKind, directory: Path, environment: Mapping[str, str]
) -> TansuKafka | NativeKafka | ExternalKafka:
    if bootstrap := environment.get("FAIRWAIT_KAFKA__BOOTSTRAP"):
        idempotence = environment.get("FAIRWAIT_KAFKA__IDEMPOTENCE", "true").lower()
        return ExternalKafka(bootstrap, idempotence=idempotence not in ("false", "0", "no", "off"))
    match kind:
        case "embedded":
            return TansuKafka(directory)
        case "native":
            return NativeKafka(directory)
        case "external":
            raise ServerFailed("an external stack needs FAIRWAIT_KAFKA__BOOTSTRAP")


def choose_mongo(
    kind: StackKind, directory: Path, environment: Mapping[str, str]
) -> SecantusMongo | ExternalMongo:
    if uri := environment.get("FAIRWAIT_MONGO__URI"):
        return ExternalMongo(uri)
    if kind == "external":
        raise ServerFailed("an external stack needs FAIRWAIT_MONGO__URI")
    return SecantusMongo(directory)
