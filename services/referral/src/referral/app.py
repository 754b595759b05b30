"""The referral service, put together."""

from typing import Final

from referral.repositories import PATHWAYS

# What is said about a pathway is numbered in its own document.
STREAMS: Final = {"referral": PATHWAYS, "appointment": PATHWAYS, "identity": PATHWAYS}
KEYED_BY: Final = {"submission": PATHWAYS, "offer": PATHWAYS, "response": PATHWAYS}
