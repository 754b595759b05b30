"""A file goes out in whole rows, and goes on where it stopped."""

from pathlib import Path

import pytest

from fairwait.commands import submit
from fairwait.commands.submit import Part, parts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(b'a,b\n1,2\n"3\n3",4\n5,6')
    return path


def test_a_file_that_fits_is_one_part(file: Path) -> None:
    assert list(parts(file, "text/csv", 1)) == [Part(2, file.read_bytes())]


def test_every_part_has_the_first_row_and_whole_rows(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "PART", 1)

    assert list(parts(file, "text/csv", 1)) == [
        Part(2, b"a,b\n1,2\n"),
        Part(3, b'a,b\n"3\n3",4\n'),
        Part(5, b"a,b\n5,6"),
    ]


def test_a_file_goes_on_at_a_line(file: Path) -> None:
    assert list(parts(file, "text/csv", 3)) == [Part(3, b'a,b\n"3\n3",4\n5,6')]


def test_json_lines_have_no_first_row(tmp_path: Path) -> None:
    path = tmp_path / "list.ndjson"
    path.write_bytes(b'{"a": "1\\""}\n{}\n')

    assert list(parts(path, "application/x-ndjson", 2)) == [Part(2, b"{}\n")]


@pytest.mark.parametrize("name", ["list.txt", "missing.csv"])
def test_other_files_are_not_sent(tmp_path: Path, name: str) -> None:
    (tmp_path / "list.txt").touch()

    assert submit.submit(tmp_path / name, organisation="RJ1", directory=tmp_path) == 2


def test_without_a_system_there_is_nowhere_to_send_it(file: Path, tmp_path: Path) -> None:
    assert submit.submit(file, organisation="RJ1", directory=tmp_path) == 2
