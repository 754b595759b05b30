"""Loops that are compiled: over hundreds of millions of options, Python itself would take hours.

One thread and strict IEEE arithmetic, so that the same input gives the same bytes on any number of
cores. What is compiled is kept beside the source; it is made again when that file changes, not when
a file it calls changes, so loops that call each other live in one module.

Nothing compiled makes an array: whoever calls brings those it writes to. Without memory of their own
the loops need not count references, which otherwise costs ten times what they do (`_nrt`).
"""

from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


_LOOP: Final[dict[str, Any]] = {"cache": True, "nogil": True, "_nrt": False}


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The same function as machine code; arguments are numbers, arrays and named tuples of them."""
    return cast(Callable[P, R], numba.njit(**_LOOP)(function))
