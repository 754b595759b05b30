"""What all submissions have in common: taken once, about a known pathway, by somebody who may."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias, TypeVar

from chassis.errors import Rejected
from chassis.faults import PRECONDITION
from chassis.messages import Received
from contracts.event import Envelope, Event
from contracts.submissions import PathwayKey, Submission
from referral.domain.acceptance import may_refer
from referral.domain.pathway import Pathway
from referral.domain.problems import Problem, ProblemCode
from referral.domain.steps import Result, Step, Told
from referral.faults import DUPLICATE_MESSAGE_ID, FORBIDDEN_ORGANISATION, faults_of
from referral.handlers.rejections import entry_of
from referral.telling import event_of
from referral.translation import pathway_id_of
from referral.work import ReferralWork

S = TypeVar("S", bound=Submission)
Handler: TypeAlias = Callable[[Received[S], ReferralWork], Awaitable[None]]
Decide: TypeAlias = Callable[[Pathway, Received[S], ReferralWork], Result]
May: TypeAlias = Callable[[Pathway, str, Received[S]], bool]


async def is_repeat(received: Received[Submission], work: ReferralWork) -> bool:
    """Whether this very message came before. The same id with another body is refused."""
    entry = await work.intake.get(received.publisher, received.message_id)
    if entry is None:
        return False
    if entry.body_hash != received.body_hash:
        raise Rejected([DUPLICATE_MESSAGE_ID.fault()])
    return True


def refuse_if(problems: list[Problem]) -> None:
    if problems:
        raise Rejected(faults_of(problems))


def origin_of(pathway_id: str, traceparent: str = "") -> Envelope:
    """What a submission or a timer causes belongs to the story of its pathway's first event."""
    first = f"referral.{pathway_id}.1"
    return Envelope(pathway_id, correlation_id=first, traceparent=traceparent)


async def known_pathway(key: PathwayKey, work: ReferralWork) -> Pathway:
    """The pathway a submission names; refused when there is none."""
    pathway = await work.pathways.get(pathway_id_of(key, work.rules.pathway_secret))
    if pathway is None:
        raise Rejected(faults_of([Problem(ProblemCode.UNKNOWN_PATHWAY, "/pathway/identifier")]))
    return pathway


def its_providers(pathway: Pathway, publisher: str, _: object) -> bool:
    """Those whose patient it is or was."""
    return publisher in pathway.involved


def its_providers_and_referrer(pathway: Pathway, publisher: str, _: object) -> bool:
    """Those, and whoever made the referral: the practice, or e-RS for its own UBRN."""
    return publisher in pathway.involved or may_refer(publisher, pathway.referral)


def step_of_pathway(
    submission: type[S], decide: Decide[S], *, may: May[S] = its_providers
) -> Handler[S]:
    """A handler of a submission about one pathway: load, decide, save, publish."""

    async def take_step(received: Received[S], work: ReferralWork) -> None:
        if await is_repeat(received, work):
            return
        key: PathwayKey = received.submission.pathway  # type: ignore[attr-defined]  # has one
        pathway = await known_pathway(key, work)
        if not may(pathway, received.publisher, received):
            raise Rejected([FORBIDDEN_ORGANISATION.fault(pointer="/pathway/identifier")])
        if received.if_version not in {None, await work.pathways.version(pathway.id)}:
            raise Rejected([PRECONDITION.fault(header="If-Match")])

        result = decide(pathway, received, work)
        if not isinstance(result, Step):
            raise Rejected(faults_of(result))

        if result.pathway != pathway:
            await work.pathways.save(result.pathway)
        origin = origin_of(pathway.id, received.traceparent)
        said = await publish(result.pathway, result.told, origin, work)
        await work.intake.save(
            entry_of(
                received, work, "accepted", pathway_id=pathway.id, about=[pathway.id], said=said
            )
        )

    take_step.__name__ = take_step.__qualname__ = f"take_{submission.__name__}"
    return take_step


async def publish(
    pathway: Pathway, told: Sequence[Told], origin: Envelope, work: ReferralWork
) -> list[Event]:
    """Tell what happened: the first for its own sake, what followed from it as caused by it."""
    said: list[Event] = []
    for one in told:
        cause = said[0].envelope if said else origin
        said.append(await work.publish(event_of(pathway, one, cause)))
    return said
