"""What matching does about each event and timer: load, decide, save, publish."""

from matching.handlers.answers import take_choice, take_stay
from matching.handlers.choice import offer_choice, record_referral
from matching.handlers.lapsing import lapse_list
from matching.handlers.places import NoPlaceForBookingError, expire_hold, use_booked_place
from matching.handlers.rematching import alert_booked, displace, rematch_offered

__all__ = [
    "NoPlaceForBookingError",
    "alert_booked",
    "displace",
    "expire_hold",
    "lapse_list",
    "offer_choice",
    "record_referral",
    "rematch_offered",
    "take_choice",
    "take_stay",
    "use_booked_place",
]
