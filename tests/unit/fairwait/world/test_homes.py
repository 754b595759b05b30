"""Homes of synthetic patients: enough of them, all over England, and the same every time."""

import math
import os
from collections import Counter
from pathlib import Path

import pytest

from fairwait.world.homes import HOMES, build, homes
from matching.reference import Position, load

ROOT = Path(__file__).parents[4]
LONDON = Position(530_000, 180_000)
CARLISLE = Position(340_000, 556_000)


def centroids() -> Path:
    shared = Path(os.environ.get("FAIRWAIT_SHARED", ROOT.parent / "shared"))
    file = shared / "data" / "geo" / "msoa-centroids.csv"
    if not file.exists():
        pytest.skip("msoa-centroids.csv is not there: set FAIRWAIT_SHARED")
    return file


def test_there_are_enough_homes_and_they_are_spread_as_people_are() -> None:
    found = homes()

    in_london = sum(math.dist(home.position, LONDON) < 20_000 for home in found)

    assert len(found) == HOMES
    assert len({home.outcode for home in found}) > 1_000
    assert 0.12 < in_london / len(found) < 0.18
    assert any(math.dist(home.position, CARLISLE) < 10_000 for home in found)


def test_a_home_is_near_the_middle_of_its_district() -> None:
    world = load()

    for home in homes():
        middle = world.position(home.outcode)
        assert middle is not None
        assert math.dist(home.position, middle) < 20_000


def test_no_district_holds_many() -> None:
    assert max(Counter(home.outcode for home in homes()).values()) < 15


def test_the_committed_table_is_what_the_public_centroids_give(tmp_path: Path) -> None:
    table = tmp_path / "homes.csv"

    assert build(centroids(), table) == HOMES

    committed = ROOT / "deploy/local/src/fairwait/world/homes.csv"
    assert table.read_bytes() == committed.read_bytes()
