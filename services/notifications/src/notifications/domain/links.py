"""The links in messages: unguessable, for one purpose, known to us by their hash only.

A token is derived and not drawn: whoever hands a message over can make the link again, and nothing
in the database lets anybody else make it.
"""

import base64
import hashlib
import hmac
from datetime import date

TOKEN_BYTES = 16  # 128 bits, OWASP ASVS 7.2.3
TRIES = 5  # wrong dates of birth until a link is locked
CHOOSE = "choose"


def token(secret: bytes, *, pathway_id: str, purpose: str, subject: str) -> str:
    """The token of one link: 22 characters that are safe in a URL."""
    named = "\x00".join((purpose, pathway_id, subject)).encode()
    drawn = hmac.new(secret, named, hashlib.sha256).digest()[:TOKEN_BYTES]
    return base64.urlsafe_b64encode(drawn).rstrip(b"=").decode()


def fingerprint(token: str) -> str:
    """What is stored of a token, and looked up by: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def same_birth_date(known: date, given: date) -> bool:
    """Compared in constant time, like any secret."""
    return hmac.compare_digest(known.isoformat().encode(), given.isoformat().encode())
