"""What an operator may set, where it is read from, and what is refused before anything starts.

Variables are named `FAIRWAIT_SECTION__KEY`. A secret may be a file of the same name in the
directory `FAIRWAIT_SECRETS_DIR`, and in production it must be. Nothing is read from the
environment except by `load`, so a test that builds `Settings` gets the defaults.
"""

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, TypeVar
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from chassis.kill_points import Armed
from contracts.event import describe

PREFIX: Final = "FAIRWAIT_"
SECRETS_DIR: Final = f"{PREFIX}SECRETS_DIR"
# Sections that belong to other processes of the same environment, and single names of tools.
FOREIGN_SECTIONS: Final = ("REFERRAL", "MATCHING", "NOTIFICATIONS", "REPORTING", "SINK", "LOCAL")
# Single names that tools and tests read in the same environment.
FOREIGN_NAMES: Final = frozenset(
    [SECRETS_DIR, *(f"{PREFIX}{name}" for name in ("REQUIRE", "SHARED", "STACK", "TEST_MAY_ERASE"))]
)

PORTS: Final[Mapping[str, int]] = {
    "referral": 8101,
    "matching": 8102,
    "notifications": 8103,
    "reporting": 8104,
    "sink": 8105,
}

DEVELOPMENT_ISSUER: Final = "urn:fairwait:development-issuer"
_DEVELOPMENT_SECRET: Final = "development-only-"


class RefusedSettings(Exception):
    """The service does not start: one sentence for each setting that is wrong."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


def development_secret(name: str) -> SecretStr:
    """A default that lets a service start on a laptop and that production refuses."""
    return SecretStr(f"{_DEVELOPMENT_SECRET}{name}-000000000000000000000000")


class Section(BaseModel):
    """A group of settings. A refusal never shows the value."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class KafkaSettings(Section):
    """The broker. `idempotence` is switched off only for the embedded one, which has none."""

    bootstrap: str = "127.0.0.1:9092"
    idempotence: bool = True
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: str = ""
    password: SecretStr = SecretStr("")
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    instance_id: str = ""  # static membership: the name of the pod
    batch_records: int = Field(default=500, ge=1, le=10_000)
    session_ms: int = Field(default=15_000, ge=6_000, le=300_000)  # silent so long, it is replaced
    replication: int = Field(default=0, ge=0, le=9)  # of topics made here; 0: as environment asks


class MongoSettings(Section):
    """The database. The URI is a secret, because it may hold a password."""

    uri: SecretStr = SecretStr("mongodb://127.0.0.1:27017/")
    database: str = ""  # fairwait_<service> unless given
    pool_size: int = Field(default=50, ge=1, le=1000)
    timeout_seconds: float = Field(default=5.0, gt=0, le=60)


class HttpSettings(Section):
    """The HTTP server of the process. Limits are per request, rates per caller."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)  # 0: the usual port of the service
    body_limit_bytes: int = Field(default=1024 * 1024, ge=1024, le=16 * 1024 * 1024)
    body_timeout_seconds: float = Field(default=15.0, gt=0, le=300)
    requests_per_minute: int = Field(default=1200, ge=1)
    work_at_once: int = Field(default=16, ge=1, le=1000)  # of files and lines; callers take turns
    rate_storage: Literal["memory", "mongo"] = "memory"


class IssuerSettings(Section):
    """Somebody whose tokens are believed, with the one algorithm that they sign with."""

    issuer: str
    jwks: str  # a file or an https URL
    algorithm: Literal["RS512", "ES256"] = "RS512"


class AuthSettings(Section):
    """Whose tokens are believed. Without a key set no token is."""

    issuer: str = DEVELOPMENT_ISSUER
    audience: str = "fairwait"
    jwks: str = ""
    algorithm: Literal["RS512", "ES256"] = "ES256"
    others: tuple[IssuerSettings, ...] = ()

    @property
    def issuers(self) -> tuple[IssuerSettings, ...]:
        """All issuers that have a key set."""
        if not self.jwks:
            return self.others
        first = IssuerSettings(issuer=self.issuer, jwks=self.jwks, algorithm=self.algorithm)
        return (first, *self.others)


class ClockSettings(Section):
    """A file makes the time a simulated one; see `chassis.clock`."""

    file: Path | None = None


class TelemetrySettings(Section):
    """Traces. Spans leave only when there is an endpoint or a file to leave for."""

    endpoint: str = ""  # of OTLP over HTTP, such as http://collector:4318/v1/traces
    sample_ratio: float = Field(default=0.01, ge=0, le=1)
    spans_file: Path | None = None


class LogSettings(Section):
    """What is written to stdout."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(BaseSettings):
    """The settings that every service has. A service adds a section of its own in a subclass."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True
    )
    # Given by the service itself and never by the environment.
    fixed: ClassVar[frozenset[str]] = frozenset(["service"])

    service: str
    environment: Literal["development", "test", "production"] = "development"
    kafka: KafkaSettings = KafkaSettings()
    mongo: MongoSettings = MongoSettings()
    http: HttpSettings = HttpSettings()
    auth: AuthSettings = AuthSettings()
    clock: ClockSettings = ClockSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    logs: LogSettings = LogSettings()
    kill_point: str = ""  # name:countdown of `chassis.kill_points`, for crash tests only

    @field_validator("kill_point")
    @classmethod
    def _is_a_kill_point(cls, text: str) -> str:
        if text:
            Armed.of(text)
        return text

    @model_validator(mode="after")
    def _name_what_is_not_given(self) -> "Settings":
        if not self.mongo.database:
            named = self.mongo.model_copy(update={"database": f"fairwait_{self.service}"})
            object.__setattr__(self, "mongo", named)
        if not self.http.port:
            port = PORTS.get(self.service, 8100)
            object.__setattr__(self, "http", self.http.model_copy(update={"port": port}))
        return self

    @property
    def replication(self) -> int:
        """Copies of each topic that is made here: three in production, elsewhere one."""
        return self.kafka.replication or (3 if self.production else 1)

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in; `load` passes the environment."""
        return (init_settings,)


