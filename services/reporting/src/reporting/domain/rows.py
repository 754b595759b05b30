"""From a record to its rows: where a pathway stands, how long it has waited, what was done."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, TypeAlias, get_args

from contracts.codes import UnknownCode, rtt_group_of
from reporting.domain.facts import (
    Accepted,
    Attended,
    Booked,
    Chose,
    Continued,
    Ended,
    NotMade,
    Referred,
    RightDecided,
    Sector,
    Shortlisted,
    Source,
    Started,
    Stopped,
    Transferred,
)
from reporting.domain.projection import PathwayRecord
from reporting.domain.weeks import (
    BREACH_WEEKS,
    DAYS,
    age_band,
    days_waited,
    is_over,
    rtt_band,
    wait_band,
    week_ending,
)

SCHEMA_VERSION: Final = "1.1.0"

State: TypeAlias = Literal[
    "waiting",  # no list is open: none was made, or the next one is being made
    "shortlisted",
    "stayed",
    "lapsed",
    "accepted",
    "booked",
    "attended",
    "treated",
    "stopped",  # the clock stopped without treatment
]
STATES: Final[tuple[State, ...]] = get_args(State)

ChoiceState: TypeAlias = Literal[
    "not_offered",
    "no_provider",  # there was no other provider to offer
    "offered",
    "chosen",
    "stayed",
    "lapsed",
]
CHOICE_STATES: Final[tuple[ChoiceState, ...]] = get_args(ChoiceState)

TREATED = "30"  # RTT status: first definitive treatment
NULLIFIED = "33"  # RTT status: did not attend the first activity; not counted in measurement
OFFERED_PROVIDERS = 5  # national policy on choice at referral: five, or the reason why not

# What rows are made from: an activity from the first, a pathway also from the patient's answers.
# Messages change no row.
ROW_TOPICS: Final = ("appointment", "offer", "referral")
PATHWAY_TOPICS: Final = (*ROW_TOPICS, "response")

# Forms of ODS codes (trust: R or T and two more; independent: N and two, or 8 and four).
_NHS_CODE = re.compile(r"[RT][0-9A-Z]{2}(?:[0-9A-Z]{2})?")
_INDEPENDENT_CODE = re.compile(r"N[0-9A-Z]{2}(?:[0-9A-Z]{2})?|8[0-9A-Z]{4}")


def is_pathway(record: PathwayRecord) -> bool:
    """Whether a referral was received: only then does the record count as a pathway."""
    return record.first(Referred) is not None


# ---- where it stands


def state_of(record: PathwayRecord) -> State:
    """The one state of a pathway. The clock decides before the attendance, that before the offer."""
    clock = record.newest("referral", Started, Continued, Stopped)
    if isinstance(clock, Stopped):
        return "treated" if clock.status == TREATED else "stopped"
    if record.first(Attended):
        return "attended"

    offer = _newest_offer(record)
    if isinstance(offer, Accepted):
        return "booked" if _is_booked(record, offer) else "accepted"
    if isinstance(offer, Shortlisted):
        return "shortlisted"
    if isinstance(offer, Ended) and offer.how in ("stayed", "lapsed"):
        return offer.how
    return "waiting"


def choice_state_of(record: PathwayRecord) -> ChoiceState:
    """How far the patient's choice of a provider has come, whatever was done since."""
    offer = _newest_offer(record)
    if offer is None:
        return "not_offered"
    if isinstance(offer, NotMade):
        return "no_provider"
    if isinstance(offer, Accepted):
        return "chosen"
    if isinstance(offer, Ended) and offer.how in ("stayed", "lapsed"):
        return offer.how
    return "offered"


def _newest_offer(record: PathwayRecord) -> Shortlisted | NotMade | Accepted | Ended | None:
    offer = record.newest("offer", Shortlisted, NotMade, Accepted, Ended)
    assert offer is None or isinstance(offer, (Shortlisted, NotMade, Accepted, Ended))
    return offer


