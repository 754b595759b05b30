"""What a provider tells of the RTT clock itself, and takes back."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from contracts.identifiers import ConsultantCode
from contracts.submissions.base import MessageId, PathwayKey, RttStatusCode, Submission


class ClockReported(Submission, type="fairwait.submission.clock_reported.v1"):
    """An RTT status took effect on a day; `rtt_status` says what that did to the clock.

    `administrative` is FIRST ATTENDANCE 5: the clock stopped without the patient being there.
    `because` says why a period started again (11), or why active monitoring began (32) where that
    is disputed: after declined offers only a named clinician decides, the patient agrees, and the
    policy is named. `corrects` is an earlier message of the same publisher, whose status this takes
    the place of.
    """

    pathway: PathwayKey
    rtt_status: RttStatusCode
    effective_on: date
    administrative: bool = False
    because: (
        Literal["monitoring_ended", "new_treatment", "bilateral_ready", "declined_offers"] | None
    ) = None
    decided_by: ConsultantCode | None = None
    agreed_with_patient_on: date | None = None
    policy: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    corrects: MessageId | None = None


class ClockReportWithdrawn(Submission, type="fairwait.submission.clock_report_withdrawn.v1"):
    """What an earlier message of the same publisher said of the clock was never so."""

    pathway: PathwayKey
    withdraws: MessageId
