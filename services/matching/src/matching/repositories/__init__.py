"""How cases, sessions, diaries and shortlists are kept, each as one document."""

from matching.repositories.cases import Cases
from matching.repositories.collections import (
    CATALOGUES,
    DIARIES,
    INDEXES,
    MATCHES,
    SESSIONS,
    SHORTLISTS,
)
from matching.repositories.counts import counts
from matching.repositories.sessions import Refusals, Sessions
from matching.repositories.shortlists import Shortlists

__all__ = [
    "CATALOGUES",
    "DIARIES",
    "INDEXES",
    "MATCHES",
    "SESSIONS",
    "SHORTLISTS",
    "Cases",
    "Refusals",
    "Sessions",
    "Shortlists",
    "counts",
]