def _is_booked(record: PathwayRecord, offer: Accepted) -> bool:
    return any(booked.session == offer.session for _, booked in record.each(Booked))


def sector_of(provider: str, record: PathwayRecord) -> Sector | None:
    """NHS or independent, as an offer said, otherwise by the form of the code; None: not known."""
    told = _sectors(record).get(provider)
    if told is not None:
        return told
    if _NHS_CODE.fullmatch(provider):
        return "NHS"
    if _INDEPENDENT_CODE.fullmatch(provider):
        return "IS"
    return None


def _sectors(record: PathwayRecord) -> Mapping[str, Sector]:
    listed = {
        provider: sector
        for _, shortlisted in record.each(Shortlisted)
        for provider, sector in shortlisted.options
    }
    return listed | {held.provider: held.sector for _, held in record.each(Accepted)}


# ---- the clock


@dataclass(frozen=True, slots=True)
class Clock:
    """The RTT clock as it stands on a day. `days` is None where the start cannot be right."""

    started_on: date | None
    stopped_on: date | None
    status: str | None
    days: int | None


def clock_of(record: PathwayRecord, as_at: date) -> Clock:
    """The clock of the newest RTT period, up to its stop or to `as_at`."""
    started = record.last(Started)
    newest = record.newest("referral", Started, Continued, Stopped)
    status = newest.status if isinstance(newest, (Started, Continued, Stopped)) else None

    if isinstance(newest, Stopped):
        days = days_waited(newest.started_on, newest.on)
        return Clock(newest.started_on, newest.on, status, days)
    if started is None:
        return Clock(None, None, status, None)
    return Clock(started.on, None, status, days_waited(started.on, as_at))


# ---- the row of a pathway


def pathway_row(record: PathwayRecord, as_at: date) -> dict[str, Any]:
    """The row of a pathway as it stands at the end of `as_at`. The record is one (`is_pathway`)."""
    referred = record.first(Referred)
    assert referred is not None
    provider, site = where(record, referred)
    return {
        "pathway_id": record.subject,
        "as_at": as_at,
        "week_ending": week_ending(as_at),
        "state": state_of(record),
        "provider": provider,
        "site": site,
        "provider_type": sector_of(provider, record),
        "provider_referred_to": referred.provider,
        **_about_the_referral(referred, as_at),
        **_about_the_choice(record, referred),
        **_about_the_clock(clock_of(record, as_at)),
        "first_appointment_on": _first_appointment(record),
        "attendances": len(_attendances(record)),
        "schema_version": SCHEMA_VERSION,
    }


def where(record: PathwayRecord, referred: Referred) -> tuple[str, str | None]:
    """The provider that is responsible now, and the site where that is known."""
    offer = _newest_offer(record)
    accepted = (offer.provider, offer.site) if isinstance(offer, Accepted) else None
    transferred = record.last(Transferred)
    if transferred is None:
        return accepted or (referred.provider, None)
    if accepted is not None and accepted[0] == transferred.to_provider:
        return accepted
    return transferred.to_provider, None


def _about_the_referral(referred: Referred, on: date) -> dict[str, Any]:
    return {
        "publisher": referred.publisher,
        "commissioner": referred.commissioner,
        "treatment_function": referred.treatment_function,
        "rtt_group": group_of(referred.treatment_function, on),
        "referral_source": _padded(referred.source),
        "referral_source_validity": referred.source_validity,
        "referring_organisation": referred.referring,
        "priority": referred.priority,
        "received_on": referred.received_on,
        "received_week_ending": week_ending(referred.received_on),
        "age_band": age_band(referred.age),
        "sex": referred.sex,
        "synthetic": referred.synthetic,
    }


def _padded(source: str | None) -> str | None:
    """Some senders lose the zero of a code such as 03."""
    return None if source is None else source.zfill(2)


def group_of(treatment_function: str, on: date) -> str | None:
    """The group that a function is published under; None for a function in no group."""
    try:
        return rtt_group_of(treatment_function, on).code
    except UnknownCode:
        return None


