"""Whether a newer minor version can be read by readers of an older one, and the other way round.

Within a major version fields are added with defaults and nothing else happens. So every property
of the old schema stands unchanged in the new one, and nothing new is required.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
# What explains a field and does not change which values it takes.
_PROSE = frozenset({"title", "description", "examples"})


def breaks(old: Json, new: Json) -> list[str]:
    """Why `new` may not follow `old` within one major version; empty when it may."""
    return list(_compare(old, new, old, new, "", frozenset()))


def _compare(
    old: Any, new: Any, old_root: Json, new_root: Json, path: str, seen: frozenset[str]
) -> Iterator[str]:
    reference = old.get("$ref", "")
    if reference in seen:
        return
    if reference:
        seen |= {reference}
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    yield from _properties(old, new, old_root, new_root, path, seen)
    for word in sorted((old.keys() | new.keys()) - _PROSE - {"properties", "required", "default"}):
        if word.startswith("$"):
            continue
        yield from _word(word, old, new, old_root, new_root, path, seen)


def _properties(
    old: Json, new: Json, old_root: Json, new_root: Json, path: str, seen: frozenset[str]
) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in sorted(before.keys() - after.keys()):
        yield f"{path}/{name} is gone"
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{path}/{name} has become required"
    for name in sorted(set(old.get("required", ())) - set(new.get("required", ()))):
        yield f"{path}/{name} is no longer always there, and old readers need it"
    for name in sorted(before.keys() & after.keys()):
        yield from _compare(before[name], after[name], old_root, new_root, f"{path}/{name}", seen)


def _word(
    word: str, old: Json, new: Json, old_root: Json, new_root: Json, path: str, seen: frozenset[str]
) -> Iterator[str]:
    before, after = old.get(word), new.get(word)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _compare(before, after, old_root, new_root, f"{path}/{word}", seen)
    elif word in {"anyOf", "allOf", "oneOf"} and before and after and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _compare(one, other, old_root, new_root, f"{path}/{word}{index}", seen)
    elif before != after:
        yield f"{path or '/'}: {word} has changed"


def _resolved(schema: Json, root: Json) -> Json:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    target: Any = root
    for part in reference.removeprefix("#/").split("/"):
        target = target[part]
    return target  # type: ignore[no-any-return]
