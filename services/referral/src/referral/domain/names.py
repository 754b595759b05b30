"""Our own names for things, made from what they are, so that repeats get the same name."""

import hashlib
import hmac

_SEPARATOR = "\x1f"  # occurs in no identifier, so that no two lists of parts read the same


def pathway_id(issuer: str, identifier: str, secret: str) -> str:
    """The same 32 hexadecimal digits for the same referral, whichever door it comes in by.

    Keyed, so that nobody without the secret can tell a UBRN from a pathway id by trying them all.
    """
    return hmac.digest(secret.encode(), f"{issuer}|{identifier}".encode(), "sha256").hex()[:32]


def patient_key(nhs_number: str, secret: str) -> str:
    """What the pathways of one person have in common, without being the number."""
    return hmac.digest(secret.encode(), f"patient|{nhs_number}".encode(), "sha256").hex()[:32]


def digest(*parts: str) -> str:
    """A name of 32 hexadecimal digits for a combination of parts."""
    return hashlib.sha256(_SEPARATOR.join(parts).encode()).hexdigest()[:32]


def rejection_id(publisher: str, message_id: str, body_hash: str) -> str:
    """The subject of a rejection. It is about a message and belongs to no pathway."""
    return f"rejection-{digest(publisher, message_id, body_hash)}"
