"""The legal right to choose a provider at referral, and the record of what came of it.

The right is law (SI 2012/2996 as amended, regulations 39 to 41); offering five providers is policy
and matching's business. Which exclusions there are follows the summaries named in the domain
reference, 2.11: the statutory text of regulations 40 and 41 was not read in full.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Final, Literal

from contracts.codes import Referrer, UnknownCode, rtt_group_of
from referral.domain.source import SourceCheck, SourceValidity, referrer_of

MATERNITY_FUNCTIONS: Final = frozenset({"501", "560"})  # obstetrics, midwifery; DERIVED
MENTAL_HEALTH_GROUP: Final = "X03"  # published RTT group "other mental health"
SUSPECTED_CANCER_PRIORITY: Final = "3"  # PRIORITY TYPE: two-week wait


class Decision(StrEnum):
    """Whether the right of choice at referral applies, and if not, the reason in law."""

    RIGHT_A = "RIGHT_A"
    RIGHT_A_MH = "RIGHT_A_MH"
    NO_URGENT_OR_EMERGENCY = "NO_URGENT_OR_EMERGENCY"
    NO_SUSPECTED_CANCER = "NO_SUSPECTED_CANCER"
    NO_MATERNITY = "NO_MATERNITY"
    NO_END_OF_LIFE = "NO_END_OF_LIFE"
    NO_DETAINED_MHA = "NO_DETAINED_MHA"
    NO_ARMED_FORCES = "NO_ARMED_FORCES"
    NO_PRISON_OR_DETAINED = "NO_PRISON_OR_DETAINED"
    NO_ALREADY_UNDER_CARE = "NO_ALREADY_UNDER_CARE"
    NO_REFERRER_TYPE = "NO_REFERRER_TYPE"

    @property
    def applies(self) -> bool:
        return self in {Decision.RIGHT_A, Decision.RIGHT_A_MH}


@dataclass(frozen=True, slots=True)
class RightToChooseRules:
    """The law as it stood from a day on.

    `sources` are the SOURCE OF REFERRAL codes of referrers with the right, `referrers` the kinds
    of organisation that stand for them when no usable code is given. `exclusions` are tried in
    order and the first decides.
    """

    name: str
    valid_from: date
    policy_text: str
    sources: frozenset[str]
    referrers: frozenset[Referrer]
    exclusions: tuple[tuple[Decision, str], ...]


_SOURCES: Final = frozenset({"03", "92", "15"})  # GP, general dental practitioner, optometrist
_REFERRERS: Final = frozenset(
    {Referrer.GENERAL_PRACTICE, Referrer.DENTAL_PRACTICE, Referrer.OPTICAL_PRACTICE}
)
_EXCLUSIONS: Final = (
    (Decision.NO_URGENT_OR_EMERGENCY, "urgent_or_emergency"),
    (Decision.NO_SUSPECTED_CANCER, "suspected_cancer"),
    (Decision.NO_MATERNITY, "maternity"),
    (Decision.NO_END_OF_LIFE, "end_of_life"),
    (Decision.NO_DETAINED_MHA, "detained_mha"),
    (Decision.NO_ARMED_FORCES, "armed_forces"),
    (Decision.NO_PRISON_OR_DETAINED, "prison_or_detained"),
    (Decision.NO_ALREADY_UNDER_CARE, "already_under_care"),
)

# Both sets ask the same of a referral. They differ in which providers qualify (regulations 42A to
# 42D since 2024), which matching reads from the name; the earlier wording was not verified.
CHOICE_2014: Final = RightToChooseRules(
    name="choice-2014-04-01",
    valid_from=date(2014, 4, 1),  # SI 2013/2891, regulation 4: mental health joins
    policy_text="SI 2012/2996 part 8 as amended by SI 2013/2891",
    sources=_SOURCES,
    referrers=_REFERRERS,
    exclusions=_EXCLUSIONS,
)
CHOICE_2024: Final = replace(
    CHOICE_2014,
    name="choice-2024-01-01",
    valid_from=date(2024, 1, 1),
    policy_text="SI 2012/2996 part 8 as in force on 1 January 2024",
)
RULE_SETS: Final = (CHOICE_2024, CHOICE_2014)  # newest first


def rules_on(received_on: date) -> RightToChooseRules:
    """The rules of the day the referral was received; the oldest we have for earlier days."""
    return next((rules for rules in RULE_SETS if rules.valid_from <= received_on), RULE_SETS[-1])


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the right depends on."""

    received_on: date
    treatment_function: str
    priority: str
    source: SourceCheck
    referring_organisation: str | None
    stated: frozenset[str]
    interface_service: bool = False


@dataclass(frozen=True, slots=True)
class RightDecision:
    """A decision with the versions it was made under and the facts that decided it."""

    decision: Decision
    rule_set: str
    policy_text: str
    evidence: dict[str, str] = field(default_factory=dict)

    @property
    def applies(self) -> bool:
        return self.decision.applies


