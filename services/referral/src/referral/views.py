"""A pathway as its trusts may see it, as JSON."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from referral.domain import clock as rtt
from referral.domain.appointments import Appointment, Cancelled, Missed
from referral.domain.days import ZONE, london_date
from referral.domain.pathway import Pathway, PathwayStatus, as_seen
from referral.domain.transfers import Transfer


class View(BaseModel):
    """A JSON answer."""

    model_config = ConfigDict(frozen=True)


class PatientView(View):
    nhs_number: str
    given_name: str
    family_name: str
    birth_date: date
    sex: str


class PeriodView(View):
    """An RTT period; open while `stopped_on` is null."""

    started_on: date
    start_status: str
    stopped_on: date | None
    stop_status: str | None


class RightView(View):
    """The decision on the right to choose, and the versions it was made under."""

    decision: str
    applies: bool
    rule_set: str
    policy_text: str
    evidence: dict[str, str]


class UnfittingView(View):
    """A report that does not fit what else is known of the clock, and why."""

    rtt_status: str
    effective_on: date
    publisher: str
    reason: str


class CustodyView(View):
    """Who was responsible, and from which day on."""

    provider: str
    effective_on: date
    because: str


class TransferView(View):
    transfer_id: str
    referring_provider: str
    receiving_provider: str
    reason: str
    decided_on: date
    due_at: str
    state: str
    overdue: bool
    unconfirmed: bool


class ShortlistView(View):
    shortlist_id: str
    options: int | None
    offered_on: date | None
    respond_by: date | None
    answer: str | None
    answered_on: date | None
    answered_by: str | None
    outcome: str | None
    provider: str | None


class AppointmentView(View):
    """`local_start` is the wall clock in `zone`, `starts_at` the instant."""

    appointment_id: str
    provider: str
    site: str
    booked_on: date
    local_start: str | None
    zone: str
    starts_at: str | None
    attended_on: date | None
    ended: Literal["cancelled", "missed", "deleted"] | None
    ended_on: date | None
    reason: str | None
    change_requested: bool


class PathwaySummary(View):
    """A line of a trust's list. `days_waited` are calendar dates to today or to the stop."""

    pathway_id: str
    identifier: str
    issuer: str
    status: PathwayStatus
    provider: str
    treatment_function: str
    started_on: date
    days_waited: int


class PathwayView(PathwaySummary):
    """Everything of a pathway that its trusts may see."""

    patient: PatientView
    responsible_provider: str
    referring_organisation: str | None
    priority: str
    received_on: date
    source_of_referral: str | None
    source_validity: str
    right_to_choose: RightView
    as_at: date
    as_known_on: date
    to_validate: bool
    periods: list[PeriodView]
    unfitting: list[UnfittingView]
    responsible: list[CustodyView]
    transfers: list[TransferView]
    died_on: date | None
    cancelled_on: date | None
    choice_not_offered: str | None
    shortlists: list[ShortlistView]
    appointments: list[AppointmentView]


def summary(pathway: Pathway, today: date) -> dict[str, Any]:
    return {
        "pathway_id": pathway.id,
        "identifier": pathway.referral.identifier,
        "issuer": pathway.referral.issuer,
        "status": pathway.status,
        "provider": pathway.provider,
        "treatment_function": pathway.referral.treatment_function,
        "started_on": pathway.started_on,
        "days_waited": pathway.days_waited(today) or 0,
    }


def known_from(pathway: Pathway) -> date:
    """The first day on which anything was known of it."""
    return london_date(pathway.referral.recorded_at)


def pathway_view(whole: Pathway, *, as_at: date, known_on: date) -> PathwayView:
    """The pathway as it stood on a day, as far as was known on another."""
    pathway = as_seen(whole, as_at=as_at, known_on=known_on)
    person, referral, right = pathway.person, pathway.referral, pathway.right
    return PathwayView(
        **summary(pathway, as_at),
        patient=PatientView(
            nhs_number=str(person.nhs_number),
            given_name=person.given_name,
            family_name=person.family_name,
            birth_date=person.birth_date,
            sex=person.sex,
        ),
        responsible_provider=referral.responsible_provider,
        referring_organisation=referral.referring_organisation,
        priority=referral.priority,
        received_on=referral.received_on,
        source_of_referral=referral.source.code,
        source_validity=referral.source.validity.value,
        right_to_choose=RightView(
            decision=right.decision.value,
            applies=right.applies,
            rule_set=right.rule_set,
            policy_text=right.policy_text,
            evidence=right.evidence,
        ),
        as_at=as_at,
        as_known_on=known_on,
        to_validate=pathway.to_validate,
        periods=[
            PeriodView.model_validate(one, from_attributes=True) for one in pathway.history.periods
        ],
        unfitting=[_unfitting(one) for one in pathway.history.unused],
        responsible=[
            CustodyView.model_validate(one, from_attributes=True) for one in pathway.custody
        ],
        transfers=[_transfer_view(one) for one in pathway.transfers],
        died_on=pathway.death.on if pathway.death else None,
        cancelled_on=pathway.cancellation.on if pathway.cancellation else None,
        choice_not_offered=pathway.waiver.reason if pathway.waiver else None,
        shortlists=[
            ShortlistView.model_validate(one, from_attributes=True) for one in pathway.shortlists
        ],
        appointments=[_appointment_view(one) for one in pathway.appointments],
    )


def _unfitting(unused: rtt.Unused) -> UnfittingView:
    return UnfittingView(
        rtt_status=unused.fact.status,
        effective_on=unused.fact.effective_on,
        publisher=unused.fact.actor,
        reason=unused.refusal.value,
    )


def _transfer_view(transfer: Transfer) -> TransferView:
    return TransferView(
        transfer_id=transfer.id,
        referring_provider=transfer.referring_provider,
        receiving_provider=transfer.receiving_provider,
        reason=transfer.reason,
        decided_on=transfer.decided_on,
        due_at=transfer.due_at.isoformat(),
        state=transfer.state.value,
        overdue=transfer.overdue,
        unconfirmed=transfer.unconfirmed,
    )


def _appointment_view(appointment: Appointment) -> AppointmentView:
    local, instant, end = appointment.local_start, appointment.starts_at, appointment.ended
    return AppointmentView(
        appointment_id=appointment.id,
        provider=appointment.provider,
        site=appointment.site,
        booked_on=appointment.booked_on,
        local_start=local.isoformat() if local else None,
        zone=ZONE,
        starts_at=instant.isoformat() if instant else None,
        attended_on=appointment.attended.on if appointment.attended else None,
        ended=end.kind if end else None,
        ended_on=end.on if end else None,
        reason=end.reason if isinstance(end, Cancelled | Missed) else None,
        change_requested=any(one.granted is None for one in appointment.requests),
    )
