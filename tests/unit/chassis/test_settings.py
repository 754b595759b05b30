"""A service with a setting that is wrong or unsafe does not start, and says why in a sentence."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from chassis.settings import (
    DEVELOPMENT_ISSUER,
    RefusedSettings,
    Section,
    Settings,
    development_secret,
    load,
    printable,
)


class ReferralSection(Section):
    key: SecretStr = development_secret("pathway-key")
    days: int = 3


class ReferralSettings(Settings):
    referral: ReferralSection = ReferralSection()


SAFE_URI = "mongodb://u:p@db/?tls=true&w=majority&journal=true&readConcernLevel=majority"
PRODUCTION = {
    "FAIRWAIT_ENVIRONMENT": "production",
    "FAIRWAIT_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
    "FAIRWAIT_AUTH__ISSUER": "https://issuer.example",
    "FAIRWAIT_AUTH__JWKS": "https://issuer.example/jwks",
}


def production(directory: Path, **secrets: str) -> dict[str, str]:
    files = {"FAIRWAIT_MONGO__URI": SAFE_URI, "FAIRWAIT_REFERRAL__KEY": "k" * 32} | secrets
    for name, secret in files.items():
        (directory / name).write_text(f"{secret}\n")
    return {**PRODUCTION, "FAIRWAIT_SECRETS_DIR": str(directory)}


def reasons(environ: dict[str, str]) -> list[str]:
    with pytest.raises(RefusedSettings) as refused:
        load(ReferralSettings, "referral", environ)
    assert all(reason.endswith((".", "?")) for reason in refused.value.reasons)
    return refused.value.reasons


def test_defaults_are_for_a_laptop() -> None:
    settings = load(ReferralSettings, "referral", {"HOME": "/x", "PORT": "1"})

    assert (settings.http.port, settings.mongo.database) == (8101, "fairwait_referral")


def test_safe_production_settings_are_taken_with_secrets_from_files(tmp_path: Path) -> None:
    settings = load(ReferralSettings, "referral", production(tmp_path))

    assert settings.mongo.uri.get_secret_value() == SAFE_URI
    assert settings.referral.key.get_secret_value() == "k" * 32
    assert settings.replication == 3


@pytest.mark.parametrize(
    "options",
    [
        "w=1", "w=0", "w=2", "w=majority&w=1", "W=1", "journal=false", "j=false",
        "readConcernLevel=local", "readConcernLevel=available", "retryWrites=false",
        "readPreference=secondaryPreferred", "tlsInsecure=true", "tlsAllowInvalidCertificates=true",
    ],
)  # fmt: skip
def test_a_database_that_could_lose_writes_is_refused_everywhere(options: str) -> None:
    (reason,) = reasons({"FAIRWAIT_MONGO__URI": f"mongodb://user:hunter2@db/?{options}"})

    assert reason.startswith("FAIRWAIT_MONGO__URI: ")
    assert "hunter2" not in reason


@pytest.mark.parametrize("uri", ["", "localhost", "http://db", "mongodb://", "mongodb://[db"])
def test_what_is_no_database_is_refused(uri: str) -> None:
    assert reasons({"FAIRWAIT_MONGO__URI": uri})


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"FAIRWAIT_KAFKA__IDEMPOTENCE": "false"}, "FAIRWAIT_KAFKA__IDEMPOTENCE"),
        ({"FAIRWAIT_KAFKA__SECURITY_PROTOCOL": "PLAINTEXT"}, "FAIRWAIT_KAFKA__SECURITY_PROTOCOL"),
        ({"FAIRWAIT_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT"}, "FAIRWAIT_KAFKA__SECURITY_PROTOCOL"),
        ({"FAIRWAIT_CLOCK__FILE": "/tmp/clock"}, "FAIRWAIT_CLOCK__FILE"),
        ({"FAIRWAIT_AUTH__ISSUER": DEVELOPMENT_ISSUER}, "FAIRWAIT_AUTH__ISSUER"),
        ({"FAIRWAIT_KILL_POINT": "after-commit:1"}, "FAIRWAIT_KILL_POINT"),
        ({"FAIRWAIT_AUTH__JWKS": ""}, "FAIRWAIT_AUTH__JWKS"),
        ({"FAIRWAIT_AUTH__JWKS": "http://issuer.example/jwks"}, "FAIRWAIT_AUTH__JWKS"),
        ({"FAIRWAIT_REFERRAL__KEY": "k" * 40}, "FAIRWAIT_REFERRAL__KEY"),
        (
            {
                "FAIRWAIT_AUTH__OTHERS": f'[{{"issuer": "{DEVELOPMENT_ISSUER}", "jwks": "x.json"}}]',
            },
            "FAIRWAIT_AUTH__ISSUER",
        ),
    ],
)  # fmt: skip
def test_what_is_for_a_laptop_is_refused_in_production(
    tmp_path: Path, change: dict[str, str], name: str
) -> None:
    environ = production(tmp_path) | change

    (reason,) = reasons(environ)

    assert reason.startswith(name)


@pytest.mark.parametrize("text", ["after-commit", "after-commit:", "after-commit:-1", "nowhere:1"])
def test_a_kill_point_that_is_none_is_refused(text: str) -> None:
    (reason,) = reasons({"FAIRWAIT_KILL_POINT": text})

    assert reason.startswith("FAIRWAIT_KILL_POINT")


def test_a_published_secret_is_refused_in_production(tmp_path: Path) -> None:
    published = development_secret("pathway-key").get_secret_value()

    (reason,) = reasons(production(tmp_path, FAIRWAIT_REFERRAL__KEY=published))

    assert reason.startswith("FAIRWAIT_REFERRAL__KEY")
    assert published not in reason


def test_an_unencrypted_database_is_refused_in_production(tmp_path: Path) -> None:
    (reason,) = reasons(production(tmp_path, FAIRWAIT_MONGO__URI="mongodb://u:p@db/"))

    assert "tls" in reason


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("FAIRWAIT_MONGO__URL", "FAIRWAIT_MONGO__URI"),
        ("FAIRWAIT_KAFKA_BOOTSTRAP", "FAIRWAIT_KAFKA__BOOTSTRAP"),
        ("FAIRWAIT_ENVIROMENT", "FAIRWAIT_ENVIRONMENT"),
        ("FAIRWAIT_REFERRAL__DAY", "FAIRWAIT_REFERRAL__DAYS"),
        ("fairwait_http__prot", "FAIRWAIT_HTTP__PORT"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_nearest_one(name: str, nearest: str) -> None:
    assert reasons({name: "1"}) == [f"{name.upper()} is not a setting. Did you mean {nearest}?"]


def test_the_service_cannot_be_renamed_and_files_are_checked_like_variables(tmp_path: Path) -> None:
    (tmp_path / "FAIRWAIT_MONGO__URRI").write_text("x")

    assert len(reasons({"FAIRWAIT_SERVICE": "x", "FAIRWAIT_SECRETS_DIR": str(tmp_path)})) == 2
    assert reasons({"FAIRWAIT_SECRETS_DIR": str(tmp_path / "absent")})


def test_sections_of_other_services_are_tolerated() -> None:
    settings = load(
        ReferralSettings,
        "referral",
        {"FAIRWAIT_MATCHING__HOLD_HOURS": "48", "FAIRWAIT_REFERRAL__DAYS": "4"},
    )

    assert settings.referral.days == 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FAIRWAIT_HTTP__PORT", "hunter2"),
        ("FAIRWAIT_HTTP__PORT", "70000"),
        ("FAIRWAIT_ENVIRONMENT", "hunter2"),
        ("FAIRWAIT_AUTH__ALGORITHM", "HS256"),
        ("FAIRWAIT_AUTH__OTHERS", "hunter2"),
        ("FAIRWAIT_TELEMETRY__SAMPLE_RATIO", "2"),
    ],
)
def test_a_value_out_of_its_form_is_refused_and_not_repeated(name: str, value: str) -> None:
    (reason,) = reasons({name: value})

    assert "hunter2" not in reason


def test_all_reasons_are_told_at_once() -> None:
    assert (
        len(reasons({"FAIRWAIT_X": "1", "FAIRWAIT_MONGO__URI": "mongodb://db/?w=1&j=false"})) == 3
    )


def test_settings_are_printed_without_secrets() -> None:
    settings = ReferralSettings(service="referral").model_copy()

    shown = printable(
        load(ReferralSettings, "referral", {"FAIRWAIT_MONGO__URI": "mongodb://u:hunter2@db:27017/"})
    )

    assert shown["FAIRWAIT_MONGO__URI"] == "mongodb://********@db:27017/"
    assert shown["FAIRWAIT_REFERRAL__KEY"] == "********"
    assert shown["FAIRWAIT_HTTP__PORT"] == settings.http.port
    assert "hunter2" not in str(shown)
    assert "hunter2" not in repr(settings)
