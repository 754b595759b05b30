"""`fairwait national`: a published month, told again as events, counted, and compared cell by cell."""

from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Console

from fairwait.commands.options import Flag
from fairwait.commands.tables import complain, print_json, print_rows
from reporting.national.extract import NotAnExtract
from reporting.national.proof import Proof, prove

EQUAL, DIFFERENT, UNREADABLE = 0, 1, 2
MEGABYTE: Final = 1_000_000


def national(
    file: Path,
    *,
    fraction: Annotated[float, Parameter(validator=Number(gt=0, lte=1))] = 1.0,
    seed: Annotated[int, Parameter(validator=Number(gte=0))] = 1,
    workers: Annotated[int, Parameter(validator=Number(gte=1, lte=256))] = 1,
    json_: Annotated[Flag, Parameter(name="--json")] = False,
) -> int:
    """Prove the monthly tables on what England published.

    Tells one pathway per counted patient as the events of their referral, clock, transfer and
    admission, seals these into chains of the ledger, makes the records again from the ledger
    alone, counts the monthly return, and compares every cell of every row with the file. Exits with
    1 when one differs.

    Parameters
    ----------
    file
        Full extract of the RTT waiting times, csv or csv.gz.
    fraction
        How much of it: whole pairs of provider and commissioner, chosen by seed.
    seed
        Chooses the pairs and the patients. The same seed tells the same events.
    workers
        Processes to share the work.
    json_
        Print the result as one JSON object; progress goes to stderr.
    """
    console = Console(stderr=True, highlight=False)
    with console.status("Reading the file") as status:
        try:
            proof = prove(
                file,
                fraction=fraction,
                seed=seed,
                workers=workers,
                progress=lambda step, done: status.update(f"{step}: {done} slices"),
            )
        except NotAnExtract as error:
            complain(f"{file.name}: {error}")
            return UNREADABLE
    if json_:
        print_json(proof.as_json())
    else:
        _print(proof)
    return EQUAL if proof.equal else DIFFERENT


def _print(proof: Proof) -> None:
    tally, compared = proof.tally, proof.comparison
    print_rows(
        ("what", "how many"),
        [
            ("period", proof.period),
            ("fraction, seed", f"{proof.fraction}, {proof.seed}"),
            ("pairs of provider and commissioner", f"{proof.pairs:,}"),
            ("pathways the file counts as open or completed", f"{proof.published_pathways:,}"),
            ("pathways told", f"{tally.pathways:,}"),
            ("  came from a provider without return", f"{tally.came_from_elsewhere:,}"),
            ("  went to one", f"{tally.went_elsewhere:,}"),
            ("  are reported by one, in Part_2A alone", f"{tally.reported_elsewhere:,}"),
            ("events told", f"{tally.events:,}"),
            ("events counted", f"{proof.counted_events:,}"),
            ("ledger, compressed", f"{proof.ledger_bytes / MEGABYTE:,.0f} MB"),
            ("rows compared", f"{compared.rows:,}"),
            ("rows on one side only", f"{compared.rows_on_one_side:,}"),
            ("cells compared", f"{compared.cells:,}"),
            ("cells different", f"{compared.different:,}"),
            ("national lines, by addition", f"{proof.national.lines:,}"),
            ("national lines different", f"{proof.national.different:,}"),
            ("rebuild as a multiple of decoding alone", _ratio(proof.rebuild_to_floor)),
        ],
        none="",
    )
    print_rows(
        ("step", "seconds", "CPU seconds", "peak of one process"),
        [
            (
                step.name,
                f"{step.seconds:,.1f}",
                f"{step.cpu_seconds:,.1f}",
                f"{step.peak_bytes / MEGABYTE:,.0f} MB",
            )
            for step in proof.steps
        ],
        none="",
    )
    print_rows(
        ("different: provider, commissioner, part, group", "column", "published", "built"),
        [(" ".join(one.key), one.column, one.published, one.built) for one in compared.first],
        none="Nothing is different.",
    )


def _ratio(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.2f}"
