"""Whether servers that somebody else runs are free for a new world."""

from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from pymongo import AsyncMongoClient

from contracts.topics import BY_NAME
from fairwait.servers import ExternalKafka, ExternalMongo, ServerFailed, Stack

PREFIX: Final = "fairwait_"


async def check_that_it_is_new(stack: Stack) -> None:
    """Raises `ServerFailed` for a given server that holds a world already.

    A run begins a new one, and never empties what it was given.
    """
    if isinstance(stack.mongo, ExternalMongo) and (found := await _databases(stack.mongo_uri)):
        raise ServerFailed(
            f"the MongoDB of FAIRWAIT_MONGO__URI already has {', '.join(found)}; "
            "a run needs one that holds no world of Fairwait"
        )
    if isinstance(stack.kafka, ExternalKafka) and (found := await _topics(stack.kafka_bootstrap)):
        raise ServerFailed(
            f"the Kafka of FAIRWAIT_KAFKA__BOOTSTRAP already has the topics {', '.join(found)}; "
            "a run needs one that holds no world of Fairwait"
        )


async def _databases(uri: str) -> list[str]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri)
    try:
        names = await client.list_database_names()
    finally:
        await client.close()
    return sorted(name for name in names if name.startswith(PREFIX))


async def _topics(bootstrap: str) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return sorted(BY_NAME.keys() & set(await admin.list_topics()))
    finally:
        await admin.close()
