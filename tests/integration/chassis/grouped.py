"""Many requests at once over one database, in a process that can be told where to die.

`python -m tests.integration.chassis.grouped URI DATABASE`: writes the key of each request that was
told that its work is durable.
"""

import asyncio
import os
import sys
from typing import Final, cast

from chassis import kill_points
from chassis.clock import SystemClock
from chassis.engine import Declaration, Engine
from chassis.handlers import Handlers
from chassis.mongo import Mongo, MongoStore
from chassis.outbox import Outbox
from chassis.units import Units
from chassis.work import Work
from contracts.events import OfferStayed

REQUESTS: Final = 60
AT_ONCE: Final = 12
KILL_POINT: Final = "FAIRWAIT_KILL_POINT"


def units_over(mongo: Mongo) -> Units:
    declaration = Declaration("matching", Handlers(), {"offer": "matches"}, {}, lambda work: work)
    store = MongoStore(mongo)
    engine = Engine(declaration, store, cast(Outbox, None), SystemClock(), lambda *_: "")
    return Units(engine, store, lambda: None)


async def take(key: str, work: Work) -> None:
    """Two documents and an event, which are only ever there together."""
    await work.documents("matches").put(key, {"taken": True})
    await work.documents("sessions").put(key, {"taken": True})
    await work.publish(OfferStayed.about(key, shortlist_id="s", provider="RJ1"))


async def main(uri: str, database: str) -> None:
    mongo = Mongo(uri, database)
    units = units_over(mongo)
    kill_points.arm_as_set(os.environ.get(KILL_POINT, ""))

    async def sender(first: int) -> None:
        for number in range(first, REQUESTS, AT_ONCE):
            await units.run(take, f"k-{number}")
            os.write(sys.stdout.fileno(), f"k-{number}\n".encode())

    await asyncio.gather(*map(sender, range(AT_ONCE)))
    mongo.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
