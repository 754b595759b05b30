"""The judge of a crash run. It shares no code with what it judges."""

from tests.crash.system.oracle.effects import effects
from tests.crash.system.oracle.order import order
from tests.crash.system.oracle.reading import Found, read
from tests.crash.system.oracle.states import states
from tests.crash.system.oracle.sums import data_set, ledger, leftovers, messages
from tests.crash.system.oracle.verdict import Violation, summary

CHECKS = (effects, order, states, messages, ledger, data_set, leftovers)


def judged(found: Found) -> list[Violation]:
    """Every promise that this run did not keep."""
    return [violation for check in CHECKS for violation in check(found)]


__all__ = ["Found", "Violation", "judged", "read", "summary"]
