"""The matching service, put together."""

from datetime import timedelta
from typing import Final

from chassis.service import Service
from chassis.work import Work
from matching.api import router
from matching.consumers import consumers
from matching.directory import Directory
from matching.repositories import CATALOGUES, DIARIES, INDEXES, MATCHES, SESSIONS, SHORTLISTS
from matching.settings import MatchingSettings
from matching.work import MatchingWork, Rules

STREAMS: Final = {"offer": MATCHES, "capacity": SESSIONS}
KEYED_BY: Final = {
    "submission": SESSIONS,
    "referral": MATCHES,
    "appointment": MATCHES,
    "response": MATCHES,
}


def matching(settings: MatchingSettings, directory: Directory | None = None) -> Service:
    """The service with these settings. Without a directory, over the one built into the package."""
    directory, rules = directory or Directory.of_this_package(), rules_of(settings)

    def work(engine_work: Work) -> MatchingWork:
        return MatchingWork(engine_work, directory, rules)

    return Service(
        name="matching",
        handlers=consumers(),
        streams=STREAMS,
        keyed_by=KEYED_BY,
        work=work,
        settings=MatchingSettings,
        routes=[router],
        indexes=INDEXES,
        collections=[DIARIES, SHORTLISTS, CATALOGUES],
        # Referrals come on the same topic: what is not ours is passed over, not set aside.
    )


def rules_of(settings: MatchingSettings) -> Rules:
    own = settings.matching
    return Rules(
        respond_within=timedelta(days=own.respond_days),
        hold_for=timedelta(hours=own.hold_hours),
        notice=timedelta(days=own.notice_days),
        soonest=timedelta(days=own.soonest_days),
        travel_limit_miles=own.travel_limit_miles,
    )
