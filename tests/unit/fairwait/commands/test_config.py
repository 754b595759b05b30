"""Settings as an operator sees them."""

import pytest

from fairwait.commands.config import config


def test_settings_are_shown_and_secrets_are_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAIRWAIT_MATCHING__NOTICE_DAYS", "28")
    monkeypatch.setenv("FAIRWAIT_KAFKA__PASSWORD", "not to be seen")

    code = config("matching")

    printed = capsys.readouterr().out
    assert code == 0
    assert "28" in printed
    assert "not to be seen" not in printed


def test_a_setting_that_stops_the_start_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAIRWAIT_MATCHING__NOTISE_DAYS", "28")

    code = config("matching")

    assert code == 2
    assert "FAIRWAIT_MATCHING__NOTICE_DAYS" in capsys.readouterr().err
