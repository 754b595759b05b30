"""Pathways, what came in and who read what, as documents."""

from referral.repositories.audit import AuditTrail, Read
from referral.repositories.counts import statuses, verdicts
from referral.repositories.indexes import AUDIT, FACTS, INDEXES, INTAKE, PATHWAYS
from referral.repositories.intake import Entry, Intake, Verdict, entry_id
from referral.repositories.lists import Due, windows
from referral.repositories.pathways import Pathways, place_of

__all__ = [
    "AUDIT",
    "FACTS",
    "INDEXES",
    "INTAKE",
    "PATHWAYS",
    "AuditTrail",
    "Due",
    "Entry",
    "Intake",
    "Pathways",
    "Read",
    "Verdict",
    "entry_id",
    "place_of",
    "statuses",
    "verdicts",
    "windows",
]
