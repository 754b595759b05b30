"""Submissions as they cross the wire, as the values that the domain decides over."""

from chassis.messages import Received
from contracts.submissions import AttendanceRecorded, PathwayKey, ReferralMade
from contracts.submissions import Patient as SubmittedPatient
from referral.domain.names import pathway_id
from referral.domain.pathway import Attendance, Person, Referral, source_of
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
