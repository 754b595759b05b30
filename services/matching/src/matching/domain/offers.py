"""The match of one pathway: what has been offered, what was answered, and what holds now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias, assert_never

from contracts.identifiers import CapacityId, OdsCode


@dataclass(frozen=True, slots=True)
class NoChoice:
    """Nothing is offered; the patient waits where they were referred to. `reason` is a code."""

    reason: str


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a shortlist: a provider, and the site at which it would see the patient."""

    provider: OdsCode
    site: OdsCode


@dataclass(frozen=True, slots=True)
class Shortlisted:
    """The patient may choose one of the options until the end of `respond_by`.

    Places count from `places_from` on, the day they were shown from: whoever takes a week to
    answer still finds the place that they saw.
    """

    shortlist_id: str
    respond_by: date
    places_from: date
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A place in `session` is kept for the patient until `held_until`, to be booked."""

    shortlist_id: str
    provider: OdsCode
    session: CapacityId
    held_until: datetime


@dataclass(frozen=True, slots=True)
class Booked:
    """The place is the patient's: it has an appointment."""

    shortlist_id: str
    provider: OdsCode
    session: CapacityId
    appointment_id: str


@dataclass(frozen=True, slots=True)
class Stayed:
    """The patient chose to keep their place where they were referred to."""

    shortlist_id: str


@dataclass(frozen=True, slots=True)
class Lapsed:
    """No answer came by `respond_by`; the patient keeps their place.

    The options stay, for an answer that was given in time and reaches us late.
    """

    shortlist_id: str
    respond_by: date
    places_from: date
    options: tuple[Option, ...]


Match: TypeAlias = NoChoice | Shortlisted | Held | Booked | Stayed | Lapsed


class UnlistedProviderError(ValueError):
    """An answer names a provider that its shortlist does not have."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer that counts: the option the patient takes. Only `choose` makes one."""

    shortlist_id: str
    option: Option
    places_from: date


def choose(
    match_: Match, *, shortlist_id: str, provider: OdsCode, answered_on: date
) -> Choice | None:
    """The choice that this answer makes, or None for an answer that changes nothing.

    An answer counts when it is the first to the newest shortlist and was given no later than its
    last day. `UnlistedProviderError` when that list has no such provider: no patient can do that.
    """
    open_list = _open_list(match_, shortlist_id, answered_on)
    if open_list is None:
        return None

    for option in open_list.options:
        if option.provider == provider:
            return Choice(shortlist_id, option, open_list.places_from)
    raise UnlistedProviderError(f"not on shortlist {shortlist_id}")


def hold(choice: Choice, *, session: CapacityId, held_until: datetime) -> Held:
    """The match with a place held for the choice."""
    return Held(choice.shortlist_id, choice.option.provider, session, held_until)


def stay(match_: Match, *, shortlist_id: str, answered_on: date) -> Stayed | None:
    """The match after the patient chose to stay; None for an answer that changes nothing."""
    open_list = _open_list(match_, shortlist_id, answered_on)
    return None if open_list is None else Stayed(shortlist_id)


def lapse(match_: Match, today: date) -> Lapsed | None:
    """The shortlist as lapsed, from the day after its last day to respond; otherwise None."""
    match match_:
        case Shortlisted() if today > match_.respond_by:
            return Lapsed(
                match_.shortlist_id, match_.respond_by, match_.places_from, match_.options
            )
        case NoChoice() | Shortlisted() | Held() | Booked() | Stayed() | Lapsed():
            return None
        case _:
            assert_never(match_)


def expire(match_: Match, now: datetime) -> Held | None:
    """The hold whose place goes back, from `held_until` on; otherwise None."""
    match match_:
        case Held() if now >= match_.held_until:
            return match_
        case NoChoice() | Shortlisted() | Held() | Booked() | Stayed() | Lapsed():
            return None
        case _:
            assert_never(match_)


def confirm(
    match_: Match, *, provider: OdsCode, session: CapacityId, appointment_id: str
) -> Booked | None:
    """The match with its place booked; None when the booking is known, or another place is held.

    A booking may be on its way while its hold ends. The patient has the appointment then, and
    whatever was offered to them meanwhile is over.
    """
    match match_:
        case Held() if match_.session == session:
            return Booked(match_.shortlist_id, provider, session, appointment_id)
        case Shortlisted() | Lapsed():
            return Booked(match_.shortlist_id, provider, session, appointment_id)
        case NoChoice() | Held() | Booked() | Stayed():
            return None
        case _:
            assert_never(match_)


def _open_list(match_: Match, shortlist_id: str, answered_on: date) -> Shortlisted | Lapsed | None:
    """The list that an answer of this day is still an answer to."""
    match match_:
        case Shortlisted() | Lapsed():
            counts = match_.shortlist_id == shortlist_id and answered_on <= match_.respond_by
            return match_ if counts else None
        case NoChoice() | Held() | Booked() | Stayed():
            return None
        case _:
            assert_never(match_)
