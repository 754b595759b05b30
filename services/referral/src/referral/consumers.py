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
from contracts.submissions import AttendanceRecorded, ReferralMade
from referral.handlers import offers, rejections, submissions
from referral.translation import pathway_id_of
from referral.work import ReferralWork, Rules


def consumers(rules: Rules) -> Handlers:
    """The handlers of this service. The rules name the pathway that a submission belongs to."""
    registry = Handlers()

    @registry.key
    def pathway_of(submission: ReferralMade | AttendanceRecorded) -> str:
        return pathway_id_of(submission.pathway, rules.pathway_secret)

    registry.on(ReferralMade)(submissions.receive_referral)
    registry.on(AttendanceRecorded)(submissions.record_attendance)
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
    """What is known of the submissions of a batch, in one read."""
    await work.intake.load(
        (message.publisher, message.message_id)
        for message in messages
        if isinstance(message, Received) and isinstance(message.submission, _OURS)
    )


_OURS = ReferralMade | AttendanceRecorded
