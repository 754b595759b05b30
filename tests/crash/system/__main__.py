"""`python -m tests.crash.system [--pathways N] [--seed N] [--no-kills]`: a crash run by hand."""

import argparse
import asyncio
import logging
import tempfile
import time
from pathlib import Path

from fairwait.servers import Stack
from tests.crash.system.plan import Plan
from tests.crash.system.runs import everything_dies, judged_run
from tests.crash.system.story import Killing


async def _run(plan: Plan, killing: Killing) -> None:
    directory = Path(tempfile.mkdtemp(prefix="fairwait-crash-"))
    begun = time.monotonic()
    async with Stack.start(directory=directory / "stack") as stack:
        report = await judged_run(stack, directory, plan, killing)
    print(report, f"{time.monotonic() - begun:.0f} s", sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.crash.system", description=__doc__)
    parser.add_argument("--pathways", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-kills", action="store_true")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("tests").setLevel(logging.INFO)
    killing = Killing() if asked.no_kills else everything_dies(asked.seed, kafka=False)
    asyncio.run(_run(Plan(asked.seed, asked.pathways), killing))


if __name__ == "__main__":
    main()
