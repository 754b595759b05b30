"""No log line names a person, forges another line or shows a variable."""

import asyncio
import base64
import io
import json
import logging
import random
import time
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from pydantic import BaseModel, ValidationError

from chassis import logs
from chassis.masking import MASK, REFUSED, is_nhs_number, mask_text, mask_value

NUMBER = "9434765919"
CANARIES = ["9434765919", "Featherstonehaugh", "1950-03-13", "SW1A 1AA", "07700 900123"]


@pytest.fixture
def out() -> Iterator[io.BytesIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.BytesIO()
    logs.configure("referral", "info", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)


def lines(stream: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().decode().splitlines()]


@pytest.mark.parametrize(
    "form",
    [
        "9434765919", "943 476 5919", "943-476-5919", "9 4 3 4 7 6 5 9 1 9", "943\u00a0476\u00a05919",
        "943.476.5919", "943/476/5919", "943\t476\n5919", "NHS9434765919x", "９４３４７６５９１９",
        "943+476+5919", "943%20476%205919", quote("943 476 5919"), "%39434765919",
        base64.b64encode(b"nhs:9434765919").decode(), base64.b64encode(b"9434765919").decode(),
        base64.urlsafe_b64encode(b"??>943 476 5919").decode(), b"9434765919".hex(),
        '{"nhs_number":"9434765919"}', "jane.smith@example.nhs.uk", "JANE@EXAMPLE.COM",
        "07700 900123", "+44 7700 900123", "(01632) 960 001", "0044 7700900123", "+1 212 555 0123",
        "SW1A 1AA", "sw1a1aa", "ZZ99 3VZ", "GIR 0AA", "BFPO 801", "M1 1AE",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
    ],
)  # fmt: skip
def test_a_canary_in_any_form_is_masked(form: str) -> None:
    for text in (form, f"before {form} after", f"key={form}", f"[{form}]"):
        masked = mask_text(text)

        assert MASK in masked
        assert form not in masked


@pytest.mark.parametrize(
    "text",
    [
        "referral.received", "9434765918", "94347659190", "4.17", "2026-11-25T03:29:23+00:00",
        "referral.9434765919ab9434765919ab94347659.3", "00-9434765919ab9434765919ab94347659-9434765919abcdef-01",
        "RJ122", "offer:7:42", "E11000", "127.0.0.1:8101", "0.123456789012", "8HA03", "Kafka: NodeNotReadyError",
    ],
)  # fmt: skip
def test_ids_dates_and_codes_stay_readable(text: str) -> None:
    assert mask_text(text) == text


def test_ten_thousand_synthetic_numbers_in_random_forms_leave_no_trace() -> None:
    seed = 20261125
    chance = random.Random(seed)
    found = 0
    while found < 10_000:
        number = f"{chance.randrange(10**10):010}"
        if not is_nhs_number(number):
            continue
        found += 1
        gap = chance.choice(["", " ", "-", "  ", "\u2009", "."])
        form = f"{number[:3]}{gap}{number[3:6]}{gap}{number[6:]}"

        assert MASK in mask_text(f"patient {form}, again"), (seed, form)


def test_numbers_are_masked_as_integers_too() -> None:
    assert mask_value(int(NUMBER)) == MASK
    assert mask_value(float(NUMBER)) == MASK
    assert mask_value(9434765918) == 9434765918


def test_refused_keys_lose_their_value_at_any_depth(out: io.BytesIO) -> None:
    people = {"Name": "Featherstonehaugh", "list": [{"birth-date": "1950-03-13"}]}

    structlog.get_logger().info(
        "seen", body=people, nested=people, token="t", authorization="Bearer x"
    )

    text = out.getvalue().decode()
    assert not any(canary in text for canary in CANARIES)
    (line,) = lines(out)
    assert line["body"] == line["token"] == line["authorization"] == REFUSED
    assert line["nested"] == {"Name": REFUSED, "list": [{"birth-date": REFUSED}]}
    assert (line["service"], line["level"]) == ("referral", "info")


class Person(BaseModel):
    family_name: int
    born: int


def test_an_exception_shows_its_place_and_neither_values_nor_variables(out: io.BytesIO) -> None:
    def fail(family_name: str) -> None:
        local = f"{family_name} {NUMBER}"
        try:
            Person.model_validate({"family_name": family_name, "born": "1950-03-13"})
        except ValidationError as error:
            raise KeyError(local) from error

    try:
        fail("Featherstonehaugh")
    except KeyError:
        structlog.get_logger().exception("handler.failed")

    text = out.getvalue().decode()
    assert not any(canary in text for canary in CANARIES)
    (line,) = lines(out)
    assert [one["type"] for one in line["exception"]] == [
        "KeyError",
        "pydantic_core._pydantic_core.ValidationError",
    ]
    assert line["exception"][0]["frames"][-1].endswith(" fail")
    assert line["exception"][0]["message"].startswith("withheld")


def test_the_standard_library_takes_the_same_way(out: io.BytesIO) -> None:
    logging.getLogger("aiokafka.consumer").error("lost %s\nforged", "943 476 5919")
    logging.getLogger("uvicorn.access").info("GET /?token=abc")
    logging.getLogger("pymongo.command").info("insert %s", {"name": "Featherstonehaugh"})
    warnings.warn("careful with SW1A 1AA", stacklevel=1)

    first, second = lines(out)
    assert first["event"] == f"lost {MASK}"
    assert first["logger"] == "aiokafka.consumer"
    assert "SW1A" not in second["event"]


async def test_a_task_that_nobody_awaited_does_not_show_its_exception(out: io.BytesIO) -> None:
    async def fail() -> None:
        raise ValueError("Featherstonehaugh")

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task

    assert "Featherstonehaugh" not in out.getvalue().decode()
    assert any("never retrieved" in line["event"] for line in lines(out))


def test_five_hundred_forgeries_are_one_line_each(out: io.BytesIO) -> None:
    chance = random.Random(27)
    signs = ["\n", "\r", "\x00", "\x1b[31m", "\x85", "\u2028", "\u2029", "\u202e", "\x7f", "\ud800",
             '"}', "\u200b", "{", "\\", "é"]  # fmt: skip
    for _ in range(500):
        payload = "".join(chance.choice(signs) for _ in range(12))
        structlog.get_logger().info(payload, **{f"k{payload}": payload})

    assert len(lines(out)) == 500
    assert "\u202e" not in out.getvalue().decode()


@pytest.mark.parametrize(
    "sign",
    ["a", "0", "1 ", "a@", "a.", "+1", "-", "(0", "%41", "A1", "eyJ", "@", "0044 ", "=", "_"],
)
def test_masking_is_fast_for_any_text(sign: str) -> None:
    text = sign * 100_000

    started = time.process_time()
    mask_text(text)

    assert time.process_time() - started < 0.05


def test_ids_that_are_bound_are_on_every_line(out: io.BytesIO) -> None:
    with logs.bound(pathway_id="a" * 32):
        structlog.get_logger().info("one")
    structlog.get_logger().info("two")

    one, two = lines(out)
    assert one["pathway_id"] == "a" * 32
    assert "pathway_id" not in two
