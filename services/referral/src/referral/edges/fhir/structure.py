"""The structure of FHIR R4, checked by a library that quotes the values it refuses; we do not."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import fhirkit


class NotJson(Exception):
    """The body is no JSON, or too deep or too broad to be read. The text is safe to show."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One deviation from R4: where, as a FHIRPath, and what. Holds no value of the body.

    `ambiguous` when the body could be read in two ways, so that nobody should.
    """

    expression: str
    message: str
    ambiguous: bool = False


def validate(body: bytes) -> list[Issue]:
    """Everything in the body that R4 does not allow. Raises `NotJson`."""
    if body.count(b":") > _MEMBERS_OF_A_BODY:
        _check_breadth(body)
    try:
        found = fhirkit.validate(body)
    except fhirkit.ParseError as error:
        raise NotJson(_position(str(error))) from None
    return [_issue(one.path, one.message) for one in found]


# The library takes a time that grows with the square of an object's members: 80,000 take 5 s.
_MEMBERS_OF_A_BODY: Final = 2_000
_MEMBERS_OF_AN_OBJECT: Final = 200


def _check_breadth(body: bytes) -> None:
    try:
        json.loads(body, object_pairs_hook=_narrow)
    except RecursionError:
        raise NotJson("The body is nested too deeply.") from None
    except ValueError:
        return  # the library says where it is wrong


def _narrow(members: Sequence[tuple[str, Any]]) -> None:
    if len(members) > _MEMBERS_OF_AN_OBJECT:
        raise NotJson(f"An object has more than {_MEMBERS_OF_AN_OBJECT} members.")


_POSITION: Final = re.compile(r"line [0-9]+, column [0-9]+")


def _position(message: str) -> str:
    where = _POSITION.match(message)
    if "nested too deeply" in message:
        return "The body is nested too deeply."
    if "UTF-8" in message:
        return "The body is not UTF-8."
    return f"The body is not JSON: see {where[0]}." if where else "The body is not JSON."


# The library's sentences that hold no value, and what we say for those that do.
_PLAIN: Final = re.compile(
    r"required element missing"
    r"|expected (?:an?|true or false|the) [a-z ]{2,40}, found an? [a-z ]{2,20}"
    r"|an empty [A-Za-z]{2,30} is not allowed; leave the element out"
)
_NOT_A: Final = re.compile(r"is not (?:a|an) (?:valid )?([A-Za-z0-9]{2,30})(?: code)?$")
_REPEATED: Final = "the key appears more than once"
_UNKNOWN: Final = "unknown element"


def _issue(path: str, message: str) -> Issue:
    if message == _UNKNOWN:
        # The name is the sender's own word and could be anything; the place is enough.
        return Issue(_safe(path.rpartition(".")[0]), "Holds an element that R4 does not know.")
    if message == _REPEATED:
        return Issue(_safe(path), "This key comes more than once.", ambiguous=True)
    if _PLAIN.fullmatch(message):
        return Issue(_safe(path), f"{message[0].upper()}{message[1:]}.")
    kind = _NOT_A.search(message)
    if kind:
        return Issue(_safe(path), f"The value is not a valid {kind[1]}.")
    return Issue(_safe(path), "This is not as R4 requires it.")


_SEGMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}(?:\[[0-9]{1,6}\])?")


def _safe(path: str) -> str:
    """The path up to the first part that is no name of an element."""
    safe: list[str] = []
    for part in path.split("."):
        if not _SEGMENT.fullmatch(part):
            break
        safe.append(part)
    if not safe or (safe[0] not in _ROOTS):
        return "Resource"
    return ".".join(safe)


_ROOTS: Final = frozenset(fhirkit.RESOURCE_TYPES)