def _about_the_choice(record: PathwayRecord, referred: Referred) -> dict[str, Any]:
    right = record.last(RightDecided)
    shortlisted = record.last(Shortlisted)
    chose = record.last(Chose)
    return {
        "right_decision": right.decision if right else None,
        "right_applies": right.applies if right else None,
        "choice_state": choice_state_of(record),
        "shortlist_id": shortlisted.shortlist if shortlisted else None,
        "options": _distinct(shortlisted) if shortlisted else None,
        "shortfall": shortlisted.shortfall if shortlisted else None,
        "shortfall_reason": shortlisted.shortfall_reason if shortlisted else None,
        "offered_five": _offered_five(shortlisted) if shortlisted else None,
        "informed": shortlisted.informed if shortlisted else None,
        "chosen_provider": chose.provider if chose else None,
        "chosen_provider_type": sector_of(chose.provider, record) if chose else None,
        "chose_another_provider": chose.provider != referred.provider if chose else None,
    }


def _distinct(shortlisted: Shortlisted) -> int:
    return len({provider for provider, _ in shortlisted.options})


def _offered_five(shortlisted: Shortlisted) -> bool:
    enough = _distinct(shortlisted) >= OFFERED_PROVIDERS
    return enough or shortlisted.shortfall_reason is not None


def _about_the_clock(clock: Clock) -> dict[str, Any]:
    return {
        "rtt_start": clock.started_on,
        "rtt_stop": clock.stopped_on,
        "rtt_status": clock.status,
        "in_rtt": clock.started_on is not None and clock.status != NULLIFIED,
        **_about_the_wait(clock.days),
    }


def _about_the_wait(days: int | None) -> dict[str, Any]:
    if days is None:
        names = ("days_waited", "weeks_waited", "wait_band", "rtt_band", "over_18_weeks")
        return dict.fromkeys(names)
    return {
        "days_waited": days,
        "weeks_waited": days // DAYS,
        "wait_band": wait_band(days),
        "rtt_band": rtt_band(days),
        "over_18_weeks": is_over(days, BREACH_WEEKS),
    }


def _first_appointment(record: PathwayRecord) -> date | None:
    return min((booked.local_start.date() for _, booked in record.each(Booked)), default=None)


# ---- the rows of what was done


def activity_rows(record: PathwayRecord) -> Iterator[dict[str, Any]]:
    """One row per attended appointment, earliest first; the first of all is the first contact."""
    referred = record.first(Referred)
    if referred is None:
        return
    for number, (_, attended) in enumerate(_attendances(record), start=1):
        yield _activity_row(record, referred, attended, number)


def _attendances(record: PathwayRecord) -> list[tuple[Source, Attended]]:
    """The attendances by date; of one appointment, what was said last."""
    newest = {
        attended.appointment: (source, attended) for source, attended in record.each(Attended)
    }
    return sorted(newest.values(), key=lambda each: (each[1].on, each[0]))


def _activity_row(
    record: PathwayRecord, referred: Referred, attended: Attended, number: int
) -> dict[str, Any]:
    clock = clock_of(record, attended.on)
    started_on = clock.started_on
    days = days_waited(started_on, attended.on) if started_on else None
    about = _about_the_referral(referred, attended.on)
    del about["received_on"], about["received_week_ending"]
    return {
        "activity_id": attended.appointment,
        "pathway_id": record.subject,
        "week_ending": week_ending(attended.on),
        "activity_on": attended.on,
        "month": f"{attended.on:%Y-%m}",
        "pod": "first_outpatient" if number == 1 else "follow_up_outpatient",
        "provider": attended.provider,
        "site": attended.site,
        "provider_type": sector_of(attended.provider, record),
        **about,
        "choice_state": choice_state_of(record),
        "rtt_start": started_on,
        "rtt_status": clock.status,
        "days_at_activity": days,
        "weeks_at_activity": None if days is None else days // DAYS,
        "attendance": attended.attendance,
        "outcome": attended.outcome,
        "schema_version": SCHEMA_VERSION,
    }
