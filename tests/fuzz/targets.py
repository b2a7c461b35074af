# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is fuzzed: the parsers, and what has to hold of whatever they accept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs import Analysis, analysis_result, find_causes
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Acl,
    SecurityDescriptor,
    SecurityDescriptorError,
    Sid,
    format_sddl,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.condition import (
    Condition,
    parse_condition,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.resource_attribute import (
    ResourceAttribute,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.text import (
    format_condition,
    format_resource_attribute,
    parse_condition_text,
    parse_resource_attribute_text,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import SiteServerError

from .ntlm import MESSAGE, SEAL_HERE, Conversation, converse

T = TypeVar("T")

SEEDS = Path(__file__).parent / "seeds"
DOMAIN = Sid(5, (21, 1, 2, 3))
FOREST_ROOT = Sid(5, (21, 4, 5, 6))

# A hundred times what the slowest target takes on an idle machine. Quadratic work on the longest input that the fuzzer
# makes is far above it.
_SECONDS_FOR_ANY = 1.0
_SECONDS_A_BYTE = 1


@dataclass(frozen=True, slots=True)
class Target(Generic[T]):
    """A parser under test.

    Attributes:
        read: the parser; may refuse what it is given with `refusal`, and raise nothing else.
        check: what has to hold of what was read; given that and the bytes it was read from, raises if it does not.
        refusal: the parser's own error.
    """

    read: Callable[[bytes], T]
    check: Callable[[T, bytes], None]
    refusal: type[Exception] = SecurityDescriptorError


def run(name: str, data: bytes) -> bool:
    """Run one target on one input and return whether its parser accepted it.

    Raises:
        AssertionError: what was written is not read as the same, or it took longer than the size of the input explains.
        Exception: whatever else escaped.
    """
    start = time.thread_time()
    accepted = _run(TARGETS[name], data)
    taken, allowed = time.thread_time() - start, _SECONDS_FOR_ANY + _SECONDS_A_BYTE * len(data)
    if taken > allowed:
        raise AssertionError(f"{len(data)} bytes took {taken:.2f} s of processor time, more than {allowed:.2f} s")
    return accepted


def _run(target: Target[T], data: bytes) -> bool:
    try:
        found = target.read(data)
    except target.refusal:
        return False
    target.check(found, data)
    return True


def _check_descriptor(found: SecurityDescriptor, _data: bytes) -> None:
    _same(SecurityDescriptor.from_bytes(found.to_bytes()), found)
    # SDDL has no words for some control bits and for the revision of an ACL; owner, group and entries it must keep.
    again = parse_sddl(format_sddl(found))
    _same((again.owner, again.group), (found.owner, found.group))
    _same((_entries(again.dacl), _entries(again.sacl)), (_entries(found.dacl), _entries(found.sacl)))


def _check_sddl(found: SecurityDescriptor, _data: bytes) -> None:
    _same(parse_sddl(format_sddl(found)), found)
    try:
        encoded = found.to_bytes()
    except SecurityDescriptorError:  # text can say more than the 64 KiB of a list
        return
    _same(SecurityDescriptor.from_bytes(encoded), found)


def _check_condition(found: Condition, data: bytes) -> None:
    _same(found.to_bytes(), data)
    try:
        text = format_condition(found)
    except SecurityDescriptorError:  # what only the binary form can say
        return
    _same(parse_condition_text(text), found)


def _check_condition_text(found: Condition, _data: bytes) -> None:
    _same(parse_condition_text(format_condition(found)), found)
    _check_condition(found, found.to_bytes())
    _same(parse_condition(found.to_bytes()), found)


def _check_resource_attribute(found: ResourceAttribute, data: bytes) -> None:
    _same(found.to_bytes(), data)
    try:
        text = format_resource_attribute(found)
    except SecurityDescriptorError:  # what only the binary form can say
        return
    _same(parse_resource_attribute_text(text), found)


def _check_resource_attribute_text(found: ResourceAttribute, _data: bytes) -> None:
    _same(parse_resource_attribute_text(format_resource_attribute(found)), found)
    try:
        encoded = found.to_bytes()
    except SecurityDescriptorError:  # text can say more than fits into an entry
        return
    _same(ResourceAttribute.from_bytes(encoded), found)


def _read_log(data: bytes) -> dict[str, Any]:
    """What a log tells; this parser refuses nothing."""
    return _read_pieces([data])


def _read_pieces(pieces: Iterable[bytes]) -> dict[str, Any]:
    analysis = Analysis()
    analysis.read("log", pieces)
    return analysis_result(analysis, find_causes(analysis.occurrences, []))


def _check_log(found: dict[str, Any], data: bytes) -> None:
    _same(_read_pieces(data[start : start + 7] for start in range(0, len(data), 7)), found)
    (log,) = found["logs"]
    _same(log["bytes"], len(data))
    if log["entries"] + log["plain"] > log["lines"] or log["matched"] + log["other_errors"] > log["lines"]:
        raise AssertionError(f"the lines of {log} do not add up")
    for example in (*log["other_examples"], *(one for symptom in found["symptoms"] for one in symptom["examples"])):
        if not example["text"].isprintable():
            raise AssertionError(f"{example['text']!r} is not safe to show")


def _check_ntlm(found: Conversation, data: bytes) -> None:
    # Who makes the noise has no key, but may ask for one seal of one message.
    if found.message is not None and (found.message != MESSAGE or SEAL_HERE not in data):
        raise AssertionError(f"{found.message!r:.2000} was taken for a sealed message")


def seeds(name: str) -> dict[str, bytes]:
    """The examples of a target, by file name. Lines that start with "# " are comments; ``.hex`` is read as such."""
    found = {}
    for path in sorted((SEEDS / name).iterdir()):
        lines = path.read_text(encoding="utf-8").splitlines()
        body = "\n".join(line for line in lines if not line.startswith("# "))
        found[path.name] = bytes.fromhex(body) if path.suffix == ".hex" else body.encode()
    return found


def _text(data: bytes) -> str:
    """Any bytes as text; those that are no UTF-8 become surrogates, which text from a server can hold too."""
    return data.decode("utf-8", "surrogateescape")


def _entries(acl: Acl | None) -> list[bytes] | None:
    return None if acl is None else [ace.to_bytes() for ace in acl]


def _same(one: object, other: object) -> None:
    if one != other:
        raise AssertionError(f"{one!r:.2000}\n    is not\n{other!r:.2000}")


TARGETS: dict[str, Target[Any]] = {
    "descriptor": Target(SecurityDescriptor.from_bytes, _check_descriptor),
    "sddl": Target(lambda data: parse_sddl(_text(data), domain=DOMAIN, forest_root=FOREST_ROOT), _check_sddl),
    "condition": Target(parse_condition, _check_condition),
    "condition_text": Target(lambda data: parse_condition_text(_text(data)), _check_condition_text),
    "log": Target(_read_log, _check_log),
    "ntlm": Target(converse, _check_ntlm, SiteServerError),
    "resource_attribute": Target(ResourceAttribute.from_bytes, _check_resource_attribute),
    "resource_attribute_text": Target(
        lambda data: parse_resource_attribute_text(_text(data)), _check_resource_attribute_text
    ),
}
