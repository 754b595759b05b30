"""Every event of the system. Importing this package registers all types."""

from contracts.events.appointment import AppointmentAttended, AppointmentBooked
from contracts.events.capacity import CapacityDeclared, CapacityRefused
from contracts.events.dataset import DatasetPublished
from contracts.events.identity import IdentityRecorded
from contracts.events.notification import (
    NotificationDelivered,
    NotificationFailed,
    NotificationHandedOver,
    NotificationIntended,
)
from contracts.events.offer import (
    OfferAccepted,
    OfferExpired,
    OfferLapsed,
    OfferNotMade,
    OfferShortlisted,
    OfferStayed,
    OfferUnavailable,
    ShortlistOption,
    Wait,
)
from contracts.events.referral import (
    ClockContinued,
    ClockStarted,
    ClockStopped,
    ReferralReceived,
    RightToChooseDecided,
    SubmissionRejected,
)
from contracts.events.response import ProviderChosen, StayChosen

__all__ = [
    "AppointmentAttended",
    "AppointmentBooked",
    "CapacityDeclared",
    "CapacityRefused",
    "ClockContinued",
    "ClockStarted",
    "ClockStopped",
    "DatasetPublished",
    "IdentityRecorded",
    "NotificationDelivered",
    "NotificationFailed",
    "NotificationHandedOver",
    "NotificationIntended",
    "OfferAccepted",
    "OfferExpired",
    "OfferLapsed",
    "OfferNotMade",
    "OfferShortlisted",
    "OfferStayed",
    "OfferUnavailable",
    "ProviderChosen",
    "ReferralReceived",
    "RightToChooseDecided",
    "ShortlistOption",
    "StayChosen",
    "SubmissionRejected",
    "Wait",
]
