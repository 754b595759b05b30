"""The names, days and times that all examples share: one synthetic patient's journey."""

from datetime import UTC, datetime
from typing import Final

from contracts.submissions import PathwayKey

PATHWAY: Final = "0f8fad5bd9cb469fa165708677289501"
SHORTLIST: Final = f"{PATHWAY}.1"
CAPACITY: Final = "NV7.NV701.110.2026-04-07T0900"
MESSAGE: Final = f"{PATHWAY}.choose-provider.{SHORTLIST}.email"
RELEASE: Final = "2026-04-12.1"
NOW: Final = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
START: Final = datetime(2026, 4, 7, 9, 0)  # noqa: DTZ001  (wall clock time in London)
START_UTC: Final = datetime(2026, 4, 7, 8, 0, tzinfo=UTC)
KEY: Final = PathwayKey(identifier="000000070001", issuer="X09")