S = TypeVar("S", bound=Settings)


def load(settings: type[S], service: str, environ: Mapping[str, str] | None = None) -> S:
    """The settings of this process, or `RefusedSettings` with everything that is wrong."""
    given = dict(os.environ if environ is None else environ)
    secrets = _secret_files(given.get(SECRETS_DIR))
    names = _ours(given) | secrets

    unknown = _unknown(settings, names)
    try:
        loaded = settings(service=service, **_nested(settings, names))
    except ValidationError as error:
        raise RefusedSettings([*unknown, *_refused(error)]) from None
    except SettingsError:
        raise RefusedSettings([*unknown, "A setting that is a list is not valid JSON."]) from None

    reasons = [*unknown, *unsafe(loaded), *_exposed(loaded, _ours(given))]
    if reasons:
        raise RefusedSettings(reasons)
    return loaded


def _ours(environ: Mapping[str, str]) -> dict[str, str]:
    return {name.upper(): text for name, text in environ.items() if name.upper().startswith(PREFIX)}


def _secret_files(directory: str | None) -> dict[str, str]:
    if not directory:
        return {}
    if not Path(directory).is_dir():
        raise RefusedSettings([f"{SECRETS_DIR} is not a directory."])
    return {
        name: file.read_text(encoding="utf-8").strip("\r\n")
        for file in sorted(Path(directory).iterdir())
        if file.is_file() and (name := file.name.upper()).startswith(PREFIX)
    }


def _nested(settings: type[Settings], names: Mapping[str, str]) -> dict[str, Any]:
    source = EnvSettingsSource(settings, env_prefix=PREFIX, env_nested_delimiter="__")
    known = known_names(settings)
    source.env_vars = {name.lower(): text for name, text in names.items() if name in known}
    return source()


# ---- names


def known_names(settings: type[Settings]) -> frozenset[str]:
    """Every variable that these settings read."""
    return frozenset(
        f"{PREFIX}{name}" for name in _leaves(settings) if name.lower() not in settings.fixed
    )


