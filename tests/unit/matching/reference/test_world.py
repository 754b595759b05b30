"""The reference world as it is committed: counts, and some of it computed again from the source."""

import csv
import gzip
import hashlib
import json
import math
from datetime import date
from pathlib import Path

import pytest

from contracts.codes import INTEGRATED_CARE_BOARDS, RTT_GROUPS
from contracts.identifiers import parse_postcode
from matching.reference import Position, ReferenceWorld, Sector, load
from tests.unit.matching.reference.files import shared

REFERENCE = Path(__file__).parents[4] / "services/matching/src/matching/reference"


@pytest.fixture(scope="module")
def world() -> ReferenceWorld:
    return load()


def test_the_world_holds_enough_of_england(world: ReferenceWorld) -> None:
    sectors = [site.sector for site in world.sites]

    assert len(world.sites) == 342
    assert sectors.count(Sector.NHS) == 217
    assert sectors.count(Sector.INDEPENDENT) == 125
    assert len({site.provider for site in world.sites}) > 100
    assert len(world.waits) == 2361
    assert len(world.outcodes) == 2879
    assert world.as_at == date(2026, 1, 31)


def test_every_site_is_complete_and_has_a_wait(world: ReferenceWorld) -> None:
    boards = INTEGRATED_CARE_BOARDS.at(world.as_at)

    for site in world.sites:
        assert site.name == site.name.strip()
        assert site.provider_name
        assert parse_postcode(site.postcode) == site.postcode
        assert site.icb in boards
        assert world.rtt_groups(site)


def test_sites_are_in_the_order_of_their_codes_and_none_comes_twice(world: ReferenceWorld) -> None:
    codes = [site.code for site in world.sites]

    assert codes == sorted(set(codes))


def test_no_wait_is_a_total_and_none_is_zero(world: ReferenceWorld) -> None:
    groups = set(RTT_GROUPS.at(world.as_at)) - {"C_999"}

    for wait in world.waits.values():
        assert wait.rtt_group in groups
        assert wait.waiting > 0
        assert wait.as_at == world.as_at
        if wait.median_weeks is not None and wait.percentile_92_weeks is not None:
            assert 0 < wait.median_weeks <= wait.percentile_92_weeks <= 104


@pytest.mark.parametrize(
    ("provider", "group"),
    [("RJ1", "C_110"), ("RYR", "C_130"), ("NT406", "C_110"), ("RAJ", "X05"), ("NVC20", "C_110")],
)
def test_a_wait_is_what_the_rows_of_the_extract_say(
    world: ReferenceWorld, provider: str, group: str
) -> None:
    """Computed here by counting people one after the other, not by the code of the loader."""
    people: list[float] = []
    waiting = 0
    with gzip.open(shared("rtt/2026-01-full-extract-32-icbs.csv.gz"), "rt") as file:
        for cells in csv.reader(file):
            if (cells[3], cells[9], cells[11]) == (provider, "Part_2", group):
                if cells[7] == "NONC":
                    continue
                waiting += int(cells[120])
                for week, count in enumerate(cells[13:118]):
                    people += [float(week)] * int(count or 0)
    people.sort()

    wait = world.waits.get((provider, group))

    if provider == "NVC20":  # published, but its hospital is in no table of places
        assert wait is None
        return
    assert wait is not None
    assert wait.waiting == waiting
    assert wait.median_weeks is not None
    rank = len(people) / 2
    band = people[math.ceil(rank) - 1]
    before, within = people.index(band), people.count(band)
    assert wait.median_weeks == pytest.approx(band + (rank - before) / within, abs=0.0501)


def test_a_merged_trust_is_found_under_its_successor(world: ReferenceWorld) -> None:
    brighton = next(site for site in world.sites if site.code == "RXH01")

    assert (brighton.provider, brighton.published_by) == ("RYR", "RYR")
    assert world.provider_on("RXH", date(2021, 3, 31)) == "RXH"
    assert world.provider_on("RXH", date(2021, 4, 1)) == "RYR"
    assert world.provider_on("RA4", date(2023, 4, 1)) == "RH5"


def test_positions_agree_with_points_known_from_elsewhere(world: ReferenceWorld) -> None:
    """Against the grid references of the same postcodes in a second public table."""
    convertbng = pytest.importorskip("convertbng.cutil")
    with shared("geo/trust-postcode-latlong.csv").open(encoding="utf-8-sig") as file:
        points = {row["pcds"]: row for row in csv.DictReader(file)}
    both = [site for site in world.sites if site.postcode in points]

    assert len(both) > 50
    for site in both:
        point = points[site.postcode]
        (easting,), (northing,) = convertbng.convert_bng(
            [float(point["long"])], [float(point["lat"])]
        )
        assert math.dist(site.position, (easting, northing)) < 500


@pytest.mark.parametrize(
    ("outward", "near"),
    [
        ("SW1A", Position(529_800, 179_900)),
        ("TD15", Position(398_000, 650_000)),
        ("CF10", Position(318_500, 175_500)),
        ("N1C", Position(530_600, 181_800)),
    ],
)
def test_a_district_has_its_place(world: ReferenceWorld, outward: str, near: Position) -> None:
    found = world.position(outward)

    assert found is not None
    assert math.dist(found, near) < 5_000


@pytest.mark.parametrize("outward", ["ZZ99", "BFPO", "GIR", "BT1", "JE2", "QQ1", ""])
def test_what_is_no_place_has_no_position(world: ReferenceWorld, outward: str) -> None:
    assert world.position(outward) is None


def test_nearly_every_postcode_in_use_has_a_district(world: ReferenceWorld) -> None:
    with shared("identifiers/postcodes-live-sample.csv").open(encoding="utf-8") as file:
        outcodes = {row["outcode"] for row in csv.DictReader(file)}
    on_the_grid = {each for each in outcodes if not each.startswith(("BT", "JE", "GY"))}

    missing = {each for each in on_the_grid if world.position(each) is None}

    # Large users and new sorting offices, where nobody lives.
    assert len(missing) <= 24


def test_the_package_describes_what_lies_beside_it() -> None:
    package = json.loads((REFERENCE / "datapackage.json").read_text(encoding="utf-8"))

    assert "Open Government Licence v3.0" in package["attribution"]
    assert len(package["resources"]) == 3
    for resource in package["resources"]:
        content = (REFERENCE / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert resource["rows"] == content.count(b"\n") - 1
    assert not any("/" in source["path"] for source in package["sources"])
