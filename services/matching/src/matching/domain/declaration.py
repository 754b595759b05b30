"""Whether a session that somebody declares can be taken as it is, and what is wrong with it if not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from contracts.codes import RTT_GROUP_MEMBERS
from contracts.identifiers import CapacityId, OdsCode, TreatmentFunctionCode
from matching.domain.capacity import Session

LONDON = ZoneInfo("Europe/London")

# A capacity id names a session for its own provider only, so ours puts the provider before it.
# Events, keys and addresses take 64 characters: 8 for an ODS code, a dot, and the rest.
LONGEST_ID = 64 - 8 - 1

# Two years: further off, a date is a slip of the pen, and would be offered to patients as real.
FURTHEST_AHEAD = timedelta(days=731)


class Wrong(StrEnum):
    """What can be wrong with a declared session."""

    ID_TOO_LONG = "id_too_long"
    UNKNOWN_SITE = "unknown_site"
    NOT_ITS_PROVIDER = "not_its_provider"
    UNKNOWN_TREATMENT_FUNCTION = "unknown_treatment_function"
    NOT_WALL_CLOCK = "not_wall_clock"
    NO_SUCH_TIME = "no_such_time"
    IN_THE_PAST = "in_the_past"
    TOO_FAR_AHEAD = "too_far_ahead"
    DECLARED_OTHERWISE = "declared_otherwise"


@dataclass(frozen=True, slots=True)
class Declaration:
    """A session as a provider declares it. `local_start` is wall clock time in London."""

    publisher: OdsCode
    capacity_id: CapacityId
    site: OdsCode
    treatment_function: TreatmentFunctionCode
    local_start: datetime
    places: int

    @property
    def session_id(self) -> CapacityId:
        """Our name for the session."""
        return session_name(self.publisher, self.capacity_id)


def session_name(provider: OdsCode, capacity_id: CapacityId) -> CapacityId:
    """Our name for a provider's session: two providers may give theirs the same id."""
    return f"{provider}.{capacity_id}"


def wrong_with(
    declared: Declaration, *, provider_of_site: OdsCode | None, now: datetime, today: date
) -> list[Wrong]:
    """Everything that keeps this session from being taken; empty when it can be."""
    wrong = []
    if len(declared.capacity_id) > LONGEST_ID:
        wrong.append(Wrong.ID_TOO_LONG)
    if provider_of_site is None:
        wrong.append(Wrong.UNKNOWN_SITE)
    elif provider_of_site != declared.publisher:
        wrong.append(Wrong.NOT_ITS_PROVIDER)
    if declared.treatment_function not in RTT_GROUP_MEMBERS.at(today):
        wrong.append(Wrong.UNKNOWN_TREATMENT_FUNCTION)
    return wrong + _wrong_with_start(declared.local_start, now)


def session_of(declared: Declaration) -> Session:
    """The session as declared, all places free. Only for a declaration with nothing wrong."""
    return Session(
        session_id=declared.session_id,
        provider=declared.publisher,
        site=declared.site,
        treatment_function=declared.treatment_function,
        local_start=declared.local_start,
        starts_at=instant_of(declared.local_start),
        places=declared.places,
    )


def instant_of(local: datetime) -> datetime:
    """The UTC instant of a London wall clock time; the earlier of two when clocks go back."""
    return local.replace(tzinfo=LONDON, fold=0).astimezone(UTC)


def _wrong_with_start(local_start: datetime, now: datetime) -> list[Wrong]:
    if local_start.tzinfo is not None:
        return [Wrong.NOT_WALL_CLOCK]

    starts_at = instant_of(local_start)
    if starts_at.astimezone(LONDON).replace(tzinfo=None) != local_start:
        return [Wrong.NO_SUCH_TIME]
    if starts_at <= now:
        return [Wrong.IN_THE_PAST]
    return [Wrong.TOO_FAR_AHEAD] if starts_at > now + FURTHEST_AHEAD else []
