"""Sessions that providers declare: taken once, refused with reasons, never for somebody else."""

from dataclasses import replace

import pytest

from chassis.errors import Rejected
from chassis.messages import RefusedSubmission
from contracts.events import CapacityDeclared, CapacityRefused
from contracts.submissions import CapacityOffered, ReferralMade
from matching import handlers
from matching.declaring import declare_session, refuse_session, refuse_unreadable
from tests.unit.matching.stories import (
    ADA,
    EARLIEST,
    Matching,
    accept,
    declare,
    last,
    matching,
    offered,
    provider_chosen,
    received,
    session,
    shortlist,
)

SESSION = f"NT2.NT219-{EARLIEST.isoformat()}"


async def refused(work: Matching, submission: CapacityOffered, **sent_by: str) -> Rejected:
    with pytest.raises(Rejected) as caught:
        await work.run(declare_session, received(submission, **sent_by))
    return caught.value


async def test_a_declared_session_is_told_with_its_moment_in_utc() -> None:
    work = matching()

    await declare(work, offered("NT219"))

    told = last(work, CapacityDeclared)
    assert told.subject == SESSION
    assert (told.provider, told.places) == ("NT2", 4)
    assert told.starts_at.replace(tzinfo=None) == told.local_start
    assert (await session(work, SESSION)).free == 4


async def test_the_same_declaration_again_changes_nothing_even_when_places_are_taken() -> None:
    work = matching()
    await declare(work, offered("NT219"))
    await shortlist(work)
    accepted = await accept(work)
    before = await session(work, accepted.session)

    await declare(work, offered("NT219"), offered("NT219"))

    assert await session(work, accepted.session) == before
    assert len([one for one in work.published if isinstance(one, CapacityDeclared)]) == 1


async def test_a_known_id_with_other_content_is_a_conflict() -> None:
    work = matching()
    await declare(work, offered("NT219"))

    refusal = await refused(work, offered("NT219", places=9))

    assert [(one.code, one.pointer) for one in refusal.faults] == [("conflict", "/capacity_id")]
    assert (await session(work, SESSION)).places == 4


async def test_two_providers_may_give_their_sessions_the_same_id() -> None:
    work = matching()

    await declare(
        work, offered("NT219", capacity_id="monday"), offered("NV304", capacity_id="monday")
    )

    assert {event.subject for event in work.published} == {"NT2.monday", "NV3.monday"}


async def test_only_the_provider_of_a_site_declares_its_sessions() -> None:
    refusal = await refused(matching(), offered("NT219"), publisher="RR8")

    assert [(one.status, one.pointer) for one in refusal.faults] == [(403, "/site")]


async def test_everything_wrong_is_told_at_once_in_words() -> None:
    refusal = await refused(matching(), offered("ZZ999", treatment_function="510"))

    assert [one.pointer for one in refusal.faults] == ["/site", "/treatment_function"]
    assert all("ZZ999" not in one.message for one in refusal.faults)


async def test_a_refusal_is_told_once_however_often_the_message_comes() -> None:
    work = matching()
    message = received(offered("ZZ999"))
    refusal = await refused(work, message.submission)

    for _ in range(2):
        await work.run(refuse_session, message, refusal.faults)
    await work.run(refuse_session, replace(message, message_id="m-2"), refusal.faults)

    told = [one for one in work.published if isinstance(one, CapacityRefused)]
    assert [one.submission_id for one in told] == ["m-1", "m-2"]
    assert told[0].problems == ["/site: This site is not in the directory."]


async def test_unreadable_fields_are_told_and_those_of_other_submissions_are_not_ours() -> None:
    work = matching()
    unreadable = RefusedSubmission(
        type=CapacityOffered.type,
        publisher="NT2",
        message_id="m-1",
        body_hash="0" * 64,
        way_in="kafka",
        problems=(("/places", "greater_than_equal"),),
    )

    await work.run(refuse_unreadable, unreadable)
    await work.run(refuse_unreadable, replace(unreadable, type=ReferralMade.type))

    assert last(work, CapacityRefused).problems == ["/places: greater_than_equal"]
    assert len(work.published) == 1


async def test_a_session_declared_again_after_it_filled_up_does_not_open_anew() -> None:
    work = matching()
    await declare(work, offered("NT219", places=1))
    await shortlist(work, ADA)
    await work.run(handlers.take_choice, provider_chosen("NT2"))

    await declare(work, offered("NT219", places=1))

    assert (await session(work, SESSION)).free == 0
