"""What an operator may set for this service: `FAIRWAIT_MATCHING__...`."""

from pydantic import Field

from chassis.settings import Section, Settings


class MatchingSection(Section):
    """How long things stay open, and how soon a patient can be asked to come."""

    respond_days: int = Field(default=14, ge=1, le=90)
    hold_hours: int = Field(default=48, ge=1, le=336)
    # NHS Data Dictionary, REASONABLE OFFER: at least three weeks' notice, counted when the list is
    # made; what the patient accepts may be sooner by then, but never sooner than `soonest_days`.
    notice_days: int = Field(default=21, ge=0, le=90)
    soonest_days: int = Field(default=3, ge=0, le=30)
    # For a patient who named no travel limit of their own; None means that distance excludes nobody.
    travel_limit_miles: int | None = Field(default=None, ge=1, le=1000)


class MatchingSettings(Settings):
    """The settings of the process."""

    matching: MatchingSection = MatchingSection()
