"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import Parameter

Directory: TypeAlias = Annotated[
    Path, Parameter(name=["--directory", "-d"], env_var="FAIRWAIT_LOCAL__DIRECTORY")
]

Flag: TypeAlias = Annotated[bool, Parameter(negative=())]
