"""Takes out of text what could name a person: for logs, traces and error reports.

It is the second line. The first is that nobody passes such text here; this one is for the day
when a library quotes a document in its error message.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Final
from urllib.parse import unquote

MASK: Final = "[masked]"
REFUSED: Final = "[refused]"
LONGEST: Final = 4096  # characters of one text; also bounds the time of the patterns below

REFUSED_KEYS: Final = frozenset(
    [
        "name", "names", "given_name", "family_name", "full_name", "patient", "patient_name",
        "nhs_number", "nhsnumber", "birth_date", "birthdate", "date_of_birth", "dob", "address",
        "postcode", "phone", "telephone", "mobile", "email", "body", "content", "value", "payload",
        "document", "input", "text", "token", "access_token", "link", "secret", "password",
        "authorization", "authorisation", "cookie", "set_cookie", "api_key", "uri",
    ]
)  # fmt: skip

# Ids of ours are hexadecimal and may hold ten digits in a row by chance.
_ID = r"(?<![0-9A-Za-z])(?:[0-9a-f]{32}|[0-9a-f]{16})(?![0-9A-Za-z])"
_GAP = r"[\s\-\u2010-\u2015._/+]{0,3}"
_NUMBER = re.compile(rf"({_ID})|(?<!\d)\d(?:{_GAP}\d){{9}}(?!\d)")
_EMAIL = re.compile(r"[\w.+'\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}")
_PHONE = re.compile(
    rf"({_ID})|(?<![\w.])(?:\+44|0044|\(?0)[\s\-()]{{0,3}}\d(?:[\s\-()]{{0,3}}\d){{8,9}}(?!\d)"
    r"|\+\d(?:[\s\-()]{0,2}\d){7,14}(?!\d)"
)
_POSTCODE = re.compile(
    r"\b(?:GIR\s?0AA|BFPO\s?\d{1,4}|[A-Z]{1,2}\d[A-Z\d]?\s{0,3}\d[A-Z]{2})\b", re.IGNORECASE
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-]{14,}={0,2}")
_JWT = re.compile(r"\beyJ[\w\-]{5,}\.[\w\-]{2,}(?:\.[\w\-]*)*")

# What JSON leaves as it is but a terminal or a viewer acts on: C1, DEL, line ends, directions.
_INVISIBLE: Final = {
    code: f"\\u{code:04x}"
    for code in (
        0x7F, *range(0x80, 0xA0), 0xAD, 0x61C, *range(0x200B, 0x2010), *range(0x2028, 0x202F),
        *range(0x2060, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFC),
    )
}  # fmt: skip


def is_nhs_number(digits: str) -> bool:
    """Whether ten digits pass the modulus 11 check of NHS numbers, whatever their range."""
    *leading, check = [int(digit) for digit in digits]
    total = sum(weight * number for weight, number in zip(range(10, 1, -1), leading, strict=True))
    return (11 - total % 11) % 11 == check  # a remainder of 1 gives 10, which no digit equals


def mask_text(text: str) -> str:
    """The text without NHS numbers, addresses, phone numbers, postcodes and tokens; printable."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… {len(text)} characters"
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()  # a lone surrogate is no JSON
    if "%" in text and "%" not in (plain := unquote(text, errors="backslashreplace")):
        text = plain
    return _mask(text).translate(_INVISIBLE)


def _mask(text: str) -> str:
    if "eyJ" in text:
        text = _JWT.sub(MASK, text)
    if len(text) >= 14:
        text = _BASE64.sub(_encoded, text)
    if "@" in text:
        text = _EMAIL.sub(MASK, text)
    if any(character.isdigit() for character in text):
        text = _NUMBER.sub(_number, text)
        text = _PHONE.sub(_phone, text)
        text = _POSTCODE.sub(MASK, text)
    return text


def _number(match: re.Match[str]) -> str:
    if match[1]:
        return match[0]
    digits = "".join(character for character in match[0] if character.isdigit())
    return MASK if is_nhs_number(digits) else match[0]


def _phone(match: re.Match[str]) -> str:
    return match[0] if match[1] else MASK


def _encoded(match: re.Match[str]) -> str:
    token = match[0]
    for decoded in _decodings(token):
        if _mask_decoded(decoded):
            return MASK
    return token


def _decodings(token: str) -> list[str]:
    """What the token says as base64, and as hexadecimal, where it is that."""
    found: list[str] = []
    decoders: tuple[Callable[[str], bytes], ...] = (_base64, bytes.fromhex)
    for decode in decoders:
        try:
            found.append(decode(token).decode("utf-8"))
        except (ValueError, binascii.Error):
            continue
    return found


def _base64(token: str) -> bytes:
    bare = token.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)


def _mask_decoded(decoded: str) -> bool:
    return any(
        pattern.sub(replace, decoded) != decoded
        for pattern, replace in (
            (_NUMBER, _number), (_EMAIL, MASK), (_PHONE, _phone), (_POSTCODE, MASK),
        )
    )  # fmt: skip


def mask_value(value: Any, depth: int = 6) -> Any:
    """Any value as it may be logged: plain JSON, masked; of unknown objects only their class."""
    match value:
        case None | bool():
            return value
        case Enum():
            return mask_value(value.value, depth)
        case int():
            return value if abs(value) < 10**9 else _masked_int(value)
        case float():
            return mask_value(int(value), depth) if value.is_integer() else value
        case str():
            return mask_text(str(value))
        case datetime() | date():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case _ if depth == 0:
            return f"<{type(value).__name__}>"
        case Mapping():
            return mask_mapping(value, depth - 1)
        case list() | tuple() | set() | frozenset():
            return [mask_value(item, depth - 1) for item in list(value)[:100]]
        case _:
            return f"<{type(value).__name__}>"


def mask_mapping(values: Mapping[Any, Any], depth: int = 6) -> dict[str, Any]:
    """A mapping with refused keys emptied and everything else masked, the keys too."""
    return {
        mask_text(str(key)): REFUSED if _is_refused(str(key)) else mask_value(item, depth)
        for key, item in values.items()
    }


def _is_refused(key: str) -> bool:
    return key.lower().replace("-", "_") in REFUSED_KEYS


def _masked_int(value: int) -> int | str:
    digits = str(abs(value))
    if len(digits) == 10 and is_nhs_number(digits):
        return MASK
    # Larger than JSON readers keep exactly, or than orjson writes at all.
    return value if len(digits) <= 18 else digits[:40]
