"""Tables at random through disclosure control, with an integer solver as the attacker.

    make bench BENCH=disclosure
    python -m tests.bench.disclosure --tables 100000

For each table a first release and one after late data; the attacker is given each release and its
former one. Prints how many small cells were shown, and how many could be worked out: 0 and 0.
"""

import argparse
import sys
import time

from reporting.domain.disclosure import HIDDEN, WITHHELD, is_small
from tests.unit.reporting.attack import Attack, releases


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first table")
    options = parser.parse_args()

    cells = small = withheld = shown = recovered = 0
    started = time.perf_counter()
    for seed in range(options.seed, options.seed + options.tables):
        for former, release, universe in releases(seed):
            cells += len(release.cells)
            withheld += len(release.withheld)
            of_few = [cell for cell, count in release.cells.items() if is_small(count)]
            small += len(of_few)
            shown += sum(release.shown(cell) not in (HIDDEN, WITHHELD) for cell in of_few)
            recovered += Attack(release, former, universe).recovered()
    seconds = time.perf_counter() - started

    print(f"tables {options.tables}, releases {2 * options.tables}, seconds {seconds:.0f}")
    print(f"cells {cells}, of 1 to 7 {small}, withheld to protect them {withheld}")
    print(f"of 1 to 7 shown {shown}, recovered {recovered}")
    sys.exit(bool(shown or recovered))


if __name__ == "__main__":
    main()
