"""What this service does about each message: load, decide, save, publish."""

from dataclasses import replace

from chassis.clock import london_date
from chassis.errors import Rejected
from chassis.faults import INVALID, REQUIRED, Fault
from chassis.messages import Received, RefusedSubmission
from contracts.event import Event
from contracts.events import (
    AppointmentAttended,
    AppointmentBooked,
    ClockContinued,
    ClockStarted,
    ClockStopped,
    IdentityRecorded,
    OfferAccepted,
    OfferExpired,
    OfferLapsed,
    OfferNotMade,
    OfferShortlisted,
    OfferStayed,
    OfferUnavailable,
    ProviderChosen,
    ReferralReceived,
    RightToChooseDecided,
    StayChosen,
    SubmissionRejected,
)
from contracts.events.referral import RejectedItem
from contracts.identifiers import is_synthetic, outward
from contracts.submissions import AttendanceRecorded, ReferralMade, Submission
from referral.domain import clock as rtt
from referral.domain.acceptance import may_refer, problems_of
from referral.domain.appointments import Appointment, is_held
from referral.domain.choice import Outcome
from referral.domain.names import rejection_id
from referral.domain.pathway import (
    AttendedPathway,
    Pathway,
    Person,
    appointment_id,
    attend,
    booked,
    differences,
    may_attend,
    opened,
    shortlist,
    with_shortlist,
)
from referral.domain.problems import Problem, ProblemCode
from referral.domain.waiting import age_on
from referral.faults import DUPLICATE_MESSAGE_ID, FORBIDDEN_ORGANISATION, faults_of
from referral.repositories import Entry, Verdict
from referral.translation import attendance_of, pathway_id_of, person_of, referral_of
from referral.work import ReferralWork

# ---- submissions


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
    if known is None:
        await _open(opened(pathway_id, person, referral), work)
    else:
        _refuse_if(differences(known, person, referral))
        await _record_person(known, person, work)
    await work.intake.save(_entry(received, work, "accepted", pathway_id=pathway_id))


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
    await work.intake.save(_entry(received, work, "accepted", pathway_id=pathway_id))
    await _publish_attendance(result, work)


async def record_rejection(
    received: Received[Submission], faults: list[Fault], work: ReferralWork
) -> None:
    """Keep and publish why a submission was turned down, once."""
    entry = _entry(received, work, "rejected", faults=tuple(faults))
    await _reject(entry, work)


async def record_refusal(refused: RefusedSubmission, work: ReferralWork) -> None:
    """Keep and publish that the fields of a submission could not be read, once.

    One whose id was used before with another body is turned down for that.
    """
    if refused.type not in OURS:
        return
    await _reject(_refused_entry(refused, work), work)


OURS = frozenset({ReferralMade.type, AttendanceRecorded.type})


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


async def _open(pathway: Pathway, work: ReferralWork) -> None:
    await work.pathways.save(pathway)
    received = _received_event(pathway)
    await work.publish(received)
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
    for change in rtt.changes(rtt.History(), pathway.history, pathway.facts[-1]):
        await work.publish(_clock_event(change, received))
    await work.publish(_identity_event(pathway))


def _received_event(pathway: Pathway) -> ReferralReceived:
    person, referral = pathway.person, pathway.referral
    return ReferralReceived.about(
        pathway.id,
        publisher=referral.publisher,
        way_in=referral.way_in,
        submission_id=referral.message_id,
        responsible_provider=referral.responsible_provider,
        referring_organisation=referral.referring_organisation,
        treatment_function=referral.treatment_function,
        priority=referral.priority,
        source_of_referral=referral.source.code,
        source_validity=referral.source.validity.value,
        received_on=referral.received_on,
        age=age_on(person.birth_date, referral.received_on),
        sex=person.sex,
        outward=outward(person.postcode) if person.postcode else None,
        commissioner=referral.commissioner,
        travel_limit_miles=referral.travel_limit_miles,
        synthetic=is_synthetic(person.nhs_number),
    )


