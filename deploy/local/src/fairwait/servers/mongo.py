"""Where MongoDB is: SecantusDB as a child process, or a server that is already there."""

import sysconfig
from dataclasses import dataclass
from pathlib import Path

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from fairwait.servers.child import HOST, Child, ServerFailed, port_is_open
from fairwait.servers.external import External


class SecantusMongo(Child):
    """SecantusDB: MongoDB's protocol on one machine, for development and tests.

    What it has acknowledged survives `kill()`. It runs as a process of its own because of its
    licence (GPL-2.0), and is never imported.
    """

    description = "SecantusDB, embedded"

    def __init__(self, directory: Path) -> None:
        super().__init__("mongo", directory)

    @property
    def uri(self) -> str:
        return f"mongodb://{HOST}:{self.port}/?directConnection=true"

    def command(self) -> list[str]:
        return [
            str(secantus_script()),
            *("--host", HOST, "--port", str(self.port)),
            *("--storage-path", str(self.directory / "mongo")),
            "--sync-on-commit",  # without it a kill loses acknowledged writes
            *("--cache-size", "256M"),
            *("--noop-heartbeat-seconds", "10"),
            *("--oplog-max-entries", "200000"),
            *("--log-level", "WARNING"),
        ]

    async def answers(self) -> bool:
        return await port_is_open(self.port) and await mongo_answers(self.uri)


@dataclass(frozen=True)
class ExternalMongo(External):
    """A MongoDB that somebody else runs: a replica set, since Fairwait uses transactions."""

    uri: str
    description = "the MongoDB of FAIRWAIT_MONGO__URI"

    async def start(self) -> None:
        if not await mongo_answers(self.uri, seconds=10):
            raise ServerFailed("nothing answers at FAIRWAIT_MONGO__URI")


def secantus_script() -> Path:
    script = Path(sysconfig.get_path("scripts")) / "secantusd-py"
    if not script.exists():
        raise ServerFailed(
            "SecantusDB is not installed: `make setup` installs it on Python 3.11 to 3.13. "
            "FAIRWAIT_MONGO__URI names a MongoDB that is already there."
        )
    return script


async def mongo_answers(uri: str, seconds: float = 1) -> bool:
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(
        uri, serverSelectionTimeoutMS=int(seconds * 1000)
    )
    try:
        await client.admin.command("ping")
    except PyMongoError:
        return False
    else:
        return True
    finally:
        await client.close()
