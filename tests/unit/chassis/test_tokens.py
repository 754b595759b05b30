"""Only a token that its issuer signed for us, now, is believed."""

import base64
import hmac
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from chassis.settings import AuthSettings, IssuerSettings
from chassis.tokens import (
    LEEWAY,
    Caller,
    DevelopmentIssuer,
    FetchedKeys,
    KeysUnknown,
    TokenRefused,
    Tokens,
)

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
AUDIENCE = "fairwait"
SEED = 20261125

RSA = RSAKey.generate_key(2048, {"use": "sig", "kid": "rsa"})
EC = ECKey.generate_key("P-256", {"use": "sig", "kid": "ec"})
STRANGER_RSA = RSAKey.generate_key(2048, {"use": "sig", "kid": "rsa"})
STRANGER_EC = ECKey.generate_key("P-256", {"use": "sig", "kid": "ec"})


@pytest.fixture
def settings(tmp_path: Path) -> AuthSettings:
    for name, key in (("rsa", RSA), ("ec", EC)):
        content = json.dumps({"keys": [key.as_dict(private=False)]})
        (tmp_path / f"{name}.json").write_text(content)
    return AuthSettings(
        issuer="https://rsa.example",
        audience=AUDIENCE,
        jwks=str(tmp_path / "rsa.json"),
        algorithm="RS512",
        others=(
            IssuerSettings(
                issuer="https://ec.example", jwks=str(tmp_path / "ec.json"), algorithm="ES256"
            ),
        ),
    )


def claims(**other: Any) -> dict[str, Any]:
    now = int(NOW.timestamp())
    given = {
        "iss": "https://rsa.example",
        "aud": AUDIENCE,
        "sub": "rj1-pas",
        "ods": "RJ1",
        "scope": "referral.write pathway.read",
        "iat": now,
        "nbf": now,
        "exp": now + 600,
    }
    return {name: value for name, value in (given | other).items() if value is not ...}


def signed(key: Key, algorithm: str, header: dict[str, Any], body: dict[str, Any]) -> str:
    protected = {"alg": algorithm, "kid": key.kid, "typ": "at+jwt"} | header
    protected = {name: value for name, value in protected.items() if value is not ...}
    return jwt.encode(protected, body, key, algorithms=[algorithm], default_type=None)


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def genuine(**other: Any) -> str:
    return signed(RSA, "RS512", {}, claims(**other))


def test_a_genuine_token_names_its_caller(settings: AuthSettings) -> None:
    tokens = Tokens(settings)

    caller = tokens.verify(genuine(), NOW)

    assert caller == Caller("RJ1", "rj1-pas", frozenset({"referral.write", "pathway.read"}))
    assert caller.may("pathway.read")
    assert not caller.may("ops")


@pytest.mark.parametrize("kind", ["at+jwt", "JWT", "application/at+jwt"])
def test_each_issuer_has_its_own_algorithm(settings: AuthSettings, kind: str) -> None:
    token = signed(EC, "ES256", {"typ": kind}, claims(iss="https://ec.example"))

    assert Tokens(settings).verify(token, NOW).organisation == "RJ1"


@pytest.mark.parametrize(
    ("seconds", "valid"),
    [(-LEEWAY - 1, False), (-LEEWAY, True), (600 + LEEWAY, True), (601 + LEEWAY, False)],
)
def test_validity_is_judged_at_the_given_instant_also_from_memory(
    settings: AuthSettings, seconds: int, valid: bool
) -> None:
    tokens, token = Tokens(settings), genuine()
    tokens.verify(token, NOW)

    if valid:
        tokens.verify(token, NOW + timedelta(seconds=seconds))
    else:
        with pytest.raises(TokenRefused):
            tokens.verify(token, NOW + timedelta(seconds=seconds))


# ---- forgeries


def unsigned(chance: random.Random) -> str:
    algorithm = chance.choice(["none", "None", "NONE", "nOnE", ""])
    head = encoded({"alg": algorithm, "kid": "rsa", "typ": "at+jwt"})
    return f"{head}.{encoded(claims())}.{chance.choice(['', 'AA', '.', 'none'])}"