def _identity_event(pathway: Pathway) -> IdentityRecorded:
    person = pathway.person
    return IdentityRecorded.about(
        pathway.id,
        nhs_number=person.nhs_number,
        given_name=person.given_name,
        family_name=person.family_name,
        birth_date=person.birth_date,
        postcode=person.postcode,
        address=list(person.address),
        phone=person.phone,
        email=person.email,
        preferred_channel=person.preferred_channel,
        language=person.language,
    )


async def _record_person(known: Pathway, person: Person, work: ReferralWork) -> None:
    """The same referral told again: what is new is how to reach the patient."""
    if person == known.person:
        return
    pathway = replace(known, person=person)
    await work.pathways.save(pathway)
    await work.publish(_identity_event(pathway))


def _clock_event(change: rtt.Change, cause: Event) -> Event:
    match change:
        case rtt.Started():
            return ClockStarted.after(cause, started_on=change.started_on, status=change.status)
        case rtt.Continued():
            return ClockContinued.after(
                cause, effective_on=change.effective_on, status=change.status
            )
        case rtt.Ended():
            return ClockStopped.after(
                cause,
                started_on=change.started_on,
                stopped_on=change.stopped_on,
                status=change.status,
                days_waited=(change.stopped_on - change.started_on).days,
            )


async def _publish_attendance(result: AttendedPathway, work: ReferralWork) -> None:
    attended = AppointmentAttended.about(
        result.pathway.id,
        appointment_id=result.appointment.id,
        provider=result.appointment.provider,
        site=result.appointment.site,
        attended_on=result.seen.on,
        attendance=result.seen.attendance,
        outcome=result.seen.outcome,
    )
    await work.publish(attended)
    for change in result.changes:
        await work.publish(_clock_event(change, attended))


# ---- rejections


def _entry(
    received: Received[Submission],
    work: ReferralWork,
    verdict: Verdict,
    *,
    pathway_id: str | None = None,
    faults: tuple[Fault, ...] = (),
) -> Entry:
    return Entry(
        publisher=received.publisher,
        message_id=received.message_id,
        body_hash=received.body_hash,
        way_in=received.way_in,
        type=type(received.submission).type,
        day=work.today.isoformat(),
        received_at=work.now,
        verdict=verdict,
        pathway_id=pathway_id,
        faults=faults,
    )


def _refused_entry(refused: RefusedSubmission, work: ReferralWork) -> Entry:
    return Entry(
        publisher=refused.publisher,
        message_id=refused.message_id,
        body_hash=refused.body_hash,
        way_in=refused.way_in,
        type=refused.type,
        day=work.today.isoformat(),
        received_at=work.now,
        verdict="rejected",
        faults=tuple(_fault_at(*problem) for problem in refused.problems),
    )


def _fault_at(pointer: str, problem: str) -> Fault:
    kind = REQUIRED if problem == "missing" else INVALID
    return kind.fault(pointer=pointer)


async def _reject(entry: Entry, work: ReferralWork) -> None:
    """A message is rejected once: under its id, or beside the one that took its id."""
    first = await work.intake.get(entry.publisher, entry.message_id)
    if first is None:
        await work.intake.save(entry)
        await _publish_rejection(entry, work)
    elif first.body_hash != entry.body_hash:
        await _reject_reuse(replace(entry, faults=(DUPLICATE_MESSAGE_ID.fault(),)), work)


async def _reject_reuse(entry: Entry, work: ReferralWork) -> None:
    if await work.intake.reuse(entry.publisher, entry.message_id, entry.body_hash) is None:
        await work.intake.save_reuse(entry)
        await _publish_rejection(entry, work)


async def _publish_rejection(entry: Entry, work: ReferralWork) -> None:
    subject = rejection_id(entry.publisher, entry.message_id, entry.body_hash)
    await work.publish(
        SubmissionRejected.about(
            subject,
            publisher=entry.publisher,
            way_in=entry.way_in,
            submission_id=entry.message_id,
            submission_type=entry.type,
            problems=[
                RejectedItem(
                    code=fault.code,
                    pointer=fault.pointer or fault.expression or fault.header,
                    message=fault.message,
                )
                for fault in entry.faults
            ],
        )
    )


