"""What organisations ask. Every read of patient data is put on record."""

from collections.abc import Sequence
from dataclasses import dataclass

from referral.domain.days import london_date
from referral.domain.pathway import Pathway
from referral.domain.telling import Heard, Message
from referral.repositories import Entry, Read
from referral.work import ReferralWork


async def outcome_of(publisher: str, message_id: str, work: ReferralWork) -> Entry | None:
    """What became of a publisher's own message."""
    return await work.intake.get(publisher, message_id)


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks for patient data, for what of it, and why."""

    organisation: str
    subject: str
    reason: str
    request_id: str
    what: str = ""


async def read_pathway(pathway_id: str, question: Question, work: ReferralWork) -> Pathway | None:
    """The pathway for an organisation that has to do with it. Every attempt is put on record."""
    pathway = await work.pathways.get(pathway_id)
    given = pathway is not None and question.organisation in pathway.involved
    await note_read(question, [pathway_id], work, given=given)
    return pathway if given else None


async def read_story(
    pathway_id: str, question: Question, work: ReferralWork
) -> tuple[Pathway, list[Message], list[Heard]] | None:
    """The pathway with every message and every event about it; on record like any other read."""
    pathway = await read_pathway(pathway_id, question, work)
    if pathway is None:
        return None
    messages = [_message_of(one) for one in await work.intake.about(pathway_id)]
    return pathway, messages, await work.heard.of_pathway(pathway_id)


def _message_of(entry: Entry) -> Message:
    return Message(
        publisher=entry.publisher,
        message_id=entry.message_id,
        way_in=entry.way_in,
        type=entry.type,
        effective_on=entry.effective_on or london_date(entry.received_at),
        recorded_at=entry.received_at,
        verdict=entry.verdict,
        problems=tuple(
            {
                "code": fault.code,
                "pointer": fault.place,
                "message": fault.message,
            }
            for fault in entry.faults
        ),
        said=entry.said,
    )


async def read_audit(
    pathway_id: str, question: Question, before: str, limit: int, work: ReferralWork
) -> list[tuple[Read, str]] | None:
    """Who looked at a pathway, one more than `limit` when there are more; this look is one too."""
    if await read_pathway(pathway_id, question, work) is None:
        return None
    return await work.audit.of_pathway(pathway_id, before=before, limit=limit + 1)


async def list_pathways(
    question: Question, status: str | None, after: str, limit: int, work: ReferralWork
) -> list[Pathway]:
    """The pathways an organisation has now, one more than `limit` when there are more."""
    found = await work.pathways.of_provider(
        question.organisation, status=status, after=after, limit=limit + 1
    )
    await note_read(question, [one.id for one in found[:limit]], work)
    return found


async def note_read(
    question: Question,
    pathway_ids: Sequence[str],
    work: ReferralWork,
    *,
    given: bool = True,
    part: int = 0,
) -> None:
    """Put one read on record, together with what it gives: without the record nothing is given."""
    await work.audit.note(
        Read(
            organisation=question.organisation,
            subject=question.subject,
            reason=question.reason,
            what=question.what,
            pathway_ids=tuple(pathway_ids),
            request_id=question.request_id,
            given=given,
            at=work.now,
            part=part,
        )
    )
