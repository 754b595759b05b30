"""Where a referral says it came from, checked against who is named as referrer.

A contradiction is kept and published, never corrected (domain reference, 2.20 and T13).
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from contracts.codes import Referrer, UnknownCode, source_of_referral

OTHER: Final = "97"  # counted apart, so that nobody can hide behind "other"

# ODS default codes for somebody not known or not of the NHS (domain reference, 2.24).
_DEFAULT_REFERRERS: Final = re.compile(r"V8199[789]|X9999[89]|8999[79]|Q99|VPP00|TDH00")

# Shapes of ODS codes (domain reference, 2.24). The optical and dental shapes are DERIVED. Codes
# given out since 2021 (G6V2S) show nothing of their owner, so most codes can contradict nothing.
_SHAPES: Final = (
    (re.compile(r"V[0-9]{5}"), Referrer.DENTAL_PRACTICE),
    (re.compile(r"[A-HJ-NPWY][0-9]{5}"), Referrer.GENERAL_PRACTICE),
    (re.compile(r"T[^A][0-9A-Z]{1,3}"), Referrer.OPTICAL_PRACTICE),
    (re.compile(r"(?:R|TA)[0-9A-Z]{1,2}(?:[0-9A-Z]{2})?"), Referrer.HOSPITAL),
    (re.compile(r"N[A-Z][0-9A-Z](?:[0-9A-Z]{2})?"), Referrer.HOSPITAL),
)

# A hospital's code says nothing of its departments, so it agrees with these as well.
_WITHIN_HOSPITAL: Final = frozenset({Referrer.EMERGENCY_DEPARTMENT})

_LIKE_A_CODE: Final = re.compile(r"[0-9]{1,2}")


class SourceValidity(StrEnum):
    """What the check of a source of referral came to."""

    VALID = "valid"
    DEFAULTED = "defaulted"
    CONTRADICTED = "contradicted"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """`code` is the source as sent, with its leading zero back; `reason` says why not valid."""

    validity: SourceValidity
    code: str | None
    reason: str = ""


def referrer_of(organisation: str) -> Referrer | None:
    """The kind of organisation that the shape of an ODS code shows; None where it shows none."""
    if _DEFAULT_REFERRERS.fullmatch(organisation):
        return None
    return next((kind for shape, kind in _SHAPES if shape.fullmatch(organisation)), None)


def check_source(code: str | None, referrer: str | None, on: date) -> SourceCheck:
    """Whether the source is in the list on this day and agrees with the referring organisation."""
    if code is None or not _LIKE_A_CODE.fullmatch(code):
        return SourceCheck(SourceValidity.MISSING, None, "not given")
    try:
        source = source_of_referral(code, on)
    except UnknownCode:
        return SourceCheck(SourceValidity.MISSING, code.zfill(2), "not in the list on this date")

    if source.code == OTHER:
        return SourceCheck(SourceValidity.DEFAULTED, source.code, "other, not listed")
    if referrer is not None and _DEFAULT_REFERRERS.fullmatch(referrer):
        return SourceCheck(SourceValidity.DEFAULTED, source.code, "default referrer")
    if referrer is None or not source.referrers:
        return SourceCheck(SourceValidity.VALID, source.code)
    if source.referrers == {Referrer.NOBODY}:
        return SourceCheck(SourceValidity.CONTRADICTED, source.code, "self-referral by another")
    return _agreement(source.code, source.referrers, referrer_of(referrer))


def _agreement(code: str, expected: frozenset[Referrer], found: Referrer | None) -> SourceCheck:
    known_by_shape = {kind for _, kind in _SHAPES} | _WITHIN_HOSPITAL
    if found is None or not expected & known_by_shape:
        return SourceCheck(SourceValidity.VALID, code)
    agrees = found in expected or (found is Referrer.HOSPITAL and bool(expected & _WITHIN_HOSPITAL))
    if agrees:
        return SourceCheck(SourceValidity.VALID, code)
    return SourceCheck(SourceValidity.CONTRADICTED, code, f"referrer looks like {found.value}")
