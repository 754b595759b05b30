"""Referrals and attendances, from whichever way in."""

from chassis.errors import Rejected
from chassis.messages import Received
from contracts.event import Envelope, Event
from contracts.submissions import AttendanceRecorded, ReferralMade
from referral.domain import clock as rtt
from referral.domain.acceptance import may_refer, problems_of
from referral.domain.attending import attend
from referral.domain.completeness import lacking
from referral.domain.pathway import Pathway, differences, opened
from referral.domain.people import told_again
from referral.domain.persons import as_told
from referral.domain.steps import Result
from referral.faults import FORBIDDEN_ORGANISATION
from referral.handlers.arriving import is_repeat, origin_of, refuse_if, step_of_pathway
from referral.handlers.rejections import entry_of
from referral.telling import clock_event, event_of, right_event
from referral.translation import (
    attendance_of,
    identity_event,
    pathway_id_of,
    person_of,
    received_event,
    referral_of,
)
from referral.work import ReferralWork


async def receive_referral(received: Received[ReferralMade], work: ReferralWork) -> None:
    """Open a pathway for a new referral. A repeat changes nothing."""
    if await is_repeat(received, work):
        return
    person, referral = person_of(received.submission.patient), referral_of(received, work)
    if not may_refer(received.publisher, referral):
        raise Rejected([FORBIDDEN_ORGANISATION.fault(pointer="/responsible_provider")])
    refuse_if(problems_of(person, referral, work.today, allow_synthetic=work.rules.allow_synthetic))

    pathway_id = pathway_id_of(received.submission.pathway, work.rules.pathway_secret)
    known = await work.pathways.get(pathway_id)
    origin = origin_of(pathway_id, received.traceparent)
    if known is None:
        said = await _open(opened(pathway_id, person, referral), origin, work)
    else:
        refuse_if(differences(known, person, referral))
        said = await _record_person(told_again(known, person), known, origin, work)
    await work.intake.save(
        entry_of(
            received,
            work,
            "accepted",
            pathway_id=pathway_id,
            about=[pathway_id],
            said=said,
            lacking=lacking(person, referral),
        )
    )


def _attend(pathway: Pathway, received: Received[AttendanceRecorded], work: ReferralWork) -> Result:
    return attend(pathway, attendance_of(received, work), work.today)


record_attendance = step_of_pathway(AttendanceRecorded, _attend)
"""Record that the patient was seen, and what that did to the clock."""


async def _open(referred: Pathway, origin: Envelope, work: ReferralWork) -> list[Event]:
    """Open a pathway of whom the person is known to be by now: under another number, or dead."""
    records = await work.persons.around(referred.person.nhs_number)
    known = as_told(referred, records, work.rules.national_services, work.now)
    pathway = known.pathway
    await work.pathways.save(pathway)
    received = await work.publish(received_event(pathway, origin))
    begun = [
        clock_event(change, received.envelope)
        for change in rtt.changes(rtt.History(), referred.history, referred.facts[0])
    ]
    caused = [
        right_event(pathway.right, received.envelope),
        *begun,
        *(event_of(pathway, one, received.envelope) for one in known.told),
        identity_event(pathway, received.envelope),
    ]
    return [received, *[await work.publish(event) for event in caused]]


async def _record_person(
    pathway: Pathway, known: Pathway, origin: Envelope, work: ReferralWork
) -> list[Event]:
    """The same referral told again: what can be new is how to reach the patient."""
    if pathway == known:
        return []
    await work.pathways.save(pathway)
    return [await work.publish(identity_event(pathway, origin))]
