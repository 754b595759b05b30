"""`python -m matching.reference`: build the reference world from the published files."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from matching.reference.build import Report, Sources, SourceUnreadable, build


def main() -> int:
    """Build, and say what became of the records. Refused ones are told; 1 if a whole file was."""
    arguments = _arguments()
    sources = Sources(
        hospitals=arguments.hospitals,
        rtt=arguments.rtt,
        independent=arguments.independent,
        trusts=arguments.trusts,
        outcodes=arguments.outcodes,
    )
    try:
        report = _watched(sources, arguments.out)
    except SourceUnreadable as error:
        print(error, file=sys.stderr)
        return 1

    _tell(report)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m matching.reference", description=__doc__)
    parser.add_argument("--hospitals", type=Path, required=True, help="hospital table of NHS.UK")
    parser.add_argument("--rtt", type=Path, required=True, help="RTT full extract, csv or csv.gz")
    parser.add_argument("--independent", type=Path, required=True, help="independent providers")
    parser.add_argument("--trusts", type=Path, required=True, help="etr.csv of ODS")
    parser.add_argument("--outcodes", type=Path, required=True, help="outward code centroids")
    parser.add_argument("--out", type=Path, required=True, help="folder for the tables")
    return parser.parse_args()


def _watched(sources: Sources, out: Path) -> Report:
    """The build behind a progress bar, where there is a terminal and `rich` to draw it."""
    if not sys.stderr.isatty():
        return build(sources, out)
    try:
        from rich.console import Console
        from rich.progress import Progress as Bars
    except ImportError:
        return build(sources, out)

    with Bars(console=Console(stderr=True)) as bars:
        tasks = {}

        def show(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total)
            bars.update(tasks[file], completed=done)

        return build(sources, out, progress=show)


def _tell(report: Report) -> None:
    print(f"as at {report.as_at}: {report.sites} sites, {report.waits} waits, ", end="")
    print(f"{report.outcodes} postcode districts (version {report.version})")
    for reason, count in Counter(report.left_out.values()).most_common():
        print(f"left out: {count} {reason}")
    for refusal in report.refusals:
        print(f"refused: {refusal}")


if __name__ == "__main__":
    sys.exit(main())
