"""What a trust asks of its waiting list. Every read is put on record with all it shows."""

from dataclasses import dataclass
from datetime import date

from referral.domain.listing import (
    BANDS,
    Choice,
    Starts,
    Wait,
    Waiting,
    key_of,
    starts_of,
    starts_of_target,
)
from referral.handlers.reading import Question, note_read
from referral.repositories import Due
from referral.work import ReferralWork


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be listed."""

    choice: Choice
    starts: Starts
    today: date

    @property
    def started(self) -> Starts:
        """Clocks that started then; a deadline that follows from the start narrows it."""
        deadline, due_by = self.choice.deadline, self.choice.due_by
        if deadline is None or deadline.weeks is None or due_by is None:
            return self.starts
        return self.starts.within(starts_of_target(deadline.weeks, due_by))

    @property
    def due(self) -> Due | None:
        """Dates kept with the pathway that come no later."""
        deadline, due_by = self.choice.kept_deadline, self.choice.due_by
        return None if deadline is None or due_by is None else (deadline, due_by)


async def read_waiting_list(
    question: Question, wanted: Wanted, after: str, limit: int, part: int, work: ReferralWork
) -> tuple[list[Waiting], bool]:
    """The next so many of the list, and whether there are more."""
    found = await work.pathways.listed(
        key_of(question.organisation, wanted.choice),
        wanted.started,
        wanted.due,
        after=after,
        today=wanted.today,
        limit=limit + 1,
    )
    shown = found[:limit]
    await note_read(question, [one.pathway_id for one in shown], work, part=part)
    return shown, len(found) > limit


async def count_waiting_list(
    organisation: str, wanted: Wanted, work: ReferralWork
) -> list[tuple[Wait, int]]:
    """How many of the list are in each band."""
    key = key_of(organisation, wanted.choice)
    return [
        (
            band,
            await work.pathways.count_listed(
                key, wanted.started.within(starts_of(band, wanted.today)), wanted.due
            ),
        )
        for band in BANDS
    ]
