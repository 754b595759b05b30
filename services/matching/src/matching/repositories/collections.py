"""The collections of this service, and what they are asked by."""

from typing import Final

from chassis.mongo import Index

MATCHES: Final = "matches"
SESSIONS: Final = "sessions"
DIARIES: Final = "diaries"
SHORTLISTS: Final = "shortlists"
CATALOGUES: Final = "catalogues"

INDEXES: Final = (
    Index(MATCHES, ("offered",)),
    Index(SESSIONS, ("kind",)),
    Index(SESSIONS, ("provider",)),
    Index(DIARIES, ("treatment_function",)),
)
