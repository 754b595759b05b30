"""Facts of the referral service about the person of a pathway, without naming them."""

from datetime import date
from typing import Literal

from contracts.event import Event
from contracts.identifiers import OdsCode
from contracts.topics import REFERRAL


class DeathRecorded(Event, type="fairwait.referral.patient_died.v1", topic=REFERRAL):
    """The patient has died. Nothing may reach them any more."""

    died_on: date
    status: Literal["formal", "informal"] = "formal"


class DeathWithdrawn(Event, type="fairwait.referral.patient_death_withdrawn.v1", topic=REFERRAL):
    """The patient is alive: their death was recorded by mistake."""


class PracticeChanged(Event, type="fairwait.referral.practice_changed.v1", topic=REFERRAL):
    """The patient is registered with another general practice, or with none."""

    practice: OdsCode | None = None
    changed_on: date
