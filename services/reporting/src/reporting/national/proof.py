"""One command's work: simulate a published month, count it from the ledger, compare every cell."""

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import polars as pl

from reporting.domain.monthly import Return
from reporting.national.extract import Comparison, Extract, as_published, compare, national
from reporting.national.simulation import Tallied
from reporting.national.slices import Cost, Counted, Written, cost_since, count, slices, tell


class Costed(Protocol):
    """A result that says what it took."""

    @property
    def cost(self) -> Cost: ...


T = TypeVar("T")
R = TypeVar("R", bound=Costed)

AHEAD: Final = 4  # slices a process may wait for, so that not all of them are read at once
FLOORS: Final = 8  # chains that are also only decoded, for the ratio
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the proof. `peak_bytes` is that of its largest process."""

    name: str
    seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Lines of the whole country, by part and group, and how many of them differ."""

    lines: int
    different: int


@dataclass(slots=True)
class Proof:
    """What came of it."""

    period: str
    fraction: float
    seed: int
    pairs: int
    published_pathways: int
    tally: Tallied
    ledger_bytes: int
    counted_events: int
    comparison: Comparison
    national: Sums
    rebuild_to_floor: float | None
    steps: list[Step] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return self.comparison.different == 0 and self.national.different == 0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "equal": self.equal}


def prove(
    path: Path,
    *,
    fraction: float = 1.0,
    seed: int = 1,
    workers: int = 1,
    folder: Path | None = None,
    progress: Progress = lambda step, done: None,
) -> Proof:
    """Simulates a fraction of the pathways of a published month and holds the result against it.

    The fraction is of pairs of provider and commissioner, whole ones, chosen by seed: only whole
    rows can be compared with the file. `folder` takes the ledger, a temporary one otherwise.
    """
    steps: list[Step] = []
    with _place(folder) as place:
        with _timed("read the file", steps):
            extract = Extract.read(path)
            pairs = sampled(extract, fraction, seed)
            published = extract.of((provider, commissioner) for provider, commissioner, _ in pairs)
        pieces = slices(published.cells(), published.month, seed, place)
        with _Pool(workers) as pool:
            written = list(pool.run("tell it as events", tell, pieces, steps, progress))
        with _Pool(workers) as pool:
            counted = pool.run("count it from the ledger", _count, written, steps, progress)
            total, floor, events = _gathered(counted, published)
        with _timed("build and compare the tables", steps):
            built = as_published(total.with_totals(), published)
            comparison = compare(published.rows, built)
            in_all = _sums(published, built)
    tally = Tallied()
    for one in written:
        tally.add(one.tally)
    return Proof(
        period=published.period,
        fraction=fraction,
        seed=seed,
        pairs=len(pairs),
        published_pathways=sum(number for _, _, number in pairs),
        tally=tally,
        ledger_bytes=sum(one.size for one in written),
        counted_events=events,
        comparison=comparison,
        national=in_all,
        rebuild_to_floor=floor,
        steps=steps,
    )


def sampled(extract: Extract, fraction: float, seed: int) -> list[tuple[str, str, int]]:
    """Pairs of provider and commissioner in an order of the seed's, until the fraction is full."""

    def place(pair: tuple[str, str, int]) -> bytes:
        return blake2b(f"{seed}:{pair[0]}:{pair[1]}".encode(), digest_size=8).digest()

    pairs = extract.pairs()
    wanted = fraction * sum(count for _, _, count in pairs)
    chosen: list[tuple[str, str, int]] = []
    held = 0
    for pair in sorted(pairs, key=place):
        if held >= wanted:
            break
        chosen.append(pair)
        held += pair[2]
    return chosen


def _count(written: Written) -> Counted:
    counted = count(written, measure_floor=written.slice.number < FLOORS)
    written.slice.path.unlink()
    return counted


def _gathered(counted: Iterable[Counted], published: Extract) -> tuple[Return, float | None, int]:
    """All counts together, the rebuild's cost as a multiple of the floor's, and the events."""
    total = Return(published.month)
    spent = floor = 0.0
    events = 0
    for one in counted:
        total.add(one.lines)
        events += one.events
        if one.floor_seconds is not None:
            spent += one.cost.cpu_seconds
            floor += one.floor_seconds
    return total, spent / floor if floor else None, events


def _sums(published: Extract, built: pl.DataFrame) -> Sums:
    """The lines of the country, added up on both sides."""
    left, right = national(published.rows), national(built)
    different = set(left.rows()) ^ set(right.rows())
    return Sums(left.height, len(different))


# ---- processes


class _Pool:
    """Processes that take slices in order, a few ahead and no more."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        # Fresh processes, so that the peak of each is its own.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(workers, mp_context=context)

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def run(
        self,
        name: str,
        work: Callable[[T], R],
        pieces: Iterable[T],
        steps: list[Step],
        progress: Progress,
    ) -> Iterator[R]:
        started = time.perf_counter()
        cpu, peak = 0.0, 0
        for done, result in enumerate(self._in_order(work, pieces), start=1):
            cost = result.cost
            cpu, peak = cpu + cost.cpu_seconds, max(peak, cost.peak_bytes)
            progress(name, done)
            yield result
        steps.append(Step(name, time.perf_counter() - started, cpu, peak))

    def _in_order(self, work: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        left = iter(pieces)
        waiting = [self._pool.submit(work, one) for one in islice(left, self._workers * AHEAD)]
        while waiting:
            result = waiting.pop(0).result()
            waiting += [self._pool.submit(work, one) for one in islice(left, 1)]
            yield result


@contextmanager
def _timed(name: str, steps: list[Step]) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    cost = cost_since(cpu)
    steps.append(Step(name, time.perf_counter() - wall, cost.cpu_seconds, cost.peak_bytes))


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    """The folder of the ledger; one that was made for it is removed."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="fairwait-national-") as made:
        yield Path(made)
