"""Which message goes to which handler."""

from collections.abc import Sequence
from typing import Any

from chassis.handlers import Handlers
from chassis.messages import Received
from contracts.events import (
    OfferAccepted,
    OfferExpired,
    OfferLapsed,
    OfferNotMade,
    OfferShortlisted,
    OfferStayed,
    OfferUnavailable,
    ProviderChosen,
    StayChosen,
)
from contracts.submissions import PatientChanged, PatientSubmission, ReferralMade, Submission
from referral.domain.names import patient_key
from referral.handlers import offers, people, rejections, transfers
from referral.handlers.taking import HANDLERS
from referral.translation import pathway_id_of
from referral.work import ReferralWork, Rules


def consumers(rules: Rules) -> Handlers:
    """The handlers of this service. The rules name the pathway that a submission belongs to."""
    registry = Handlers()

    @registry.key
    def key_of(submission: Submission) -> str:
        """The pathway a submission is about; for one about a person, a key of the person."""
        match submission:
            case PatientChanged(patient=patient):
                return f"patient-{patient_key(patient.nhs_number, rules.pathway_secret)}"
            case PatientSubmission(nhs_number=number):
                return f"patient-{patient_key(number, rules.pathway_secret)}"
            case _:
                key = submission.pathway  # type: ignore[attr-defined]  # all others have one
                return pathway_id_of(key, rules.pathway_secret)

    for kind, handler in HANDLERS.items():
        registry.on(kind)(handler)
    registry.on_timer(transfers.DATA_DUE)(transfers.raise_alarm)
    registry.on_timer(transfers.RECEIPT_DUE)(transfers.ask_a_person)
    registry.on_timer(people.SETTLING)(people.settle)
    registry.on_rejected(rejections.record_rejection)
    registry.on_refused(rejections.record_refusal)

    registry.on(OfferShortlisted)(offers.note_shortlist)
    registry.on(OfferNotMade)(offers.note_no_shortlist)
    registry.on(ProviderChosen, StayChosen)(offers.note_answer)
    registry.on(OfferStayed, OfferLapsed, OfferUnavailable, OfferExpired)(offers.note_outcome)
    registry.on(OfferAccepted)(offers.book_appointment)

    registry.preload(load_intake)
    return registry


async def load_intake(messages: Sequence[Any], work: ReferralWork) -> None:
    """What is known of the submissions of a batch and of whom they refer, in two reads."""
    await work.intake.load(
        (message.publisher, message.message_id)
        for message in messages
        if isinstance(message, Received) and type(message.submission) in HANDLERS
    )
    await work.persons.load(
        message.submission.patient.nhs_number
        for message in messages
        if isinstance(message, Received) and isinstance(message.submission, ReferralMade)
    )
