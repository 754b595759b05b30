"""A release as a folder of files: written beside its place, flushed, and put there in one step."""

import hashlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl

from chassis.spreadsheets import FORMULA_STARTS
from reporting.domain.dataset import Frame, in_order
from reporting.domain.manifest import FileFacts

FORMATS: Final = ("csv", "parquet", "ndjson")
MANIFEST: Final = "manifest.json"
LINEAGE: Final = "lineage.parquet"
PUBLIC: Final = "public"
MONTHLY: Final = "rtt-monthly.csv"
WAITS: Final = "waits.csv"
WORKBOOK: Final = "dataset.xlsx"

_GUARDED: Final = rf"^[{FORMULA_STARTS.replace('-', chr(92) + '-')}]"


def guarded(frame: Frame) -> Frame:
    """The frame with an apostrophe before every text that could be taken for a formula."""
    texts = pl.col(pl.String)
    return frame.with_columns(
        pl.when(texts.str.contains(_GUARDED)).then("'" + texts).otherwise(texts).name.keep()
    )


def table_bytes(table: str, frame: Frame, metadata: Mapping[str, str]) -> dict[str, bytes]:
    """The files of one table by name. The same rows and metadata give the same bytes."""
    rows = in_order(table, frame)
    return {
        f"{table}.csv": csv_bytes(rows),
        f"{table}.parquet": _parquet(rows, metadata),
        f"{table}.ndjson": _ndjson(rows),
    }


def csv_bytes(frame: Frame) -> bytes:
    """UTF-8, LF, quoted as in RFC 4180; no text that a spreadsheet takes for a formula."""
    out = io.BytesIO()
    guarded(frame).write_csv(out, line_terminator="\n", quote_style="necessary")
    return out.getvalue()


def _parquet(frame: Frame, metadata: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out, compression="zstd", metadata=dict(metadata))
    return out.getvalue()


def _ndjson(frame: Frame) -> bytes:
    out = io.BytesIO()
    frame.write_ndjson(out)
    return out.getvalue()


def lineage_bytes(lineage: Frame) -> bytes:
    """The lineage file: table, key of the row, ids of its events."""
    return _parquet(lineage, {})


def json_bytes(content: Any) -> bytes:
    """JSON for people and programs: indented, UTF-8, ending in a newline."""
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"


def facts_of(content: bytes, rows: int | None = None) -> FileFacts:
    """What a manifest says of a file."""
    return FileFacts(hashlib.sha256(content).hexdigest(), len(content), rows)


# ---- folders


def put(folder: Path, files: Mapping[str, bytes], *, replace: bool = False) -> None:
    """All files in a new folder of this name, or no folder at all.

    A folder that is there already stays as it is (`FileExistsError`), unless told to replace it.
    """
    if folder.exists() and not replace:
        raise FileExistsError(folder.name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    _remove(beside)
    beside.mkdir()
    for name, content in files.items():
        (beside / name).parent.mkdir(exist_ok=True)
        _write(beside / name, content)
    _remove(folder)
    beside.rename(folder)
    _flush(folder.parent)


def damaged(folder: Path) -> list[str]:
    """The files of a release that are missing or not as its manifest says."""
    stated = read_manifest(folder)["files"]
    return [name for name, facts in stated.items() if _differs(folder / name, facts["sha256"])]


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the release in this folder says of itself."""
    content: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    return content


def read_table(folder: Path, table: str, columns: list[str] | None = None) -> Frame:
    """A table of a release, with its declared types; with `columns` only these are read."""
    return pl.read_parquet(folder / f"{table}.parquet", columns=columns)


def read_public(folder: Path) -> dict[str, bytes]:
    """The files of a release's public edition by name; none where it has no such edition."""
    return {path.name: path.read_bytes() for path in sorted((folder / PUBLIC).glob("*"))}


def _differs(path: Path, sha256: str) -> bool:
    if not path.is_file():
        return True
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() != sha256


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remove(folder: Path) -> None:
    if not folder.exists():
        return
    for path in folder.iterdir():
        _remove(path) if path.is_dir() else path.unlink()
    folder.rmdir()


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
