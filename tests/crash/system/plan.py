"""What a run sends: pathways with several events each, the same for the same seed.

Every referral of `fairwait.world` (bad ones and repeats included), a second message about every
tenth pathway at the same moment, clinics with few places, records that nobody can read. One patient
in five answers on the pages; the others say nothing and their offer lapses, which costs as many
events and less time.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from hmac import digest
from random import Random
from typing import Any, Final
from uuid import UUID

from fairwait.world.clinics import Clinic, clinics
from fairwait.world.referrals import FUNCTIONS, Door, Flaw, Referral, day_of_referrals
from matching.reference import load

PATHWAY_SECRET: Final = "crash-tests-only-0123456789abcdef"
ANSWERS: Final = 0.2
CLINICS: Final = 0.35
PLACES: Final = (1, 2, 3, 5, 8)
AGAIN_EVERY: Final = 10
UNREADABLE: Final = 6
MORE: Final = 1_000


@dataclass(frozen=True)
class Plan:
    """A run. `updates` more messages come with each pathway that is told of again; a short run
    ends when all referrals are settled. `door`: the only way in, all unless given.
    """

    seed: int
    pathways: int
    answers: float = ANSWERS
    again_every: int = AGAIN_EVERY
    updates: int = 1
    short: bool = False
    door: Door | None = None

    @cached_property
    def everybody(self) -> list[Referral]:
        """One message for each pathway, and bad ones among them; more than are sent at first."""
        everybody = day_of_referrals(self.seed, self.pathways + MORE, load())
        if self.door is None:
            return everybody
        return [replace(one, door=self.door, publisher=_trust(one)) for one in everybody]

    @property
    def referrals(self) -> list[Referral]:
        return self.everybody[: self.pathways]

    @property
    def more(self) -> list[Referral]:
        """Those that are sent besides when a service needs more to do to reach a kill point."""
        return [one for one in self.everybody[self.pathways :] if not one.flaw]

    @cached_property
    def clinics(self) -> list[Clinic]:
        """Clinics at about a third of all sites, most with fewer places than would like one."""
        draw = Random(f"{self.seed}|places")
        return [
            replace(one, offered=one.offered.model_copy(update={"places": draw.choice(PLACES)}))
            for one in clinics(load(), list(FUNCTIONS))
            if draw.random() < CLINICS
        ]

    @cached_property
    def people(self) -> Mapping[str, Referral]:
        """The first good referral of each pathway, by the pathway's id."""
        return {pathway_id(one.fields["pathway"]): one for one in self.everybody if not one.flaw}

    def messages(self, referral: Referral) -> list[Referral]:
        """What is sent about this pathway, at the same moment and in no order."""
        if referral.flaw or referral.number % self.again_every:
            return [referral]
        return [referral, *(self._told_again(referral, n) for n in range(self.updates))]

    def answers_at_all(self, pathway: str) -> bool:
        return Random(f"{self.seed}|answers|{pathway}").random() < self.answers

    def _told_again(self, referral: Referral, number: int) -> Referral:
        """The same referral under another id, with another number to ring."""
        draw = Random(f"{self.seed}|again|{referral.number}|{number}")
        known = referral.fields["patient"].get("phone", "000")
        phone = f"07700900{(int(known[-3:]) + number + 1) % 1000:03}"
        patient = {**referral.fields["patient"], "phone": phone}
        return replace(
            referral,
            door="fhir",
            publisher=referral.fields["responsible_provider"],
            message_id=str(UUID(int=draw.getrandbits(128), version=4)),
            fields={**referral.fields, "patient": patient},
            twice=False,
        )


def _trust(referral: Referral) -> str:
    """Who may send it by any way in; whose business it is none of stays so."""
    if referral.flaw is Flaw.FOREIGN_ORGANISATION:
        return referral.publisher
    return str(referral.fields["responsible_provider"])


def unreadable(seed: int) -> Iterator[bytes]:
    """Records that no reader can make anything of."""
    return (f"\x00{seed}|unreadable|{number}".encode() for number in range(UNREADABLE))


def waits_for_another(referral: Referral) -> bool:
    """Whether it uses the id of a message that has to be there before it."""
    return referral.flaw is Flaw.REUSED_ID


def pathway_id(key: Mapping[str, Any]) -> str:
    """The name that the pathway of this identifier will have (docs: HMAC of issuer and identifier)."""
    text = f"{key['issuer']}|{key['identifier']}"
    return digest(PATHWAY_SECRET.encode(), text.encode(), "sha256").hex()[:32]


def fingerprint(fields: Mapping[str, Any]) -> str:
    """Tells one body from another under the same id."""
    return sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def in_waves(referrals: Sequence[Referral], size: int) -> Iterator[list[Referral]]:
    for start in range(0, len(referrals), size):
        yield list(referrals[start : start + size])
