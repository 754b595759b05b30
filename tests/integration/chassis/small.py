"""The small service of these tests as a process: `python -m tests.integration.chassis.small`."""

from typing import Any

from chassis.service import Service, main
from tests.integration.chassis.world import Ledger, small_service


def small(**parts: Any) -> Service:
    """The service, with routes or background jobs of a test's own."""
    declaration = small_service(Ledger())
    return Service(
        name=declaration.name,
        handlers=declaration.handlers,
        streams=declaration.streams,
        keyed_by="matches",
        work=declaration.wrap,
        **parts,
    )


if __name__ == "__main__":
    main(small())
