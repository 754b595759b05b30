"""A patient moves from one provider to another while the clock runs."""

from datetime import date
from typing import Annotated

from pydantic import Field

from contracts.identifiers import OdsCode, TreatmentFunctionCode
from contracts.submissions.base import PathwayKey, Reference, RttStatusCode, Submission

Name = Annotated[str, Field(min_length=1, max_length=100)]


class TransferDecided(Submission, type="fairwait.submission.transfer_decided.v1"):
    """The provider that has the patient refers them on to another (`reason` 01), or asks another
    for an opinion (02) or a test (03), which moves no responsibility.

    With the fields below `reason` and what is known of the pathway, this is the Inter-Provider
    Transfer Administrative Minimum Data Set, due within 48 hours of the decision. The decision may
    be told alone, and the data set later under the same `reference`; it is complete, or refused.
    """

    pathway: PathwayKey
    reference: Reference
    receiving_provider: OdsCode
    decided_on: date
    reason: Annotated[str, Field(pattern=r"^(0[123]|9[89])$")]
    rtt_status: RttStatusCode | None = None
    rtt_start: date | None = None
    referring_treatment_function: TreatmentFunctionCode | None = None
    receiving_treatment_function: TreatmentFunctionCode | None = None
    care_professional: Name | None = None
    referrer_code: Annotated[str, Field(pattern=r"^[0-9A-Z]{6,8}$")] | None = None
    contact: Name | None = None
    gp_name: Name | None = None
    gp_practice: OdsCode | None = None
    local_patient_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z/-]{1,20}$")] | None = None
    service_requested_on: date | None = None
    organisations: list[OdsCode] = Field(default=[], max_length=20)


class TransferReceived(Submission, type="fairwait.submission.transfer_received.v1"):
    """The receiving provider confirms that the referral has arrived: from now on it is theirs."""

    pathway: PathwayKey
    reference: Reference
    received_on: date


class TransferCancelled(Submission, type="fairwait.submission.transfer_cancelled.v1"):
    """The patient stays where they are."""

    pathway: PathwayKey
    reference: Reference
    cancelled_on: date
