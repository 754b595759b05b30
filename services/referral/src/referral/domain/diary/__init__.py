"""The diary of a pathway: appointments and admissions booked, moved, called off, missed."""

from referral.domain.diary.admitting import AdmissionStepTold, admit
from referral.domain.diary.booking import Booking, book, may_go_on
from referral.domain.diary.common import Teller, Time
from referral.domain.diary.ending import NonAttendance, cancel, delete, miss
from referral.domain.diary.rebooking import (
    ChangeDecision,
    Move,
    ask_for_change,
    decide_change,
    rebook,
)

__all__ = [
    "AdmissionStepTold",
    "Booking",
    "ChangeDecision",
    "Move",
    "NonAttendance",
    "Teller",
    "Time",
    "admit",
    "ask_for_change",
    "book",
    "cancel",
    "decide_change",
    "delete",
    "may_go_on",
    "miss",
    "rebook",
]
