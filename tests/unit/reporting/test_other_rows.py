"""Sessions and messages as rows: one each, whatever was told of them and in whatever order."""

from datetime import date

import pytest

from contracts.event import Event
from contracts.events import (
    NotificationDelivered,
    NotificationFailed,
    NotificationHandedOver,
    NotificationIntended,
)
from reporting.domain.capacity import capacity_rows
from reporting.domain.messages import message_rows
from tests.unit.reporting.stories import Story, capacity, pathway_id, record_of

STEPS: dict[str, type[Event]] = {
    "intended": NotificationIntended,
    "handed_over": NotificationHandedOver,
    "delivered": NotificationDelivered,
    "failed": NotificationFailed,
}


def message(*steps: str) -> Story:
    story = Story(pathway_id(1))
    for step in steps:
        fields = {"message_id": "m-1", "channel": "sms"}
        if step == "intended":
            fields |= {"template": "booked", "template_version": "1"}
        if step == "failed":
            fields |= {"reason": "unreachable"}
        story.tell(STEPS[step], **fields)
    return story


@pytest.mark.parametrize(
    ("steps", "reached"),
    [
        (("intended",), "intended"),
        (("intended", "handed_over"), "handed_over"),
        (("intended", "handed_over", "delivered"), "delivered"),
        (("intended", "failed"), "failed"),
        (("intended", "failed", "handed_over"), "handed_over"),
        (("handed_over", "intended"), "handed_over"),
    ],
)
def test_a_message_is_one_row_by_how_far_it_came(steps: tuple[str, ...], reached: str) -> None:
    [row] = message_rows(record_of(message(*steps)))

    assert (row["reached"], row["template"], row["channel"]) == (reached, "booked", "sms")
    assert (row["first_told_on"], row["week_ending"]) == (date(2026, 1, 5), date(2026, 1, 11))


def test_a_message_whose_intent_has_not_come_is_a_row_without_a_name() -> None:
    [row] = message_rows(record_of(message("handed_over")))

    assert row["template"] is None


def test_a_declared_session_is_one_row_in_the_week_of_its_day() -> None:
    [row] = capacity_rows(record_of(capacity(1)))

    assert (row["session_id"], row["places"], row["provider_type"]) == ("NV7-s1", 5, "IS")
    assert (row["session_on"], row["starts_at"]) == (date(2026, 2, 2), "09:30")
    assert row["week_ending"] == date(2026, 2, 8)


def test_a_pathway_is_no_session_and_has_no_message_of_its_own() -> None:
    assert capacity_rows(record_of(message("intended"))) == []
    assert message_rows(record_of(capacity(1))) == []
