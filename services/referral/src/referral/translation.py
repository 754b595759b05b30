"""Submissions on the wire as the values of the domain, and those as events on the wire."""

from dataclasses import replace

from chassis.messages import Received
from contracts.event import Envelope
from contracts.events import IdentityRecorded, ReferralReceived
from contracts.identifiers import is_synthetic, outward
from contracts.submissions import AttendanceRecorded, PathwayKey, ReferralMade
from contracts.submissions import Patient as SubmittedPatient
from referral.domain.attending import Attendance
from referral.domain.names import pathway_id
from referral.domain.pathway import Pathway, Person, Referral, source_of
from referral.domain.waiting import age_on
from referral.work import ReferralWork


def pathway_id_of(key: PathwayKey, secret: str) -> str:
    return pathway_id(key.issuer, key.identifier, secret)


def person_of(patient: SubmittedPatient) -> Person:
    return Person(
        nhs_number=str(patient.nhs_number),
        given_name=patient.given_name,
        family_name=patient.family_name,
        birth_date=patient.birth_date,
        sex=patient.sex,
        postcode=patient.postcode,
        address=tuple(patient.address),
        phone=patient.phone,
        email=patient.email,
        preferred_channel=patient.preferred_channel,
        language=patient.language,
    )


def referral_of(received: Received[ReferralMade], work: ReferralWork) -> Referral:
    made = received.submission
    return Referral(
        identifier=made.pathway.identifier,
        issuer=made.pathway.issuer,
        publisher=received.publisher,
        message_id=received.message_id,
        way_in=received.way_in,
        responsible_provider=made.responsible_provider,
        referring_organisation=made.referring_organisation,
        treatment_function=made.treatment_function,
        priority=made.priority,
        source=source_of(made.source_of_referral, made.referring_organisation, made.received_on),
        received_on=made.received_on,
        commissioner=made.commissioner,
        administrative_category=made.administrative_category,
        circumstances=tuple(sorted(set(made.circumstances))),
        travel_limit_miles=made.travel_limit_miles,
        recorded_at=work.now,
        separate_condition=made.separate_condition,
        interface_service=made.interface_service,
    )


def attendance_of(received: Received[AttendanceRecorded], work: ReferralWork) -> Attendance:
    told = received.submission
    return Attendance(
        provider=received.publisher,
        on=told.attended_on,
        attendance=told.attendance,
        outcome=told.outcome,
        rtt_status=told.rtt_status,
        message_id=received.message_id,
        recorded_at=work.now,
    )


# ---- events


def received_event(pathway: Pathway, origin: Envelope) -> ReferralReceived:
    person, referral = pathway.person, pathway.referral
    return ReferralReceived.following(
        origin,
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
        outward=outward(person.postcode) if person.postcode and not pathway.sensitive else None,
        commissioner=referral.commissioner,
        travel_limit_miles=referral.travel_limit_miles,
        synthetic=is_synthetic(person.nhs_number),
    )


def identity_event(pathway: Pathway, origin: Envelope) -> IdentityRecorded:
    """Who the patient is. The whereabouts of a sensitive patient are not told (PDS S-flag)."""
    person = pathway.person
    if pathway.sensitive:
        person = replace(person, postcode=None, address=(), phone=None, email=None)
    return IdentityRecorded.following(
        origin,
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
