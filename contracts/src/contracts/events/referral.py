"""Facts of the referral service about a referral and its RTT clock."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.event import Event
from contracts.identifiers import OdsCode, TreatmentFunctionCode
from contracts.topics import REFERRAL

Sex = Literal["1", "2", "9"]  # NHS Data Dictionary: male, female, indeterminate
Priority = Literal["1", "2", "3"]  # routine, urgent, two-week wait (urgent suspected cancer)
WayIn = Literal["fhir", "bars", "http", "kafka", "hl7v2", "file"]
SourceValidity = Literal["valid", "defaulted", "contradicted", "missing"]


class ReferralReceived(Event, type="fairwait.referral.received.v1", topic=REFERRAL):
    """A valid referral has come in and has its pathway.

    Holds what matching and reporting need to know of the patient and nothing that names them:
    age, sex, and the outward half of the postcode.
    """

    publisher: OdsCode
    way_in: WayIn
    submission_id: str
    responsible_provider: OdsCode
    referring_organisation: OdsCode | None = None
    treatment_function: TreatmentFunctionCode
    priority: Priority
    source_of_referral: str | None = None
    source_validity: SourceValidity
    received_on: date
    age: int = Field(ge=0, le=130)
    sex: Sex
    outward: str | None = None
    commissioner: OdsCode | None = None
    travel_limit_miles: int | None = Field(default=None, ge=1, le=1000)
    synthetic: bool = False


class RightToChooseDecided(Event, type="fairwait.referral.right_decided.v1", topic=REFERRAL):
    """It has been decided whether the legal right to choose a provider applies, and why.

    `decision` is one of the codes of the rule set (RIGHT_A, NO_URGENT_OR_EMERGENCY, ...);
    `rule_set` and `policy_text` name the versions it was decided under.
    """

    decision: str
    applies: bool
    rule_set: str
    policy_text: str
    evidence: dict[str, str] = Field(default={})


class ClockStarted(Event, type="fairwait.referral.clock_started.v1", topic=REFERRAL):
    """The RTT clock ticks from `started_on`."""

    started_on: date
    status: str = Field(pattern=r"^\d\d$")


class ClockContinued(Event, type="fairwait.referral.clock_continued.v1", topic=REFERRAL):
    """An activity took place that did not stop the clock."""

    effective_on: date
    status: str = Field(pattern=r"^\d\d$")


class ClockStopped(Event, type="fairwait.referral.clock_stopped.v1", topic=REFERRAL):
    """The RTT clock stopped. `days_waited` counts London calendar dates from start to stop."""

    started_on: date
    stopped_on: date
    status: str = Field(pattern=r"^\d\d$")
    days_waited: int = Field(ge=0)


class RejectedItem(BaseModel):
    """One problem of a rejected submission: where it is and what to do, never the value."""

    model_config = ConfigDict(frozen=True)

    code: str
    pointer: str
    message: str


class SubmissionRejected(Event, type="fairwait.referral.rejected.v1", topic=REFERRAL):
    """A submission could not be accepted. Its subject is `rejection-` and a hash, no pathway."""

    publisher: OdsCode
    way_in: WayIn
    submission_id: str
    submission_type: str
    problems: list[RejectedItem]


class ReferralAmended(Event, type="fairwait.referral.changed.v1", topic=REFERRAL):
    """The referral is not as it was received; only what is given has changed."""

    changed_on: date
    priority: Priority | None = None
    treatment_function: TreatmentFunctionCode | None = None
    referring_organisation: OdsCode | None = None
    source_of_referral: str | None = None
    source_validity: SourceValidity | None = None
    commissioner: OdsCode | None = None
    travel_limit_miles: int | None = Field(default=None, ge=1, le=1000)


class ReferralWithdrawn(Event, type="fairwait.referral.cancelled.v1", topic=REFERRAL):
    """The referral was called off. `never_was`: it had been made by mistake and counts nowhere."""

    cancelled_on: date
    reason: str
    never_was: bool = False


class ChoiceWaived(Event, type="fairwait.referral.choice_not_offered.v1", topic=REFERRAL):
    """The patient has the right to choose and no choice was offered, for a coded reason."""

    decided_on: date
    reason: str
    policy_text: str


class RightToMoveDecided(
    Event, type="fairwait.referral.right_to_move_decided.v1", minor=1, topic=REFERRAL
):
    """The patient asked to be seen sooner elsewhere, and it was decided whether they have the right.

    `decision` is RIGHT_B_18W, RIGHT_B_WILL_PASS, or a refusal (NOT_B_WITHIN_18W, ...).
    """

    requested_on: date
    decision: str
    applies: bool
    rule_set: str
    policy_text: str
    evidence: dict[str, str] = Field(default={})
