"""The statistics of a wait, held against what NHS England itself publishes."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.reference.published.waits import BANDS, percentile
from tests.unit.matching.reference.files import shared

PEOPLE = st.lists(st.integers(0, 50), min_size=len(BANDS), max_size=len(BANDS))


def weeks(**people: int) -> list[int]:
    """People by whole weeks waited: `weeks(w3=10)`."""
    return [people.get(f"w{week}", 0) for week in range(len(BANDS))]


def test_there_are_104_weeks_and_an_open_band() -> None:
    assert len(BANDS) == 105
    assert BANDS[0] == "Gt 00 To 01 Weeks SUM 1"
    assert BANDS[-1] == "Gt 104 Weeks SUM 1"


@pytest.mark.parametrize(
    ("people", "share", "expected"),
    [
        (weeks(w3=10), 0.5, 3.5),
        (weeks(w3=10), 0.92, 3.92),
        (weeks(w3=10, w4=10), 0.5, 4.0),
        (weeks(w3=1, w80=1), 0.5, 4.0),
        (weeks(w3=1, w80=3), 0.5, 80 + 1 / 3),
        (weeks(w104=10), 0.5, 104.0),
        (weeks(w3=50, w104=50), 0.92, 104.0),
        (weeks(), 0.5, None),
    ],
)
def test_people_are_spread_evenly_over_their_week(
    people: list[int], share: float, expected: float | None
) -> None:
    assert percentile(people, share) == (None if expected is None else pytest.approx(expected))


@given(PEOPLE)
def test_the_median_is_no_longer_than_the_92nd_percentile(people: list[int]) -> None:
    median, most = percentile(people, 0.5), percentile(people, 0.92)

    if median is None or most is None:
        assert sum(people) == 0
    else:
        assert 0 <= median <= most <= 104


@given(PEOPLE, st.sampled_from([0.5, 0.92]))
def test_as_many_as_the_share_says_have_waited_no_longer(people: list[int], share: float) -> None:
    found = percentile(people, share)

    if found is not None and found < 104:
        whole, part = divmod(found, 1)
        up_to = sum(people[: int(whole)]) + people[int(whole)] * part
        assert up_to == pytest.approx(share * sum(people), abs=1e-6)


@pytest.mark.parametrize("kind", ["admitted", "nonadmitted"])
def test_medians_and_95th_percentiles_are_those_that_nhs_england_published(kind: str) -> None:
    compared = 0

    with shared(f"rtt/2025-10-completed-{kind}-trusts.csv").open(encoding="utf-8-sig") as file:
        lines = csv.reader(file)
        header = [name.lower() for name in next(lines)]
        bands = [header.index(f">{week}-{week + 1}") for week in range(104)]
        bands.append(header.index("104 plus"))
        for cells in lines:
            people = [_count(cells[band]) for band in bands]
            # The names of the last columns stand in another order than the columns. The first of
            # them also counts people whose clock start is not known.
            assert sum(people) <= _count(cells[-4])
            for published, share in ((cells[-3], 0.5), (cells[-2], 0.95)):
                ours = percentile(people, share)
                if ours is not None and ours < 104 and published.strip() != "-":
                    assert ours == pytest.approx(float(published), abs=0.0501)
                    compared += 1

    assert compared > 2_000


def _count(text: str) -> int:
    return int(text.strip().replace(",", "").replace("-", "") or 0)
