"""Whose message it is: access tokens (JWT) of organisations, verified without asking anybody.

One algorithm per issuer, keys from that issuer's key set and nowhere else: a key, or the address of
one, that comes in a token's own header is a reason to refuse the token.
"""

import asyncio
import base64
import json
import os
import re
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import httpx2
import structlog
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet

from chassis.errors import TransientError
from chassis.settings import DEVELOPMENT_ISSUER, AuthSettings, IssuerSettings
from contracts.event import Unreadable

LEEWAY: Final = 30  # seconds that clocks may differ
LONGEST: Final = 8192  # characters of a token
REMEMBERED: Final = 4096  # tokens; a publisher uses one for many messages
LONGEST_LIFE: Final = 24 * 3600  # seconds; a token for longer is a mistake of its issuer
REFRESH_AFTER: Final = 30.0  # seconds between two looks at a key set for the sake of unknown keys
STALE_AFTER: Final = 3600.0  # seconds after which a key set is fetched again anyway

_HEADERS: Final = frozenset(["alg", "kid", "typ"])
_TYPES: Final = frozenset(["at+jwt", "application/at+jwt", "jwt"])
_ODS: Final = re.compile(r"[0-9A-Z]{3,8}")
_JWT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

log = structlog.get_logger()


class TokenRefused(Unreadable):
    """No valid token. The text says why, for our logs, and never holds a part of the token."""


class KeysUnknown(TransientError):
    """The token names a key that we have not seen and may see after the next refresh."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an organisation (ODS code), acting through one of its systems or people."""

    organisation: str
    subject: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        return scope in self.scopes


@dataclass(frozen=True, slots=True)
class _Verified:
    caller: Caller
    not_before: float
    expires: float


class Keys(Protocol):
    """The key set of one issuer."""

    def key(self, kid: str) -> Key | None: ...

    def may_change(self) -> bool:
        """Whether a refresh now could bring a key that is not there."""
        ...

    async def refresh(self, *, force: bool = False) -> None: ...


