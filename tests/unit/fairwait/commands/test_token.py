"""Tokens for development: those of the directory's own issuer, for one organisation."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from chassis.tokens import DevelopmentIssuer, TokenRefused, Tokens
from fairwait.commands.token import token


def test_a_service_of_the_same_directory_believes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = token(organisation="RJ1", scope=("pathway.read",), directory=tmp_path)

    tokens = Tokens(DevelopmentIssuer(tmp_path / "issuer").settings())
    caller = tokens.verify(capsys.readouterr().out.strip(), datetime.now(UTC))
    assert code == 0
    assert caller.organisation == "RJ1"
    assert caller.scopes == {"pathway.read"}


def test_a_service_of_another_directory_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token(organisation="RJ1", directory=tmp_path / "one")

    others = Tokens(DevelopmentIssuer(tmp_path / "other" / "issuer").settings())
    with pytest.raises(TokenRefused):
        others.verify(capsys.readouterr().out.strip(), datetime.now(UTC))


def test_what_is_no_ods_code_gets_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = token(organisation="st elsewhere", directory=tmp_path)

    printed = capsys.readouterr()
    assert code == 2
    assert printed.out == ""
    assert "ODS code" in printed.err
