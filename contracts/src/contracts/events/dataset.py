"""Facts of the reporting service about releases of the data set."""

from pydantic import AwareDatetime, Field

from contracts.event import Event
from contracts.topics import DATASET


class DatasetPublished(Event, type="fairwait.dataset.published.v1", topic=DATASET):
    """A release is out. The subject is the release id; hashes are SHA-256 in hex."""

    release: str
    as_at: AwareDatetime
    rows: dict[str, int] = Field(description="rows by table")
    sha256: dict[str, str] = Field(description="hash by file name")