def decide_right(rules: RightToChooseRules, case: Circumstances) -> RightDecision:
    """Whether the patient may choose: exclusions first, then who referred."""
    decision, evidence = _excluded(rules, case) or _by_referrer(rules, case)
    return RightDecision(decision, rules.name, rules.policy_text, evidence)


def _excluded(
    rules: RightToChooseRules, case: Circumstances
) -> tuple[Decision, dict[str, str]] | None:
    implied = _implied(case)
    for decision, circumstance in rules.exclusions:
        if circumstance in case.stated:
            return decision, {"circumstance": circumstance}
        if circumstance in implied:
            return decision, implied[circumstance]
    return None


def _implied(case: Circumstances) -> dict[str, dict[str, str]]:
    """Circumstances that other facts of the referral show, with those facts.

    Urgent (PRIORITY TYPE 2) is no exclusion: it is an e-RS priority, not treatment needed at once.
    """
    implied = {}
    if case.priority == SUSPECTED_CANCER_PRIORITY:
        implied["suspected_cancer"] = {"priority": case.priority}
    if case.treatment_function in MATERNITY_FUNCTIONS:
        implied["maternity"] = {"treatment_function": case.treatment_function}
    return implied


def _by_referrer(rules: RightToChooseRules, case: Circumstances) -> tuple[Decision, dict[str, str]]:
    """By the source of referral; a code that is not in the list takes nobody's right away.

    An interface service assesses what a practice, dentist or optometrist referred to it, so the
    right is theirs whatever source the service itself is coded as (2.11, 2.20).
    """
    evidence = {"source_validity": case.source.validity.value}
    if case.source.code is not None:
        evidence["source_of_referral"] = case.source.code
    if case.interface_service:
        evidence["circumstance"] = "interface_service"
        has_right = True
    elif case.source.code is not None and case.source.validity is not SourceValidity.MISSING:
        has_right = case.source.code in rules.sources
    else:
        kind = referrer_of(case.referring_organisation or "")
        evidence["referrer"] = kind.value if kind else "unknown"
        has_right = kind in rules.referrers
    if not has_right:
        return Decision.NO_REFERRER_TYPE, evidence
    if _is_mental_health(case):
        return Decision.RIGHT_A_MH, {**evidence, "treatment_function": case.treatment_function}
    return Decision.RIGHT_A, evidence


def _is_mental_health(case: Circumstances) -> bool:
    if "mental_health" in case.stated:
        return True
    try:
        group = rtt_group_of(case.treatment_function, case.received_on)
    except UnknownCode:
        return False
    return group.code == MENTAL_HEALTH_GROUP


# ---- what came of it

Answer = Literal["provider", "stay"]
Outcome = Literal["accepted", "unavailable", "stayed", "lapsed", "expired", "not_made"]


@dataclass(frozen=True, slots=True)
class Shortlist:
    """One offer of choice and what became of it.

    Offers and answers come on two topics, in any order, so each part is filled when it is told.
    """

    shortlist_id: str
    options: int | None = None
    offered_on: date | None = None
    respond_by: date | None = None
    answer: Answer | None = None
    answered_on: date | None = None
    answered_by: str | None = None
    outcome: Outcome | None = None
    provider: str | None = None

    def as_of(self, day: date) -> "Shortlist":
        """As it stood on a day, as far as its parts are dated: unanswered until it was answered."""
        if self.answered_on is None or self.answered_on <= day:
            return self
        return replace(
            self, answer=None, answered_on=None, answered_by=None, outcome=None, provider=None
        )

    @property
    def open(self) -> bool:
        """Whether the patient still has to answer."""
        return self.options is not None and self.answer is None and self.outcome is None


def noted(shortlists: tuple[Shortlist, ...], changed: Shortlist) -> tuple[Shortlist, ...]:
    """The record with this shortlist in its place, or at the end when it is new."""
    if all(known.shortlist_id != changed.shortlist_id for known in shortlists):
        return (*shortlists, changed)
    return tuple(
        changed if known.shortlist_id == changed.shortlist_id else known for known in shortlists
    )


# ---- no referral with the right goes on without an offer or a reason


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why no choice was offered to somebody who has the right to it. `reason` is coded."""

    on: date
    reason: str
    policy_text: str
    publisher: str


def is_on_record(shortlists: tuple[Shortlist, ...], waiver: Waiver | None) -> bool:
    """Whether choice was offered, or there is a recorded reason why not."""
    return waiver is not None or any(one.options is not None for one in shortlists)


def is_overridden(right: RightDecision) -> bool:
    """Whether somebody took this decision against the rules."""
    return "rules_said" in right.evidence


def overridden(right: RightDecision, decision: Decision, reason: str, by: str) -> RightDecision:
    """The decision as somebody took it against the rules. What the rules said stays in it."""
    evidence = {
        **right.evidence,
        "rules_said": right.evidence.get("rules_said", right.decision.value),
        "override_reason": reason,
        "overridden_by": by,
    }
    return replace(right, decision=decision, evidence=evidence)
