"""What matching does about each event and timer: load, decide, save, publish."""

from matching.handlers.answers import take_choice, take_stay
from matching.handlers.choice import offer_choice, record_referral
from matching.handlers.lapsing import lapse_list
from matching.handlers.places import NoPlaceForBookingError, expire_hold, use_booked_place

__all__ = [
    "NoPlaceForBookingError",
    "expire_hold",
    "lapse_list",
    "offer_choice",
    "record_referral",
    "take_choice",
    "take_stay",
    "use_booked_place",
]
