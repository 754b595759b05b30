"""A message never goes twice, never gets lost, and does not go once it is no longer true."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from notifications.domain.choice import Answered, Choice, Closed, Open, State
from notifications.domain.message import (
    ASK_AGAIN_AFTER,
    MOST_ATTEMPTS,
    PERSON_WITHIN,
    Claimed,
    Failed,
    Intended,
    Message,
    Template,
    Unknown,
    message_id,
    no_answer,
    no_longer_wanted,
    not_found,
    put_off,
    unknown,
)
from notifications.domain.patient import Appointment, Patient

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
PATHWAY = "a" * 32


def message(template: Template = "choose-provider", **facts: str) -> Message:
    return Message(
        message_id="m",
        pathway_id=PATHWAY,
        step="s",
        template=template,
        version="1",
        channel="sms",
        status=Claimed("claim", NOW + timedelta(minutes=1)),
        facts=facts,
    )


def asked(status: Unknown) -> Message:
    return replace(message(), status=status)


# ---- names


def test_the_same_step_by_the_same_channel_is_the_same_message() -> None:
    assert message_id(PATHWAY, "booked:1", "sms") == message_id(PATHWAY, "booked:1", "sms")
    assert message_id(PATHWAY, "booked:1", "sms") != message_id(PATHWAY, "booked:1", "email")
    assert message_id(PATHWAY, "booked:1", "sms") != message_id(PATHWAY, "booked:2", "sms")


# ---- unknown outcomes


def test_an_unknown_outcome_is_asked_about_and_not_sent_again() -> None:
    status = unknown(message(), 1, NOW).status

    assert status == Unknown(NOW + ASK_AGAIN_AFTER, NOW + PERSON_WITHIN)


def test_not_found_once_is_asked_once_more() -> None:
    status = Unknown(NOW, NOW + PERSON_WITHIN)

    after = not_found(asked(status), status, LATER, LATER).status

    assert after == Unknown(LATER + ASK_AGAIN_AFTER, NOW + PERSON_WITHIN, not_found=1)


def test_not_found_twice_may_be_handed_over_again() -> None:
    status = Unknown(NOW, NOW + PERSON_WITHIN, not_found=1)

    assert not_found(asked(status), status, LATER, LATER).status == Intended(LATER, attempt=2)


def test_never_taken_at_all_is_for_a_person() -> None:
    status = Unknown(NOW, NOW + PERSON_WITHIN, not_found=1, attempt=MOST_ATTEMPTS)

    after = not_found(asked(status), status, LATER, LATER).status

    assert after == Failed(LATER, "never taken by the channel", needs_a_person=True)


@pytest.mark.parametrize(("minutes", "ends"), [(14, Unknown), (15, Failed), (16, Failed)])
def test_a_channel_that_cannot_say_leaves_it_to_a_person_within_15_minutes(
    minutes: int, ends: type
) -> None:
    status = Unknown(NOW, NOW + PERSON_WITHIN)

    after = no_answer(asked(status), status, NOW + timedelta(minutes=minutes)).status

    assert isinstance(after, ends)
    if isinstance(after, Failed):
        assert after.needs_a_person


def test_not_now_is_tried_again_after_a_rest_and_not_for_ever() -> None:
    first = put_off(message(), 1, NOW, LATER).status
    last = put_off(message(), MOST_ATTEMPTS, NOW, LATER).status

    assert first == Intended(LATER, 2, NOW + 2 * ASK_AGAIN_AFTER)
    assert isinstance(last, Failed)
    assert last.needs_a_person


# ---- still wanted


def choosing(state: State, respond_by: date = date(2026, 3, 16)) -> Patient:
    return Patient(choice=Choice("list-1", "hash", respond_by, (), "RJ9", state=state))


CHOOSE = message("choose-provider", shortlist_id="list-1")
REMIND = message("reminder", appointment_id="a-1")
START = datetime(2026, 3, 9, 9, 0)  # noqa: DTZ001 - wall clock


@pytest.mark.parametrize(
    ("patient", "reason"),
    [
        (choosing(Open()), None),
        (choosing(Open(), date(2026, 3, 2)), None),
        (choosing(Open(), date(2026, 3, 1)), "the choice is over"),
        (choosing(Answered("RJ1", date(2026, 3, 1))), "the choice is over"),
        (choosing(Closed("lapsed")), "the choice is over"),
        (Patient(), "a newer list replaced it"),
    ],
)
def test_a_choice_that_is_over_is_not_offered(patient: Patient, reason: str | None) -> None:
    assert no_longer_wanted(CHOOSE, patient, NOW) == reason


@pytest.mark.parametrize(
    ("appointment", "reason"),
    [
        (Appointment("a-1", "RJ1", "Hospital", START), None),
        (Appointment("a-1", "RJ1", "Hospital", START, attended=True), "the appointment is over"),
        (
            Appointment("a-1", "RJ1", "Hospital", START - timedelta(days=7)),
            "the appointment is over",
        ),
        (Appointment("a-2", "RJ1", "Hospital", START), "the appointment changed"),
        (None, "the appointment changed"),
    ],
)
def test_nobody_is_reminded_of_what_is_not_coming(
    appointment: Appointment | None, reason: str | None
) -> None:
    assert no_longer_wanted(REMIND, Patient(appointment=appointment), NOW) == reason


@pytest.mark.parametrize("template", ["stayed", "lapsed"])
def test_what_has_happened_stays_true(template: Template) -> None:
    assert no_longer_wanted(message(template), Patient(), NOW) is None
