"""Loops that are compiled: over hundreds of millions of options, Python itself would take hours.

One thread and strict IEEE arithmetic, so that the same input gives the same bytes on any number of
cores. What is compiled is kept beside the source; it is made again when that file changes, not when
a file it calls changes, so loops that call each other live in one module.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The same function as machine code; arguments are numbers, arrays and named tuples of them."""
    return cast(Callable[P, R], numba.njit(cache=True, nogil=True)(function))
