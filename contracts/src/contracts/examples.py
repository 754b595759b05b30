"""One valid example of every event and submission, all of one synthetic patient's journey.

`python -m contracts.tools write` keeps them as golden files: what was once published must be
readable for ever.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Final

from contracts import events as e
from contracts import submissions as s
from contracts.event import Event

PATHWAY: Final = "0f8fad5bd9cb469fa165708677289501"
SHORTLIST: Final = f"{PATHWAY}.1"
CAPACITY: Final = "NV7.NV701.110.2026-04-07T0900"
MESSAGE: Final = f"{PATHWAY}.choose-provider.{SHORTLIST}.email"
RELEASE: Final = "2026-04-12.1"
NOW: Final = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
START: Final = datetime(2026, 4, 7, 9, 0)  # noqa: DTZ001  (wall clock time in London)
START_UTC: Final = datetime(2026, 4, 7, 8, 0, tzinfo=UTC)

_WAIT = e.Wait(
    weeks=11.4, statistic="median", n=4321, as_at=date(2026, 1, 31), source="NHS England RTT"
)
_OPTION = e.ShortlistOption(
    provider="NV7",
    provider_name="Example Independent Hospitals",
    site="NV701",
    site_name="Example Hospital",
    sector="IS",
    wait=_WAIT,
    distance_miles=7.2,
    next_place_on=date(2026, 4, 7),
)


def _event(cls: type[Event], subject: str = PATHWAY, /, **fields: Any) -> Event:
    writer = cls.topic.writer
    draft = cls.about(subject, **fields)
    return draft.published(sequence=1, source=f"urn:fairwait:{writer}", now=NOW)


_EVENTS: tuple[Event, ...] = (
    _event(
        e.ReferralReceived,
        publisher="RJ1",
        way_in="fhir",
        submission_id="6f1d2f9e-3c1b-4c55-9d0a-1f4f0c8c9a11",
        responsible_provider="RJ1",
        referring_organisation="G85001",
        treatment_function="110",
        priority="1",
        source_of_referral="03",
        source_validity="valid",
        received_on=date(2026, 3, 2),
        age=63,
        sex="2",
        outward="SE1",
        commissioner="QKK",
        travel_limit_miles=50,
        synthetic=True,
    ),
    _event(
        e.RightToChooseDecided,
        decision="RIGHT_A",
        applies=True,
        rule_set="choice-2024-01-01",
        policy_text="nhs-choice-framework-2023",
        evidence={"referrer": "GP"},
    ),
    _event(e.ClockStarted, started_on=date(2026, 3, 2), status="10"),
    _event(e.ClockContinued, effective_on=date(2026, 4, 7), status="20"),
    _event(
        e.ClockStopped,
        started_on=date(2026, 3, 2),
        stopped_on=date(2026, 4, 7),
        status="30",
        days_waited=36,
    ),
    _event(
        e.SubmissionRejected,
        "rejection-2c26b46b68ffc68f",
        publisher="RJ1",
        way_in="kafka",
        submission_id="a-message-of-the-trust",
        submission_type="fairwait.submission.referral_made.v1",
        problems=[
            {
                "code": "UNKNOWN_TREATMENT_FUNCTION",
                "pointer": "/treatment_function",
                "message": "The treatment function is not in the list on the day of receipt.",
            }
        ],
    ),
    _event(
        e.IdentityRecorded,
        nhs_number="9990000018",
        given_name="Ada",
        family_name="Example",
        birth_date=date(1962, 5, 17),
        postcode="SE1 7EH",
        address=["1 Example Street", "London"],
        phone="07700900123",
        email="ada@example.invalid",
        preferred_channel="email",
    ),
    _event(
        e.AppointmentBooked,
        appointment_id=f"{PATHWAY}.1",
        provider="NV7",
        site="NV701",
        session=CAPACITY,
        local_start=START,
        starts_at=START_UTC,
        booked_on=date(2026, 3, 5),
    ),
    _event(
        e.AppointmentAttended,
        appointment_id=f"{PATHWAY}.1",
        provider="NV7",
        site="NV701",
        attended_on=date(2026, 4, 7),
        attendance="5",
        outcome="1",
    ),
    _event(
        e.OfferShortlisted,
        shortlist_id=SHORTLIST,
        options=[_OPTION],
        shortfall=4,
        shortfall_reason="Only 1 provider is clinically appropriate within the travel limit.",
        excluded={"BEYOND_TRAVEL_LIMIT": 212},
        candidates=213,
        rule_set="shortlist-2024-01",
        inputs_hash="b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
        respond_by=date(2026, 3, 16),
        current_provider="RJ1",
    ),
    _event(
        e.OfferAccepted,
        shortlist_id=SHORTLIST,
        provider="NV7",
        provider_name="Example Independent Hospitals",
        site="NV701",
        site_name="Example Hospital",
        sector="IS",
        session=CAPACITY,
        local_start=START,
        starts_at=START_UTC,
        held_until=datetime(2026, 3, 7, 10, 0, tzinfo=UTC),
    ),
    _event(e.OfferUnavailable, shortlist_id=SHORTLIST, provider="NV7"),
    _event(e.OfferStayed, shortlist_id=SHORTLIST, provider="RJ1"),
    _event(e.OfferLapsed, shortlist_id=SHORTLIST, provider="RJ1"),
    _event(e.OfferExpired, shortlist_id=SHORTLIST, provider="NV7", session=CAPACITY),
    _event(
        e.OfferNotMade,
        shortlist_id=SHORTLIST,
        reason="No other provider is clinically appropriate.",
        excluded={"TFC_MISMATCH": 213},
        candidates=213,
        rule_set="shortlist-2024-01",
        inputs_hash="b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
        current_provider="RJ1",
    ),
    _event(
        e.CapacityDeclared,
        CAPACITY,
        provider="NV7",
        site="NV701",
        treatment_function="110",
        local_start=START,
        starts_at=START_UTC,
        places=12,
    ),
    _event(
        e.CapacityRefused,
        "rejection-fcde2b2edba56bf4",
        publisher="NV7",
        submission_id="a-message-of-the-provider",
        problems=["FORBIDDEN_ORGANISATION"],
    ),
    _event(e.ProviderChosen, shortlist_id=SHORTLIST, provider="NV7"),
    _event(e.StayChosen, shortlist_id=SHORTLIST),
    _event(
        e.NotificationIntended,
        message_id=MESSAGE,
        template="choose-provider",
        template_version="1",
        channel="email",
    ),
    _event(e.NotificationHandedOver, message_id=MESSAGE, channel="email"),
    _event(e.NotificationDelivered, message_id=MESSAGE, channel="email"),
    _event(
        e.NotificationFailed,
        message_id=MESSAGE,
        channel="email",
        reason="permanent-failure",
        needs_a_person=True,
    ),
    _event(
        e.DatasetPublished,
        RELEASE,
        release=RELEASE,
        as_at=NOW,
        rows={"pathways": 1, "activity": 1},
        sha256={"pathways.csv": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c"},
    ),
)

_SUBMISSIONS: tuple[s.Submission, ...] = (
    s.ReferralMade(
        pathway=s.PathwayKey(identifier="000000070001", issuer="X09"),
        patient=s.Patient(
            nhs_number="9990000018",
            given_name="Ada",
            family_name="Example",
            birth_date=date(1962, 5, 17),
            sex="2",
            postcode="SE1 7EH",
            address=["1 Example Street", "London"],
            phone="07700900123",
            email="ada@example.invalid",
            preferred_channel="email",
        ),
        responsible_provider="RJ1",
        referring_organisation="G85001",
        treatment_function="110",
        source_of_referral="03",
        received_on=date(2026, 3, 2),
        commissioner="QKK",
        travel_limit_miles=50,
    ),
    s.AttendanceRecorded(
        pathway=s.PathwayKey(identifier="000000070001", issuer="X09"),
        attended_on=date(2026, 4, 7),
        outcome="1",
        rtt_status="30",
    ),
    s.CapacityOffered(
        capacity_id=CAPACITY,
        site="NV701",
        treatment_function="110",
        local_start=START,
        places=12,
    ),
)

EVENTS: Final[Mapping[str, Event]] = MappingProxyType({one.type: one for one in _EVENTS})
SUBMISSIONS: Final[Mapping[str, s.Submission]] = MappingProxyType(
    {one.type: one for one in _SUBMISSIONS}
)
