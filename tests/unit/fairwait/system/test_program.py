"""What a service sees of our environment."""

from fairwait.system.program import inherited


def test_settings_of_services_are_handed_on_and_those_of_the_tests_are_not() -> None:
    environment = {
        "PATH": "/bin",
        "FAIRWAIT_TELEMETRY__SAMPLE_RATIO": "1",
        "FAIRWAIT_SECRETS_DIR": "/run/secrets",
        "FAIRWAIT_STACK": "native",
        "FAIRWAIT_REQUIRE": "stack",
    }

    assert inherited(environment) == {
        "PATH": "/bin",
        "FAIRWAIT_TELEMETRY__SAMPLE_RATIO": "1",
        "FAIRWAIT_SECRETS_DIR": "/run/secrets",
    }