# ---- choice


async def note_shortlist(event: OfferShortlisted, work: ReferralWork) -> None:
    """Put on record that a choice was offered, and of how many providers."""
    pathway = await work.pathways.known(event.pathway_id)

    offered = replace(
        shortlist(pathway, event.shortlist_id),
        options=len(event.options),
        offered_on=london_date(event.envelope.time),
        respond_by=event.respond_by,
    )
    await work.pathways.save(with_shortlist(pathway, offered))


async def note_no_shortlist(event: OfferNotMade, work: ReferralWork) -> None:
    """Put on record that there was nobody else to offer."""
    pathway = await work.pathways.known(event.pathway_id)

    none = replace(
        shortlist(pathway, event.shortlist_id),
        options=0,
        offered_on=london_date(event.envelope.time),
        outcome="not_made",
        provider=event.current_provider,
    )
    await work.pathways.save(with_shortlist(pathway, none))


async def note_answer(event: ProviderChosen | StayChosen, work: ReferralWork) -> None:
    """Put on record what the patient answered."""
    pathway = await work.pathways.known(event.pathway_id)

    known = shortlist(pathway, event.shortlist_id)
    answered = replace(
        known,
        answer="provider" if isinstance(event, ProviderChosen) else "stay",
        answered_on=london_date(event.envelope.time),
        answered_by=event.answered_by,
        provider=event.provider if isinstance(event, ProviderChosen) else known.provider,
    )
    await work.pathways.save(with_shortlist(pathway, answered))


OUTCOMES: dict[type[Event], Outcome] = {
    OfferStayed: "stayed",
    OfferLapsed: "lapsed",
    OfferUnavailable: "unavailable",
    OfferExpired: "expired",
}


async def note_outcome(
    event: OfferStayed | OfferLapsed | OfferUnavailable | OfferExpired, work: ReferralWork
) -> None:
    """Put on record how an offer of choice ended without a booking."""
    pathway = await work.pathways.known(event.pathway_id)

    ended = replace(
        shortlist(pathway, event.shortlist_id),
        outcome=OUTCOMES[type(event)],
        provider=event.provider,
    )
    await work.pathways.save(with_shortlist(pathway, ended))


async def book_appointment(event: OfferAccepted, work: ReferralWork) -> None:
    """Book the place that is held, while it is held and the patient still waits."""
    pathway = await work.pathways.known(event.pathway_id)
    accepted = replace(
        shortlist(pathway, event.shortlist_id), outcome="accepted", provider=event.provider
    )
    pathway = with_shortlist(pathway, accepted)

    with_booking = None
    if is_held(event.held_until, work.now) and isinstance(pathway.history.clock, rtt.Ticking):
        appointment = _appointment_of(event, work)
        with_booking = booked(pathway, appointment)
    await work.pathways.save(with_booking or pathway)
    if with_booking is not None:
        await work.publish(_booked_event(with_booking.appointments[-1], event))


def _appointment_of(event: OfferAccepted, work: ReferralWork) -> Appointment:
    return Appointment(
        id=appointment_id(event.pathway_id, event.shortlist_id, event.session),
        provider=event.provider,
        site=event.site,
        booked_on=work.today,
        starts_at=event.starts_at,
        session=event.session,
        shortlist_id=event.shortlist_id,
    )


def _booked_event(appointment: Appointment, cause: OfferAccepted) -> AppointmentBooked:
    return AppointmentBooked.after(
        cause,
        appointment_id=appointment.id,
        provider=appointment.provider,
        site=appointment.site,
        session=cause.session,
        local_start=appointment.local_start,
        starts_at=cause.starts_at,
        booked_on=appointment.booked_on,
    )
