"""Pathways, what came in and who read what, as documents."""

from referral.repositories.audit import AuditTrail, Read
from referral.repositories.finding import Edition
from referral.repositories.heard import HeardOf
from referral.repositories.indexes import AUDIT, FACTS, HEARD, INDEXES, INTAKE, PATHWAYS
from referral.repositories.intake import Days, Entry, Intake, Listed, entry_id
from referral.repositories.lists import Due, windows
from referral.repositories.pathways import Pathways, place_of

__all__ = [
    "AUDIT",
    "FACTS",
    "HEARD",
    "INDEXES",
    "INTAKE",
    "PATHWAYS",
    "AuditTrail",
    "Days",
    "Due",
    "Edition",
    "Entry",
    "HeardOf",
    "Intake",
    "Listed",
    "Pathways",
    "Read",
    "entry_id",
    "place_of",
    "windows",
]
