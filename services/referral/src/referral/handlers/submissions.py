"""Referrals and attendances, from whichever way in."""

from dataclasses import replace

from chassis.errors import Rejected
from chassis.messages import Received
from contracts.event import Envelope
from contracts.events import AppointmentAttended, RightToChooseDecided
from contracts.submissions import AttendanceRecorded, ReferralMade, Submission
from referral.domain import clock as rtt
from referral.domain.acceptance import may_refer, problems_of
from referral.domain.pathway import (
    AttendedPathway,
    Pathway,
    attend,
    differences,
    may_attend,
    opened,
)
from referral.domain.problems import Problem, ProblemCode
from referral.faults import DUPLICATE_MESSAGE_ID, FORBIDDEN_ORGANISATION, faults_of
from referral.handlers.rejections import entry_of
from referral.translation import (
    attendance_of,
    clock_event,
    identity_event,
    pathway_id_of,
    person_of,
    received_event,
    referral_of,
)
from referral.work import ReferralWork


async def receive_referral(received: Received[ReferralMade], work: ReferralWork) -> None:
    """Open a pathway for a new referral. A repeat changes nothing."""
    if await _is_repeat(received, work):
        return
    person, referral = person_of(received.submission.patient), referral_of(received, work)
    if not may_refer(received.publisher, referral):
        raise Rejected([FORBIDDEN_ORGANISATION.fault(pointer="/responsible_provider")])
    _refuse_if(
        problems_of(person, referral, work.today, allow_synthetic=work.rules.allow_synthetic)
    )

    pathway_id = pathway_id_of(received.submission.pathway, work.rules.pathway_secret)
    known = await work.pathways.get(pathway_id)
    origin = _origin(pathway_id, received)
    if known is None:
        await _open(opened(pathway_id, person, referral), origin, work)
    else:
        _refuse_if(differences(known, person, referral))
        await _record_person(replace(known, person=person), known, origin, work)
    await work.intake.save(entry_of(received, work, "accepted", pathway_id=pathway_id))


async def record_attendance(received: Received[AttendanceRecorded], work: ReferralWork) -> None:
    """Record that the patient was seen, and what that did to the clock."""
    if await _is_repeat(received, work):
        return
    pathway_id = pathway_id_of(received.submission.pathway, work.rules.pathway_secret)
    pathway = await work.pathways.get(pathway_id)
    if pathway is None:
        raise Rejected(faults_of([Problem(ProblemCode.UNKNOWN_PATHWAY, "/pathway/identifier")]))
    if not may_attend(pathway, received.publisher):
        raise Rejected([FORBIDDEN_ORGANISATION.fault(pointer="/pathway/identifier")])

    result = attend(pathway, attendance_of(received, work), work.today)
    if not isinstance(result, AttendedPathway):
        raise Rejected(faults_of(result))

    await work.pathways.save(result.pathway)
    await work.intake.save(entry_of(received, work, "accepted", pathway_id=pathway_id))
    await _publish_attendance(result, _origin(pathway_id, received), work)


async def _is_repeat(received: Received[Submission], work: ReferralWork) -> bool:
    entry = await work.intake.get(received.publisher, received.message_id)
    if entry is None:
        return False
    if entry.body_hash != received.body_hash:
        raise Rejected([DUPLICATE_MESSAGE_ID.fault()])
    return True


def _refuse_if(problems: list[Problem]) -> None:
    if problems:
        raise Rejected(faults_of(problems))


def _origin(pathway_id: str, received: Received[Submission]) -> Envelope:
    """What a submission causes belongs to the story of its pathway's first event."""
    first = f"referral.{pathway_id}.1"
    return Envelope(pathway_id, correlation_id=first, traceparent=received.traceparent)


async def _open(pathway: Pathway, origin: Envelope, work: ReferralWork) -> None:
    await work.pathways.save(pathway)
    received = await work.publish(received_event(pathway, origin))
    right = pathway.right
    await work.publish(
        RightToChooseDecided.after(
            received,
            decision=right.decision.value,
            applies=right.applies,
            rule_set=right.rule_set,
            policy_text=right.policy_text,
            evidence=right.evidence,
        )
    )
    for change in rtt.changes(rtt.History(), pathway.history, pathway.facts[0]):
        await work.publish(clock_event(change, received))
    await work.publish(identity_event(pathway, received.envelope))


async def _record_person(
    pathway: Pathway, known: Pathway, origin: Envelope, work: ReferralWork
) -> None:
    """The same referral told again: what can be new is how to reach the patient."""
    if pathway == known:
        return
    await work.pathways.save(pathway)
    await work.publish(identity_event(pathway, origin))


async def _publish_attendance(
    result: AttendedPathway, origin: Envelope, work: ReferralWork
) -> None:
    event = AppointmentAttended.following(
        origin,
        appointment_id=result.appointment.id,
        provider=result.appointment.provider,
        site=result.appointment.site,
        attended_on=result.seen.on,
        attendance=result.seen.attendance,
        outcome=result.seen.outcome,
    )
    attended = await work.publish(event)
    for change in result.changes:
        await work.publish(clock_event(change, attended))
