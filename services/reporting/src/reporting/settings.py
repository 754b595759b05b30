"""What an operator may set for reporting."""

from pathlib import Path
from typing import Self

from pydantic import model_validator

from chassis.settings import Section, Settings
from contracts.identifiers import OdsCode


class ReportingSection(Section):
    """`FAIRWAIT_REPORTING__...`"""

    directory: Path = Path(".fairwait/dataset")  # where releases are kept, one folder each
    open: bool = False  # pages and files without a token, for one's own machine
    expected_publishers: tuple[OdsCode, ...] = ()  # named as missing until they have reported


class ReportingSettings(Settings):
    """All settings of the service."""

    reporting: ReportingSection = ReportingSection()

    @model_validator(mode="after")
    def _closed_in_production(self) -> Self:
        if self.production and self.reporting.open:
            raise ValueError("FAIRWAIT_REPORTING__OPEN shows patient-level rows to anybody")
        return self