class FileKeys:
    """A key set in a file, read again when the file has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version: tuple[int, int] | None = None
        self._keys: dict[str, Key] = {}

    def key(self, kid: str) -> Key | None:
        self._read()
        return self._keys.get(kid)

    def may_change(self) -> bool:
        return False  # `key` has just looked

    async def refresh(self, *, force: bool = False) -> None:
        self._read()

    def _read(self) -> None:
        try:
            status = os.stat(self._path)
            version = (status.st_mtime_ns, status.st_ino)
            if version != self._version:
                self._keys = _key_set(self._path.read_bytes())
                self._version = version
        except OSError as error:
            if self._version is None:
                raise TransientError("the file with the key set cannot be read") from error


class FetchedKeys:
    """A key set behind a URL. An unknown key makes us look again, at most every 30 seconds."""

    def __init__(self, url: str, client: httpx2.AsyncClient | None = None) -> None:
        self._url = url
        self._client = client
        self._keys: dict[str, Key] = {}
        self._tried: float | None = None
        self._fetching = asyncio.Lock()

    def key(self, kid: str) -> Key | None:
        return self._keys.get(kid)

    def may_change(self) -> bool:
        return self._tried is None or time.monotonic() - self._tried > REFRESH_AFTER

    async def refresh(self, *, force: bool = False) -> None:
        """Fetches the set unless that was done a moment ago. What is there stays on failure."""
        async with self._fetching:
            if not (force or self.may_change()):
                return
            self._tried = time.monotonic()
            try:
                self._keys = _key_set(await self._fetch())
            except (httpx2.HTTPError, ValueError, JoseError) as error:
                log.warning("keys.not_fetched", reason=type(error).__name__)

    async def _fetch(self) -> bytes:
        client = self._client or httpx2.AsyncClient(timeout=5, follow_redirects=False)
        try:
            answer = await client.get(self._url)
            answer.raise_for_status()
            return answer.content
        finally:
            if self._client is None:
                await client.aclose()


def _key_set(content: bytes) -> dict[str, Key]:
    """Public signature keys by their id. Symmetric keys have no place in a published set."""
    keys = KeySet.import_key_set(json.loads(content))
    return {
        key.kid: key
        for key in keys
        if key.kid and key.key_type in {"RSA", "EC"} and key.get("use", "sig") == "sig"
    }


@dataclass(frozen=True, slots=True)
class _Issuer:
    name: str
    algorithm: str
    keys: Keys


class Tokens:
    """Verifies tokens. A token that was seen before costs a look-up and two comparisons."""

    def __init__(self, settings: AuthSettings, keys: Mapping[str, Keys] | None = None) -> None:
        self._audience = settings.audience
        self._issuers = {
            one.issuer: _Issuer(
                one.issuer, one.algorithm, (keys or {}).get(one.issuer) or _keys(one)
            )
            for one in settings.issuers
        }
        self._verified: OrderedDict[str, _Verified] = OrderedDict()
        self._refresh_wanted = asyncio.Event()

    def verify(self, token: str, at: datetime) -> Caller:
        """The caller, judged by a token as it stood at the instant `at`.

        Raises `TokenRefused`, or `KeysUnknown` where the next refresh may help; `keep_fresh` then
        does one, so that it is worth trying again soon.
        """
        verified = self._verified.get(token)
        if verified is None:
            verified = self._verify_anew(token)
        instant = at.timestamp()
        if instant > verified.expires + LEEWAY:
            raise TokenRefused("the token has expired")
        if instant < verified.not_before - LEEWAY:
            raise TokenRefused("the token is not valid yet")
        return verified.caller

    async def authenticate(self, token: str, at: datetime) -> Caller:
        """`verify`, after a look for new keys where that may help."""
        try:
            return self.verify(token, at)
        except KeysUnknown:
            await self.refresh()
        try:
            return self.verify(token, at)
        except KeysUnknown:
            raise TokenRefused("the key is not in the issuer's key set") from None

    async def refresh(self, *, force: bool = False) -> None:
        """Looks for new keys of all issuers, and forgets what old ones have verified."""
        await asyncio.gather(*(one.keys.refresh(force=force) for one in self._issuers.values()))
        if force:
            self._verified.clear()

    async def keep_fresh(self) -> None:
        """Refreshes all key sets at start, every hour, and for unknown keys; never returns."""
        while True:
            await self.refresh(force=True)
            await self._refresh_for_unknown_keys(until=time.monotonic() + STALE_AFTER)

    async def _refresh_for_unknown_keys(self, until: float) -> None:
        while (left := until - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._refresh_wanted.wait()
            except TimeoutError:
                return
            self._refresh_wanted.clear()
            await self.refresh()

    def _verify_anew(self, token: str) -> _Verified:
        try:
            verified = self._verify(token)
        except KeysUnknown:
            self._refresh_wanted.set()
            raise
        self._verified[token] = verified
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)
        return verified

    def _verify(self, token: str) -> _Verified:
        if len(token) > LONGEST or _JWT.fullmatch(token) is None:
            raise TokenRefused("this is not a signed token")
        header, claims = _part(token.split(".")[0]), _part(token.split(".")[1])
        issuer = self._issuers.get(str(claims.get("iss")))
        if issuer is None:
            raise TokenRefused("the issuer is not one of ours")

        _check_header(header, issuer)
        _check_signature(token, header["kid"], issuer)
        return _checked_claims(claims, self._audience)


def _keys(settings: IssuerSettings) -> Keys:
    if "://" in settings.jwks:
        return FetchedKeys(settings.jwks)
    return FileKeys(Path(settings.jwks))


def _part(encoded: str) -> dict[str, Any]:
    try:
        padded = encoded + "=" * (-len(encoded) % 4)
        part = json.loads(base64.urlsafe_b64decode(padded), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise TokenRefused("a part of the token is not JSON") from None
    if not isinstance(part, dict):
        raise TokenRefused("a part of the token is not an object")
    return part


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name is given twice")
    return dict(pairs)


def _check_header(header: Mapping[str, Any], issuer: _Issuer) -> None:
    # jku, x5u, jwk, x5c and crit are refused with everything else that is not needed.
    if not header.keys() <= _HEADERS:
        raise TokenRefused("the header holds what it should not")
    if header.get("alg") != issuer.algorithm:
        raise TokenRefused("the algorithm is not the one of this issuer")
    if str(header.get("typ", "")).lower() not in _TYPES:
        raise TokenRefused("the type is not that of an access token")
    if not isinstance(header.get("kid"), str):
        raise TokenRefused("the header names no key")


def _check_signature(token: str, kid: str, issuer: _Issuer) -> None:
    key = issuer.keys.key(kid)
    if key is None:
        if issuer.keys.may_change():
            raise KeysUnknown("the key is not known yet")
        raise TokenRefused("the key is not in the issuer's key set")
    try:
        jws.deserialize_compact(token, key, algorithms=[issuer.algorithm])
    except (JoseError, ValueError):
        raise TokenRefused("the signature does not fit") from None


def _checked_claims(claims: Mapping[str, Any], audience: str) -> _Verified:
    given = claims.get("aud")
    if audience not in (given if isinstance(given, list) else [given]):
        raise TokenRefused("the token is for somebody else")

    expires, issued = _instant(claims, "exp"), _instant(claims, "iat")
    not_before = max(issued, _instant(claims, "nbf") if "nbf" in claims else issued)
    if not 0 < expires - issued <= LONGEST_LIFE:
        raise TokenRefused("the token lives for no time or for longer than a day")

    organisation, scopes = claims.get("ods"), claims.get("scope", "")
    if not isinstance(organisation, str) or _ODS.fullmatch(organisation) is None:
        raise TokenRefused("the token names no organisation")
    if not isinstance(scopes, str):
        raise TokenRefused("the scopes are not a text")
    subject = claims.get("sub", organisation)
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise TokenRefused("the subject is not a text")
    return _Verified(Caller(organisation, subject, frozenset(scopes.split())), not_before, expires)


def _instant(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        raise TokenRefused(f"{name} is not an instant")
    return float(value)


# ---- development


class DevelopmentIssuer:
    """Issues tokens on a laptop and in tests. In production its name alone stops the start."""

    def __init__(self, directory: Path, *, audience: str = "fairwait") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.issuer: Final = DEVELOPMENT_ISSUER
        self.algorithm: Final = "ES256"
        self.jwks = directory / "jwks.json"
        self._audience = audience
        self._key = _own_key(directory / "key.json")
        _write(self.jwks, json.dumps({"keys": [self._key.as_dict(private=False)]}), mode=0o644)

    def settings(self) -> AuthSettings:
        """Settings of a service that believes this issuer."""
        return AuthSettings(
            issuer=self.issuer,
            audience=self._audience,
            jwks=str(self.jwks),
            algorithm=self.algorithm,
        )

    def token(
        self,
        organisation: str,
        scopes: Sequence[str] = (),
        lifetime: timedelta = timedelta(hours=1),
        *,
        subject: str = "",
        at: datetime | None = None,
    ) -> str:
        """A token of `organisation`, valid from `at` (now) for `lifetime`, a day at most."""
        issued = int((at or datetime.now(UTC)).timestamp())
        claims = {
            "iss": self.issuer,
            "aud": self._audience,
            "sub": subject or f"{organisation.lower()}-system",
            "ods": organisation,
            "scope": " ".join(scopes),
            "iat": issued,
            "nbf": issued,
            "exp": issued + int(lifetime.total_seconds()),
        }
        header = {"alg": self.algorithm, "kid": self._key.kid, "typ": "at+jwt"}
        return jwt.encode(header, claims, self._key, algorithms=[self.algorithm])


def _own_key(path: Path) -> ECKey:
    if not path.exists():
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        _write(path, json.dumps(key.as_dict(private=True)), mode=0o600)
    return ECKey.import_key(json.loads(path.read_text(encoding="ascii")))


def _write(path: Path, text: str, *, mode: int) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
    os.replace(beside, path)
