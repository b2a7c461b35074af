# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``make fuzz`` starts from and what it found, and that work and memory grow with the size of the input only."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptorError, parse_sddl
from tests.fuzz.targets import TARGETS, run, seeds
from tests.unit.work import costs_at_most

ALL_SEEDS = [(target, name, data) for target in TARGETS for name, data in seeds(target).items()]

EVERYONE = bytes.fromhex("010100000000000100000000")
NO_SUBAUTHORITY = bytes.fromhex("0100000000000005")


@pytest.mark.parametrize(("target", "data"), [pytest.param(t, d, id=f"{t}/{n}") for t, n, d in ALL_SEEDS])
def test_seed_is_accepted(target: str, data: bytes) -> None:
    assert run(target, data)


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def _ace(ace_type: int, body: bytes) -> bytes:
    return struct.pack("<BBH", ace_type, 0, 4 + len(body)) + body


def _descriptor(entry: bytes, size: int, both: bool = False) -> bytes:
    """So many equal entries in the DACL, and with `both` in the SACL, which is the same bytes."""
    body = entry * (size // len(entry))
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(body), size // len(entry), 0) + body
    return struct.pack("<BBHIIII", 1, 0, 0x8014, 0, 0, 20 if both else 0, 20) + acl


def _condition(tokens: bytes) -> bytes:
    return b"artx" + tokens + bytes(-len(tokens) % 4)


def _attribute(name: str) -> bytes:
    return struct.pack("<BI", 0xF8, 2 * len(name)) + _utf16(name)


def _composite(item: bytes, size: int) -> bytes:
    body = item * (size // len(item))
    return struct.pack("<BI", 0x50, len(body)) + body


def _resource_attribute(value_type: int, value: bytes, count: int, overlapping: bool = False) -> bytes:
    start = 16 + 4 * count
    step = 0 if overlapping else len(value)
    offsets = [start + 4 + step * index for index in range(count)]
    head = struct.pack("<IHHII", start, value_type, 0, 0, count) + struct.pack(f"<{count}I", *offsets)
    return head + _utf16("a\0") + value * (1 if overlapping else count)


TEXT = 48_000
BINARY = 32_000

# Per target, inputs of any size that make a parser loop, nest, go back or copy; and the largest size to try.
GROWING: list[tuple[str, str, int, Callable[[int], str | bytes]]] = [
    # The flags and blanks of a list cost so little each that only the longest text tells.
    ("sddl", "flag P", 960_000, lambda n: "D:" + "P" * n),
    ("sddl", "flag AI", 960_000, lambda n: "D:" + "AI" * (n // 2)),
    ("sddl", "blanks", 960_000, lambda n: "D:" + " " * n + "x"),
    ("sddl", "open parentheses", TEXT, lambda n: "D:" + "(" * n),
    ("sddl", "quotation marks", TEXT, lambda n: "D:(" + '"' * n),
    ("sddl", "fields", TEXT, lambda n: "D:(" + ";" * n + ")"),
    ("sddl", "rights", TEXT, lambda n: "D:(A;;" + "FA" * (n // 2) + ";;;WD)"),
    ("sddl", "rights apart", TEXT, lambda n: "D:(A;;" + "F A " * (n // 4) + ";;;WD)"),
    ("sddl", "subauthorities", TEXT, lambda n: "O:S-1-5" + "-1" * (n // 2)),
    ("sddl", "digits", TEXT, lambda n: "O:S-1-" + "1" * n),
    ("sddl", "hexadecimal body", TEXT, lambda n: "D:(0x7f;;;;;;#" + "00" * (n // 2) + ")"),
    ("sddl", "entries", TEXT, lambda n: "D:" + "(A;;FA;;;WD)" * (n // 12)),
    ("sddl", "object entries", TEXT, lambda n: "D:" + f"(OA;;FA;{'0' * 8}{'-0000' * 4}{'0' * 8};;WD)" * (n // 50)),
    ("sddl", "conditions", TEXT, lambda n: "D:" + "(XA;;FA;;;WD;(a))" * (n // 17)),
    ("sddl", "deep condition", TEXT, lambda n: "D:(XA;;FA;;;WD;" + "(" * (n // 2) + "a" + ")" * (n // 2) + ")"),
    ("condition_text", "parentheses", TEXT, lambda n: "(" * (n // 2) + "a" + ")" * (n // 2)),
    ("condition_text", "negations", TEXT, lambda n: "!" * n + "a"),
    ("condition_text", "and", TEXT, lambda n: "a" + "&&a" * (n // 3)),
    ("condition_text", "and, or", TEXT, lambda n: "a" + "||a&&a" * (n // 6)),
    ("condition_text", "operand in parentheses", TEXT, lambda n: "a==" + "(" * (n // 2) + "1" + ")" * (n // 2)),
    ("condition_text", "composite", TEXT, lambda n: "a=={" + "1," * (n // 2) + "1}"),
    ("condition_text", "SIDs", TEXT, lambda n: "Member_of{" + "SID(BA)," * (n // 8) + "SID(BA)}"),
    ("condition_text", "escapes", TEXT, lambda n: "@User." + "%0020" * (n // 5)),
    ("condition_text", "octets", TEXT, lambda n: "a==#" + "#" * n),
    ("condition_text", "blanks", TEXT, lambda n: "a" + " " * n + "==1"),
    ("condition_text", "digits", TEXT, lambda n: "a==" + "1" * n),
    ("resource_attribute_text", "numbers", TEXT, lambda n: '("a",TU,0' + ",1" * (n // 2) + ")"),
    ("resource_attribute_text", "strings", TEXT, lambda n: '("a",TS,0' + ',"x"' * (n // 4) + ")"),
    ("resource_attribute_text", "name", TEXT, lambda n: '("' + "x" * n + '",TU,0,1)'),
    ("descriptor", "entries", BINARY, lambda n: _descriptor(_ace(0, bytes(4) + NO_SUBAUTHORITY), n)),
    ("descriptor", "unknown entries", BINARY, lambda n: _descriptor(_ace(0x7F, b""), n, both=True)),
    ("descriptor", "empty object entries", BINARY, lambda n: _descriptor(_ace(5, b""), n)),
    ("descriptor", "compound entries", BINARY, lambda n: _descriptor(_ace(4, bytes(8) + NO_SUBAUTHORITY * 2), n)),
    (
        "descriptor",
        "one entry",
        BINARY,
        lambda n: _descriptor(_ace(0, bytes(4) + EVERYONE + bytes(n // 4 * 4)), n + 20),
    ),
    (
        *("descriptor", "conditions", BINARY),
        lambda n: _descriptor(_ace(9, bytes(4) + EVERYONE + _condition(_attribute("ab"))), n),
    ),
    ("condition", "negations", BINARY, lambda n: _condition(_attribute("a") + b"\xa2" * n)),
    ("condition", "and", BINARY, lambda n: _condition(_attribute("a") * (n // 8) + b"\xa0" * (n // 8 - 1))),
    (
        *("condition", "numbers", BINARY),
        lambda n: _condition(_attribute("a") + _composite(b"\x04" + bytes(8) + b"\x03\x02", n) + b"\x80"),
    ),
    (
        "condition",
        "strings",
        BINARY,
        lambda n: _condition(_attribute("a") + _composite(b"\x10" + bytes(4), n) + b"\x80"),
    ),
    ("condition", "name", BINARY, lambda n: _condition(_attribute("a" * (n // 2)))),
    ("resource_attribute", "numbers", BINARY, lambda n: _resource_attribute(2, bytes(8), n // 12)),
    ("resource_attribute", "empty strings", BINARY, lambda n: _resource_attribute(3, b"\0\0", n // 6)),
    (
        "resource_attribute",
        "one string",
        BINARY,
        lambda n: _resource_attribute(3, b"x" + b"\0\0\1" * (n // 3) + b"\0\0", 1),
    ),
    (
        *("resource_attribute", "overlapping strings", BINARY),
        lambda n: _resource_attribute(3, b"x\0" * (n // 4) + b"\0\0", n // 8, overlapping=True),
    ),
    ("resource_attribute", "octets", BINARY, lambda n: _resource_attribute(16, bytes(4), n // 8)),
]
growing = pytest.mark.parametrize(
    ("target", "size", "make"), [pytest.param(t, size, make, id=f"{t}: {name}") for t, name, size, make in GROWING]
)


def _bytes(given: str | bytes) -> bytes:
    return given if isinstance(given, bytes) else given.encode()


@growing
def test_time_is_linear_in_the_size(target: str, size: int, make: Callable[[int], str | bytes]) -> None:
    small, large = _bytes(make(size // 16)), _bytes(make(size))
    # Linear work takes 16 times as long, quadratic work 256 times.
    assert costs_at_most(32, lambda: run(target, large), lambda: run(target, small))


@growing
def test_memory_is_linear_in_the_size(target: str, size: int, make: Callable[[int], str | bytes]) -> None:
    data = _bytes(make(min(size, TEXT) // 4))
    tracemalloc.start()
    try:
        run(target, data)
        _unused, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= 500_000 + 250 * len(data)


@pytest.mark.parametrize("depth", [10_000, 200_000])
def test_what_is_nested_too_deep_is_refused(depth: int) -> None:
    for text in ("(" * depth + "a" + ")" * depth, "!(" * depth + "a" + ")" * depth):
        with pytest.raises(SecurityDescriptorError, match=r"nested deeper|too long"):
            parse_sddl(f"D:(XA;;FA;;;WD;({text}))")


@pytest.mark.parametrize(
    "text", ["D:(A;;ſD;;;WD)", "D:(A;;;;;Sı)", "D:(A;;FA;;;ſY)", "D:(ſP;;;;;WD)", "D:(A;;FA\xa0;;;WD)"]
)
def test_letters_outside_ascii_are_no_words_of_sddl(text: str) -> None:
    # Their upper case is S and I, and the no-break space is a space to str.strip().
    with pytest.raises(SecurityDescriptorError):
        parse_sddl(text)
