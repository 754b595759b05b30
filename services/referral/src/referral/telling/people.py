"""Who the patient of a pathway is now, as events of the identity topic."""

from datetime import date

from contracts.event import Envelope, Event
from contracts.events import (
    IdentityRestored,
    NhsNumberReplaced,
    PatientMerged,
    SensitivityChanged,
)
from referral.domain.pathway import Pathway
from referral.domain.records import IdentityChange
from referral.translation import identity_event


def identity_events(before: Pathway, after: Pathway, on: date, origin: Envelope) -> list[Event]:
    """What changed on a day of who the patient is, and then the person as they are known now."""
    known = {one.key for one in before.identity if one.undone_at is None}
    standing = [one for one in after.identity if one.undone_at is None]
    events = [_change(one, origin) for one in standing if one.key not in known]
    if len(standing) < len(known):
        events.append(
            IdentityRestored.following(
                origin, nhs_number=after.person.nhs_number, former=before.person.nhs_number
            )
        )
    if before.sensitive != after.sensitive:
        events.append(
            SensitivityChanged.following(origin, sensitive=after.sensitive, effective_on=on)
        )
    if events or before.person != after.person:
        events.append(identity_event(after, origin))
    return events


def _change(change: IdentityChange, origin: Envelope) -> Event:
    if change.kind == "merge":
        return PatientMerged.following(
            origin,
            nhs_number=change.current,
            merged=change.former,
            effective_on=change.on,
        )
    return NhsNumberReplaced.following(
        origin, nhs_number=change.current, former=change.former, effective_on=change.on
    )
