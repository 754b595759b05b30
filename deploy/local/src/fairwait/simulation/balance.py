"""Whether everything that was sent is counted once: sums that must be equal."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Check:
    """Two sums that must be equal."""

    name: str
    left: int
    right: int

    @property
    def difference(self) -> int:
        return abs(self.left - self.right)


@dataclass(frozen=True, slots=True)
class Sent:
    """What the simulation sent, repeats apart."""

    good_referrals: int
    bad_referrals: int
    attendances: int
    good_clinics: int
    bad_clinics: int
    answers: int | None  # None where people answer, and nobody counts them

    @property
    def submissions(self) -> int:
        return self.to_referral + self.good_clinics + self.bad_clinics

    @property
    def to_referral(self) -> int:
        return self.good_referrals + self.bad_referrals + self.attendances


@dataclass(frozen=True, slots=True)
class Found:
    """What the services say has become of it."""

    verdicts: Mapping[str, int]  # of referral, on its submissions
    pathways: Mapping[str, int]  # of referral, by state
    messages: Mapping[str, int]  # of notifications, by status
    sink: Mapping[str, int]
    counts: Mapping[str, Any]  # of reporting
    manifest: Mapping[str, Any]
    rebuilt: Mapping[str, Any]

    @property
    def events(self) -> Counter[str]:
        return Counter(self.counts["events_by_type"])

    @property
    def accepted(self) -> int:
        return self.verdicts["accepted"] + self.events["fairwait.capacity.declared.v1"]

    @property
    def rejected(self) -> int:
        return self.verdicts["rejected"] + self.events["fairwait.capacity.refused.v1"]

    @property
    def intents(self) -> int:
        return sum(self.messages.values())

    @property
    def rows(self) -> int:
        return int(self.manifest["rows"]["pathways"])

    @property
    def dataset_sha256(self) -> str:
        return str(self.manifest["dataset_sha256"])

    @property
    def rebuild_sha256(self) -> str:
        return str(self.rebuilt["rebuild_sha256"])


def checks(sent: Sent, found: Found) -> Iterator[Check]:
    """Everything that must balance."""
    pathways, events = sum(found.pathways.values()), found.events
    handed_over = found.messages["handed_over"] + found.messages["delivered"]

    yield Check(
        "submissions = accepted + rejected", sent.submissions, found.accepted + found.rejected
    )
    yield Check("bad submissions = rejected", sent.bad_referrals + sent.bad_clinics, found.rejected)
    yield Check("good referrals = pathways", sent.good_referrals, pathways)
    yield Check("pathways = sum of their states", pathways, sum(found.counts["states"].values()))
    yield Check("pathways = rows of the data set", pathways, found.rows)
    yield Check("intents = messages handed over", found.intents, handed_over)
    yield Check("intents = messages in the sink", found.intents, found.sink["messages"])
    yield Check("no message twice", 0, found.sink["duplicates_kept"])
    yield Check(
        "attendances sent = recorded", sent.attendances, events["fairwait.appointment.attended.v1"]
    )
    if sent.answers is not None:
        yield Check("answers given = answers recorded", sent.answers, _answers(events))
    yield Check("reporting's own sums", 0, int(found.counts["unbalanced"]))
    same = found.rebuild_sha256 == found.dataset_sha256 and found.rebuilt["equal"]
    yield Check("the data set rebuilt from the ledger is the same", 1, int(same))


def _answers(events: Counter[str]) -> int:
    return (
        events["fairwait.response.provider_chosen.v1"] + events["fairwait.response.stay_chosen.v1"]
    )
