"""What a test may need and this machine may lack.

A test that lacks something is skipped and says what. Where it must not be skipped, as in CI,
FAIRWAIT_REQUIRE names it (`browser,shared`, or `all`) and the test fails.
"""

import os
from typing import Literal, NoReturn

import pytest

Need = Literal["durable_kafka", "browser", "shared"]


def lacking(need: Need, why: str) -> NoReturn:
    if is_required(need):
        pytest.fail(f"{need} is required here, but {why}", pytrace=False)
    pytest.skip(f"{need}: {why}")


def is_required(need: Need) -> bool:
    required = os.environ.get("FAIRWAIT_REQUIRE", "").split(",")
    if need == "shared" and os.environ.get("CI_REQUIRE_SHARED") == "1":
        return True
    return need in required or "all" in required