def public_key_as_secret(chance: random.Random) -> str:
    key: Any = chance.choice([RSA, EC])
    issuer = "https://rsa.example" if key is RSA else "https://ec.example"
    public = key.public_key
    secret = chance.choice(
        [
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip(),
            public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
            json.dumps(key.as_dict(private=False)).encode(),
            json.dumps(key.as_dict(private=False), separators=(",", ":")).encode(),
        ]
    )
    algorithm = chance.choice(["HS256", "HS384", "HS512"])
    # OctKey refuses key material like this, so the forger does without it.

    head = encoded({"alg": algorithm, "kid": key.kid, "typ": "at+jwt"})
    text = f"{head}.{encoded(claims(iss=issuer))}"
    digest = hmac.new(secret, text.encode(), f"sha{algorithm[2:]}").digest()
    return f"{text}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def by_a_stranger(chance: random.Random) -> str:
    if chance.random() < 0.5:
        return signed(STRANGER_RSA, "RS512", {}, claims())
    return signed(STRANGER_EC, "ES256", {}, claims(iss="https://ec.example"))


def with_another_algorithm(chance: random.Random) -> str:
    if chance.random() < 0.5:
        return signed(RSA, chance.choice(["RS256", "RS384", "PS512"]), {}, claims())
    return signed(EC, "ES256", {}, claims())  # signed well, by the other issuer's key


def for_somebody_else(chance: random.Random) -> str:
    audience = chance.choice(
        ["other", "", ["other"], [], None, ..., 1, {"aud": AUDIENCE}, "Fairwait"]
    )
    return genuine(aud=audience)


def of_an_unknown_issuer(chance: random.Random) -> str:
    return genuine(
        iss=chance.choice(
            ["https://ec.example", "https://rsa.example/", "", None, ..., ["https://rsa.example"]]
        )
    )


def with_another_header(chance: random.Random) -> str:
    body = claims()
    heads: list[dict[str, Any]] = [
        {"kid": "ec"}, {"kid": "unknown"}, {"kid": ...}, {"kid": "../../dev/null"},
            {"typ": "id_token"}, {"typ": ...}, {"typ": "dpop+jwt"},
            {"jku": "https://evil.example/jwks.json"}, {"x5u": "https://evil.example/cert"},
            {"jwk": STRANGER_RSA.as_dict(private=False)}, {"x5c": ["AAAA"]},
    ]  # fmt: skip
    head = chance.choice(heads)
    return signed(chance.choice([RSA, STRANGER_RSA]) if "jwk" in head else RSA, "RS512", head, body)


def at_another_time(chance: random.Random) -> str:
    now, far = int(NOW.timestamp()), chance.randrange(60, 10**6)
    times: list[dict[str, Any]] = [
                {"exp": now - far, "iat": now - far - 600, "nbf": ...},
                {"iat": now + far, "nbf": now + far, "exp": now + far + 600},
                {"nbf": now + far},
                {"exp": ...}, {"iat": ...}, {"exp": str(now + 600)}, {"exp": True}, {"exp": None},
                {"exp": now + 10**8}, {"exp": 1e300}, {"exp": -1}, {"iat": now + 601},
    ]  # fmt: skip
    return genuine(**chance.choice(times))


def without_an_organisation(chance: random.Random) -> str:
    return genuine(
        ods=chance.choice(
            [..., None, "", "rj1", "RJ", "RJ1 ", "RJ1\n", 1, ["RJ1"], {"$ne": ""}, "*"]
        )
    )


def with_other_claims(chance: random.Random) -> str:
    others: list[dict[str, Any]] = [{"scope": ["ops"]}, {"scope": None}, {"sub": 5}, {"sub": ""}]
    return genuine(**chance.choice(others))


def tampered(chance: random.Random) -> str:
    head, body, signature = genuine().split(".")
    match chance.randrange(6):
        case 0:
            return f"{head}.{encoded(claims(ods='RRV'))}.{signature}"
        case 1:
            return f"{encoded({'alg': 'RS512', 'kid': 'rsa', 'typ': 'JWT'})}.{body}.{signature}"
        case 2:
            place = chance.randrange(len(signature) - 2)
            other = "A" if signature[place] != "A" else "B"
            return f"{head}.{body}.{signature[:place]}{other}{signature[place + 1 :]}"
        case 3:
            return f"{head}.{body}.{signature[:-4]}"
        case 4:
            twice = f'{{"ods":"RRV",{json.dumps(claims())[1:]}'.encode()
            return f"{head}.{base64.urlsafe_b64encode(twice).rstrip(b'=').decode()}.{signature}"
        case _:
            return chance.choice(
                [f"{head}.{body}", f"{head}.{body}.{signature}.x", "", "...", "a.b.c", "\x00", "é.é.é",
                 f" {head}.{body}.{signature}", "x" * 100_000, encoded({}) + ".." + signature]
            )  # fmt: skip