def _leaves(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        path, annotation = f"{above}{name.upper()}", field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from _leaves(annotation, f"{path}__")
        else:
            yield path


def _unknown(settings: type[Settings], names: Mapping[str, str]) -> list[str]:
    known = known_names(settings)
    own = {name.removeprefix(PREFIX).partition("__")[0] for name in known if "__" in name}
    return [
        f"{name} is not a setting. Did you mean {_nearest(name, known)}?"
        for name in sorted(names)
        if name not in known and name not in FOREIGN_NAMES and not _foreign(name, own)
    ]


def _foreign(name: str, own: set[str]) -> bool:
    section, separator, _ = name.removeprefix(PREFIX).partition("__")
    return bool(separator) and section in FOREIGN_SECTIONS and section not in own


def _nearest(name: str, known: frozenset[str]) -> str:
    return str(get_close_matches(name, sorted(known), n=1, cutoff=0.0)[0])


def _refused(error: ValidationError) -> list[str]:
    return [f"{_variable(problem)}." for problem in describe(error).split("; ")]


def _variable(problem: str) -> str:
    where, _, what = problem.partition(": ")
    return f"{PREFIX}{where.upper().replace('.', '__')} is refused: {what.replace('_', ' ')}"


# ---- values


def unsafe(settings: Settings) -> list[str]:
    """A sentence for every value that could lose, double or disclose data."""
    reasons = _unsafe_mongo(settings.mongo.uri.get_secret_value(), settings.production)
    if settings.production:
        reasons += _unsafe_in_production(settings)
    return reasons


_TRUE = frozenset(["true", "1", "yes"])
_FALSE = frozenset(["false", "0", "no"])


def _unsafe_mongo(uri: str, production: bool) -> list[str]:
    name = f"{PREFIX}MONGO__URI"
    try:
        parts = urlsplit(uri)
    except ValueError:
        return [f"{name} is not a URI."]
    if parts.scheme not in {"mongodb", "mongodb+srv"} or not parts.netloc:
        return [f"{name} does not name a MongoDB server."]

    options = [(key.lower(), text.lower()) for key, text in parse_qsl(parts.query)]
    reasons = [
        f"{name}: {reason}" for key, text in options if (reason := _unsafe_option(key, text))
    ]
    if production and parts.scheme == "mongodb" and not _encrypted(options):
        reasons.append(f"{name}: in production the connection is encrypted; add tls=true.")
    return reasons


def _unsafe_option(key: str, text: str) -> str:
    match key:
        case "w" if text != "majority":
            return "w may only be majority: less loses what was acknowledged."
        case "journal" | "j" if text not in _TRUE:
            return "journal may not be off: a power cut loses what was acknowledged."
        case "readconcernlevel" if text not in {"majority", "snapshot"}:
            return "readConcernLevel may only be majority or snapshot: less reads what is undone."
        case "retrywrites" if text not in _TRUE:
            return "retryWrites may not be off: a failover would fail writes."
        case "readpreference" if text != "primary":
            return "readPreference may only be primary: a secondary answers with the past."
        case "tlsinsecure" | "tlsallowinvalidcertificates" | "tlsallowinvalidhostnames" if (
            text not in _FALSE
        ):
            return f"{key} may not be on: anybody could pose as the database."
        case _:
            return ""


def _encrypted(options: list[tuple[str, str]]) -> bool:
    return any(key in {"tls", "ssl"} and text in _TRUE for key, text in options)


def _unsafe_in_production(settings: Settings) -> list[str]:
    kafka, auth = settings.kafka, settings.auth
    checks = [
        (not kafka.idempotence, "KAFKA__IDEMPOTENCE may not be off: events could double."),
        (
            kafka.security_protocol in {"PLAINTEXT", "SASL_PLAINTEXT"},
            "KAFKA__SECURITY_PROTOCOL must be SSL or SASL_SSL: plain text can be read by others.",
        ),
        (settings.clock.file is not None, "CLOCK__FILE is for simulations only."),
        (settings.kill_point != "", "KILL_POINT ends the process: it is for crash tests only."),
        (
            DEVELOPMENT_ISSUER in {auth.issuer, *(other.issuer for other in auth.others)},
            "AUTH__ISSUER is the development issuer, whose key is on somebody's disk.",
        ),
        (not auth.issuers, "AUTH__JWKS is missing: no token could be verified."),
        (
            any(one.jwks.startswith("http://") for one in auth.issuers),
            "AUTH__JWKS is fetched without encryption: anybody could send other keys.",
        ),
    ]
    reasons = [f"{PREFIX}{sentence}" for wrong, sentence in checks if wrong]
    return reasons + [
        f"{name} still is the secret that is published with the source."
        for name, secret in _secrets(settings)
        if secret.startswith(_DEVELOPMENT_SECRET)
    ]


def _exposed(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    if not settings.production:
        return []
    return [
        f"{name} is a secret in a plain variable: put it in a file of that name in {SECRETS_DIR}."
        for name, _ in _secrets(settings)
        if environ.get(name)
    ]


def _secrets(settings: Settings) -> Iterator[tuple[str, str]]:
    for name, value in _values(settings):
        if isinstance(value, SecretStr):
            yield name, value.get_secret_value()


def _values(model: BaseModel, above: str = PREFIX) -> Iterator[tuple[str, Any]]:
    for name in type(model).model_fields:
        value, path = getattr(model, name), f"{above}{name.upper()}"
        if isinstance(value, BaseModel):
            yield from _values(value, f"{path}__")
        else:
            yield path, value


# ---- for people


def printable(settings: Settings) -> dict[str, Any]:
    """The effective settings by variable name, secrets masked, for `fairwait config`."""
    return {
        name: _shown(value)
        for name, value in _values(settings)
        if name.removeprefix(PREFIX).lower() not in settings.fixed
    }


def _shown(value: Any) -> Any:
    match value:
        case SecretStr():
            return _masked(value.get_secret_value())
        case tuple():
            return [_shown(item) for item in value]
        case BaseModel():
            return value.model_dump(mode="json")
        case Path():
            return str(value)
        case _:
            return value


def _masked(secret: str) -> str:
    if not secret:
        return ""
    parts = urlsplit(secret)
    if parts.scheme not in {"mongodb", "mongodb+srv"}:
        return "********"
    # The address is what one looks for; whoever may use it is nobody's business.
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme, f"{'********' if user else ''}{at}{host}", parts.path, "", ""))
