"""A cell of our CSV files is never a formula, and gives its value back."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.spreadsheets import FORMULA_STARTS, csv_rows, guarded, unguarded


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_what_could_be_a_formula_is_text(start: str) -> None:
    assert guarded(f"{start}1+1").startswith("'")


@given(st.text())
def test_a_text_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text


def test_rows_are_read_back_with_numbers_as_they_are_and_nothing_for_none() -> None:
    written = csv_rows([("a", -1, None), ("=cmd", 'say "x"', "two\nlines")])

    assert list(csv.reader(io.StringIO(written))) == [
        ["a", "-1", ""],
        ["'=cmd", 'say "x"', "two\nlines"],
    ]