FORGERIES: list[Callable[[random.Random], str]] = [
    unsigned, public_key_as_secret, by_a_stranger, with_another_algorithm, for_somebody_else,
    of_an_unknown_issuer, with_another_header, at_another_time, without_an_organisation,
    with_other_claims, tampered,
]  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: str(forgery.__name__))
def test_none_of_more_than_two_hundred_forged_tokens_is_accepted(
    settings: AuthSettings, forgery: Callable[[random.Random], str]
) -> None:
    tokens, chance = Tokens(settings), random.Random(SEED)
    for number in range(20):
        token = forgery(chance)

        with pytest.raises(TokenRefused) as refusal:
            pytest.fail(f"seed {SEED}, number {number}: accepted {tokens.verify(token, NOW)}")

        assert not token or token not in str(refusal.value)


def test_a_symmetric_key_in_a_key_set_is_ignored(tmp_path: Path) -> None:
    secret = OctKey.generate_key(512, {"kid": "oct"})
    path = tmp_path / "jwks.json"
    path.write_text(
        json.dumps({"keys": [secret.as_dict(private=True), RSA.as_dict(private=False)]})
    )
    tokens = Tokens(AuthSettings(issuer="https://rsa.example", jwks=str(path), algorithm="RS512"))
    token = signed(secret, "HS512", {}, claims())

    with pytest.raises(TokenRefused):
        tokens.verify(token, NOW)


# ---- keys


class Published:
    """A key set behind a URL, that counts how often somebody looks."""

    def __init__(self, *keys: Key) -> None:
        self.keys = list(keys)
        self.looked = 0

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))

    def _answer(self, _: httpx2.Request) -> httpx2.Response:
        self.looked += 1
        return httpx2.Response(
            200, json={"keys": [key.as_dict(private=False) for key in self.keys]}
        )


def fetching(published: Published) -> Tokens:
    issuer = AuthSettings(
        issuer="https://rsa.example", jwks="https://rsa.example/jwks", algorithm="RS512"
    )
    keys = FetchedKeys("https://rsa.example/jwks", published.client())
    return Tokens(issuer, {"https://rsa.example": keys})


async def test_an_unknown_key_is_looked_for_once_and_not_for_every_forger() -> None:
    published = Published(RSA)
    tokens = fetching(published)

    assert (await tokens.authenticate(genuine(), NOW)).organisation == "RJ1"
    for number in range(50):
        with pytest.raises(TokenRefused):
            await tokens.authenticate(signed(RSA, "RS512", {"kid": f"k{number}"}, claims()), NOW)

    assert published.looked == 1


async def test_a_new_key_is_found_and_an_old_one_forgotten() -> None:
    published = Published(RSA)
    tokens = fetching(published)
    old = genuine()
    await tokens.authenticate(old, NOW)

    new = RSAKey.generate_key(2048, {"use": "sig", "kid": "new"})
    published.keys = [new]
    await tokens.refresh(force=True)

    assert tokens.verify(signed(new, "RS512", {}, claims()), NOW).organisation == "RJ1"
    with pytest.raises(TokenRefused):
        tokens.verify(old, NOW)


def test_before_the_first_look_a_key_is_unknown_and_not_wrong() -> None:
    with pytest.raises(KeysUnknown):
        fetching(Published(RSA)).verify(genuine(), NOW)


def test_the_development_issuer_is_believed_by_those_it_is_set_for(tmp_path: Path) -> None:
    issuer = DevelopmentIssuer(tmp_path)
    again = DevelopmentIssuer(tmp_path)

    token = again.token("RRV", ["capacity.write"], timedelta(minutes=5), at=NOW)

    caller = Tokens(issuer.settings()).verify(token, NOW)
    assert caller == Caller("RRV", "rrv-system", frozenset({"capacity.write"}))
    assert (tmp_path / "key.json").stat().st_mode & 0o077 == 0


def test_without_a_key_set_nobody_is_believed() -> None:
    with pytest.raises(TokenRefused):
        Tokens(AuthSettings()).verify(genuine(), NOW)
