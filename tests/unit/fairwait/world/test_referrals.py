"""A day of referrals: good ones that are what they say, and bad ones with one thing wrong each."""

from collections import Counter

import pytest
from pydantic import ValidationError

from contracts.codes import TREATMENT_FUNCTIONS
from contracts.submissions import ReferralMade, Submission
from fairwait.simulation import fhir
from fairwait.world.calendar import CLOSED, REFERRAL_DAY
from fairwait.world.referrals import (
    FLAWS,
    FUNCTIONS,
    Flaw,
    Referral,
    day_of_referrals,
    first_round,
    one_more,
    second_round,
)
from matching.reference import load
from referral.edges.fhir.bodies import Content, read_message, read_resource
from referral.edges.fhir.models import ServiceRequest
from referral.edges.fhir.request import referral_in
from referral.edges.fhir.structure import validate
from referral.edges.refused import Refused

WORLD = load()
DAY = day_of_referrals(7, 240, WORLD)
GOOD = [one for one in DAY if one.flaw is None]


def test_there_are_as_many_as_asked_for_and_one_in_twelve_is_bad() -> None:
    assert len(DAY) == 240
    assert len(GOOD) == 220


def test_every_flaw_is_there() -> None:
    assert {one.flaw for one in DAY if one.flaw} == set(FLAWS)


def test_a_good_referral_is_valid_and_of_the_day() -> None:
    for referral in GOOD:
        made = ReferralMade.model_validate(referral.fields)

        assert made.received_on == REFERRAL_DAY
        assert made.treatment_function in FUNCTIONS
        assert referral.publisher in {made.responsible_provider, made.referring_organisation}


def test_the_treatment_functions_are_in_use() -> None:
    assert set(FUNCTIONS) <= set(TREATMENT_FUNCTIONS.at(REFERRAL_DAY))


def test_all_three_ways_in_are_used() -> None:
    assert set(Counter(one.door for one in GOOD)) == {"fhir", "bars", "kafka"}


def test_the_same_seed_sends_the_same_messages() -> None:
    assert day_of_referrals(7, 60, WORLD) == DAY[:60]


def test_another_seed_sends_others() -> None:
    others = day_of_referrals(8, 60, WORLD)

    assert not {one.message_id for one in others} & {one.message_id for one in DAY}
    assert not {one.ubrn for one in others} & {one.ubrn for one in DAY}


def test_no_two_good_referrals_share_an_id_or_a_booking_reference() -> None:
    assert len({one.message_id for one in GOOD}) == len(GOOD)
    assert len({one.ubrn for one in GOOD}) == len(GOOD)


def test_either_fhir_body_says_what_the_message_on_kafka_says() -> None:
    for referral in GOOD:
        said = ReferralMade.model_validate(referral.fields)
        request, message = fhir.service_request(referral), fhir.message(referral)

        assert not validate(request)
        assert not validate(message)
        assert submission(read_resource(request, "ServiceRequest")) == said
        assert submission(read_message(message)) == said


def submission(content: Content) -> Submission:
    assert isinstance(content.resource, ServiceRequest)
    return referral_in(content.resource, content.node, content.reading).submission


def bad(flaw: Flaw) -> Referral:
    return next(one for one in DAY if one.flaw is flaw)


@pytest.mark.parametrize("flaw", [Flaw.NHS_NUMBER, Flaw.NO_FAMILY_NAME])
def test_what_is_unreadable_is_so_by_every_way_in(flaw: Flaw) -> None:
    referral = bad(flaw)

    with pytest.raises(ValidationError):
        ReferralMade.model_validate(referral.fields)
    with pytest.raises(Refused):
        submission(read_resource(fhir.service_request(referral), "ServiceRequest"))
    with pytest.raises(Refused):
        submission(read_message(fhir.message(referral)))


def test_a_foreign_organisation_is_no_party_to_the_referral() -> None:
    referral = bad(Flaw.FOREIGN_ORGANISATION)

    parties = ("responsible_provider", "referring_organisation")
    assert referral.publisher not in {referral.fields[name] for name in parties}


def test_a_reused_id_comes_after_the_message_that_had_it_first() -> None:
    referral = bad(Flaw.REUSED_ID)

    first = next(one for one in first_round(DAY) if one.message_id == referral.message_id)
    assert (first.publisher, first.door) == (referral.publisher, referral.door)
    assert first.fields != referral.fields
    assert referral in list(second_round(DAY))


def test_a_repeat_is_sent_again_and_counted_once() -> None:
    again = [one for one in second_round(DAY) if one.flaw is None]

    assert again
    assert all(one in DAY for one in again)


def test_one_more_patient_may_choose_and_is_none_of_the_others() -> None:
    referral = one_more(7, WORLD, "110", CLOSED)

    made = ReferralMade.model_validate(referral.fields)
    assert made.received_on == CLOSED
    assert referral.ubrn not in {one.ubrn for one in DAY}
    assert referral.person.nhs_number not in {one.person.nhs_number for one in DAY}
