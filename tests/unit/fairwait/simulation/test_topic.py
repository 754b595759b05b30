"""Messages for the topic are what the services read, in either mode."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from chassis.messages import Received, decode_submission
from contracts.submissions import ReferralMade
from fairwait.simulation.topic import Headers, Message, binary, structured
from fairwait.world.referrals import day_of_referrals
from matching.reference import load

REFERRAL = day_of_referrals(7, 1, load())[0]
MESSAGE = Message(
    REFERRAL.publisher,
    REFERRAL.message_id,
    REFERRAL.ubrn,
    ReferralMade.type,
    json.dumps(REFERRAL.fields).encode(),
)


def record(value: bytes, headers: Headers) -> ConsumerRecord[Any, Any]:
    return ConsumerRecord(
        topic="submission",
        partition=0,
        offset=0,
        timestamp=0,
        timestamp_type=0,
        key=b"",
        value=value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=len(value),
        headers=tuple(headers),
    )


def organisation(token: str, _: datetime, scope: str) -> str:
    assert (token, scope) == ("a token", ReferralMade.scope)
    return REFERRAL.publisher


@pytest.mark.parametrize("form", [binary, structured])
def test_a_message_is_read_as_it_was_meant(form: Any) -> None:
    received = decode_submission(record(*form(MESSAGE, "a token")), organisation)

    assert isinstance(received, Received)
    assert received.message_id == REFERRAL.message_id
    assert received.publisher == REFERRAL.publisher
    assert received.submission == ReferralMade.model_validate(REFERRAL.fields)
    assert received.received_at == datetime.fromtimestamp(0, UTC)
