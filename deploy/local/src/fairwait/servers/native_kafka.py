"""Apache Kafka on the Java of this machine: its jars from Maven, one or more brokers in KRaft mode."""

import asyncio
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fairwait.servers.child import HOST, Child, ServerFailed, free_port, port_is_open
from fairwait.servers.kafka import kafka_answers

JAVA_NEEDED = 17  # Apache Kafka 4, Java versions: brokers need 17
POM = Path(__file__).resolve().parents[5] / "deploy" / "kafka" / "pom.xml"
CLUSTER_ID = "ZmFpcndhaXQtbG9jYWwtMQ"  # any 16 bytes; fixed, so that a restart is the same cluster

# Heap and compiler for a broker that lives for minutes, beside the tests that use it.
JAVA_FLAGS = (
    *("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)


class NativeKafka:
    """A cluster of Apache Kafka brokers, as production runs it: durable, idempotent.

    Topics are not created by mention; whoever needs one creates it.
    """

    idempotence = True
    durable = True

    def __init__(self, directory: Path, brokers: int = 1) -> None:
        self.brokers = [Broker(node, directory) for node in range(1, brokers + 1)]
        for broker in self.brokers:
            broker.cluster = self.brokers

    @property
    def description(self) -> str:
        return (
            f"Apache Kafka {kafka_version()}, {len(self.brokers)} broker(s) on this machine's Java"
        )

    @property
    def bootstrap(self) -> str:
        return ",".join(broker.address for broker in self.brokers)

    async def start(self) -> None:
        if reason := why_no_native_kafka():
            raise ServerFailed(f"Apache Kafka cannot run here: {reason}")
        jars = await asyncio.to_thread(kafka_jars)
        try:
            async with asyncio.TaskGroup() as group:
                for broker in self.brokers:
                    group.create_task(broker.start_from(jars))
        except* ServerFailed as failures:
            await self.kill()
            raise failures.exceptions[0] from None

    async def stop(self) -> None:
        await asyncio.gather(*(broker.stop() for broker in self.brokers))

    async def kill(self) -> None:
        """Kill every broker; one of several is `cluster.brokers[0].kill()`."""
        await asyncio.gather(*(broker.kill() for broker in self.brokers))

    async def restart(self) -> None:
        await self.kill()
        await self.start()

    def pause(self) -> None:
        for broker in self.brokers:
            broker.pause()

    def resume(self) -> None:
        for broker in self.brokers:
            broker.resume()


class Broker(Child):
    """One node, broker and controller at once."""

    cluster: "list[Broker]"
    jars: Path

    def __init__(self, node: int, directory: Path) -> None:
        super().__init__(f"kafka-{node}", directory)
        self.node = node
        self.controller_port = free_port()

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    async def start_from(self, jars: Path) -> None:
        self.jars = jars
        await asyncio.to_thread(self._format)
        await self.start()

    def command(self) -> list[str]:
        return [*self._java(), "kafka.Kafka", str(self._properties_file())]

    async def answers(self) -> bool:
        return await port_is_open(self.port) and await kafka_answers(
            self.address, brokers=len(self.cluster)
        )

    def _java(self) -> list[str]:
        return ["java", *JAVA_FLAGS, "-cp", f"{self.jars}/*"]

    def _format(self) -> None:
        """Write the cluster's first metadata, once; a log that is there stays as it is."""
        if (self.directory / self.name / "meta.properties").exists():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        formatted = subprocess.run(
            [
                *self._java(),
                *("kafka.tools.StorageTool", "format", "--ignore-formatted"),
                *("--cluster-id", CLUSTER_ID, "--config", str(self._properties_file())),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if formatted.returncode:
            raise ServerFailed(f"formatting {self.name} failed:\n{formatted.stdout[-2000:]}")

    def _properties_file(self) -> Path:
        file = self.directory / f"{self.name}.properties"
        lines = [f"{name}={value}" for name, value in self._properties().items()]
        file.write_text("\n".join(lines) + "\n")
        return file

    def _properties(self) -> dict[str, object]:
        voters = [f"{peer.node}@{HOST}:{peer.controller_port}" for peer in self.cluster]
        copies = min(3, len(self.cluster))
        acknowledged = max(1, copies - 1)
        return {
            "process.roles": "broker,controller",
            "node.id": self.node,
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://{HOST}:{self.controller_port}",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": ",".join(voters),
            "log.dirs": self.directory / self.name,
            "default.replication.factor": copies,
            "min.insync.replicas": acknowledged,
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": 3,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": acknowledged,
            "transaction.state.log.num.partitions": 3,
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": acknowledged,
            # A broker that was killed may come back once the controller has missed it: 9 s by default.
            "broker.session.timeout.ms": 3_000,
            "broker.heartbeat.interval.ms": 500,
            "group.initial.rebalance.delay.ms": 0,
            "auto.create.topics.enable": "false",  # as in production: a misspelt topic is an error
        }


def why_no_native_kafka() -> str | None:
    """What is missing to run Apache Kafka here, or None."""
    if shutil.which("mvn") is None:
        return "there is no mvn"
    if shutil.which("java") is None:
        return "there is no java"
    version = java_version()
    if version < JAVA_NEEDED:
        return f"java is version {version}, Apache Kafka needs {JAVA_NEEDED}"
    if not POM.exists():
        return f"{POM.name} of the source tree is not there"
    return None


def java_version() -> int:
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(version[1]) if version else 0


def kafka_version() -> str:
    version = re.search(r"<kafka\.version>(.+)</kafka\.version>", POM.read_text())
    assert version, f"{POM} names no kafka.version"
    return version[1]


def kafka_jars() -> Path:
    """The folder with Kafka's jars, kept between runs and outside the repository."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fairwait"
    jars = cache / f"kafka-{kafka_version()}"
    cache.mkdir(parents=True, exist_ok=True)

    with only_one_process(cache / "kafka.lock"):
        if not jars.exists():
            copy_jars_to(jars)
    return jars


def copy_jars_to(jars: Path) -> None:
    with tempfile.TemporaryDirectory(dir=jars.parent) as scratch:
        copied = subprocess.run(
            [
                *("mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"),
                *("-DincludeScope=runtime", f"-DoutputDirectory={scratch}/jars"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if copied.returncode:
            raise ServerFailed(f"mvn could not fetch Apache Kafka:\n{copied.stdout[-2000:]}")
        # Renamed when whole, so that an interrupted download is never taken for the jars.
        (Path(scratch) / "jars").rename(jars)


@contextmanager
def only_one_process(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
