# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans and records with any value in any place: used as they are described, or refused, and nothing else."""

from __future__ import annotations

import copy
import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    ChangeError,
    as_html,
    as_markdown,
    changes_of,
    read_document,
    read_host_plan,
    read_journal,
    summary_of,
    unread_section,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.record import Event, Member
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account
from tests.unit.change.samples import CREATED, DIRECTORY, VERSIONS, recorder, section, validator

HOST, DEAD = "p01.corp.example", "p02.corp.example"

_MEMBERS = [{"name": "CORP\\jane", "sid": "S-1-5-21-1-2-3-1104"}]
_FINDING = {
    "id": "no_way_back",
    "severity": "warning",
    "site": "P01",
    "evidence": "seen",
    "advice": "do",
    "source": "read",
}
_GROUP = {"name": "G", "sid": "S-1-5-32-545", "members": _MEMBERS, "add": _MEMBERS, "missing": _MEMBERS}
HOSTS = {
    HOST: section(group=_GROUP, findings=[_FINDING], warnings=["careful"]),
    DEAD: unread_section("unreachable", "no answer", site="P02"),
}
HEAD = {
    "format": "sitekeeper.sms/change-plan",
    "version": 2,
    "change_id": "CHG0012345",
    "created": CREATED,
    **VERSIONS,
}
PLAN = {"head": HEAD, "hosts": HOSTS}

PLAN_SCHEMA, RECORD_SCHEMA = validator("plan"), validator("record")

A, B = (parse_sddl(f"D:(A;;FA;;;BA)(A;;{mask};;;WD)") for mask in ("0x1", "0x2"))

# Numbers that are whole are no fractions: JSON has one kind of number, and a schema takes 2.0 for 2.
fractions = st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer())
values = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | fractions | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)


def places(value: Any, *above: Any) -> Iterator[tuple[Any, ...]]:
    """The way to each value in a JSON value."""
    yield above
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, *above, key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, *above, number)


def with_value(whole: Any, place: tuple[Any, ...], value: Any) -> Any:
    """The same with another value in that place."""
    if not place:
        return value
    changed = copy.deepcopy(whole)
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return changed


def json_bytes(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def sealed(content: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """A plan file whose digests all fit its content, and the JSON value that it is."""
    sections = {host: json_bytes(value) for host, value in sorted(content["hosts"].items())}
    head = content["head"]
    if isinstance(head, dict) and "sections" not in head:
        digests = {host: "sha256:" + hashlib.sha256(text).hexdigest() for host, text in sections.items()}
        head = {**head, "sections": digests}
    digest = "sha256:" + hashlib.sha256(json_bytes(head)).hexdigest()
    lines = b",\n".join(json_bytes(host) + b":" + text for host, text in sections.items())
    text = b'{"digest":"' + digest.encode() + b'","head":' + json_bytes(head) + b',"hosts":{\n' + lines + b"\n}}\n"
    return text, {"digest": digest, "head": head, "hosts": content["hosts"]}


def read(content: bytes) -> dict[str, Any]:
    """All that modules do with a plan."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "plan.json")
        path.write_bytes(content)
        plan = read_document(path)
        hosts = plan.hosts()
        assert {host: plan.section(host) for host in hosts} == hosts
    summary_of(hosts)
    whole = {"digest": plan.digest, "head": plan.head, "hosts": hosts}
    as_markdown(whole)
    as_html(whole)
    return whole


def test_the_sample_is_a_plan_to_the_schema_and_to_us() -> None:
    content, whole = sealed(PLAN)
    PLAN_SCHEMA.validate(whole)
    assert read(content) == whole
    planned = read_host_plan(HOST, HOSTS[HOST])
    assert planned is not None
    assert planned.group is not None
    assert read_host_plan(DEAD, HOSTS[DEAD]) is None


PLAN_PLACES = [place for place in places(PLAN) if place not in ((), ("hosts",))]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from(PLAN_PLACES), value=values)
@example(place=("hosts", HOST, "share", "path"), value=7)
@example(place=("hosts", HOST, "directory", "path"), value=["D:\\SMS"])
@example(place=("hosts", HOST, "directory", "path"), value={})
@example(place=("hosts", HOST, "share", "before"), value=None)
@example(place=("hosts", HOST, "group"), value=[])
@example(place=("hosts", HOST, "status"), value={})
@example(place=("hosts", DEAD, "status"), value="planned")
@example(place=("head", "change_id"), value=None)
@example(place=("head", "sections"), value={HOST: 1})
@example(place=("head", "version"), value=True)
def test_any_value_in_any_place_of_a_plan_is_used_or_refused(place: tuple[Any, ...], value: Any) -> None:
    content, whole = sealed(with_value(PLAN, place, value))
    is_plan = PLAN_SCHEMA.is_valid(whole) and set(whole["head"]["sections"]) == set(whole["hosts"])
    if not is_plan:
        with pytest.raises(ChangeError):
            read(content)
    elif "sections" not in place:
        assert read(content) == whole
    for host, about in whole["hosts"].items():
        try:
            planned = read_host_plan(host, about)
        except ChangeError:
            continue
        # What is used is described, whatever its digest.
        assert is_plan or about == HOSTS[host] or place[0] == "head"
        assert (planned is None) == (about["status"] != "planned")


@settings(max_examples=20, deadline=None)
@given(place=st.sampled_from(PLAN_PLACES), key=st.text(max_size=8))
def test_a_key_more_or_less_is_refused(place: tuple[Any, ...], key: str) -> None:
    whole = copy.deepcopy(PLAN)
    inner: Any = whole
    for step in place[:-1]:
        inner = inner[step]
    if not isinstance(inner, dict) or inner is whole or inner is whole["hosts"]:
        return
    del inner[place[-1]]
    content, described = sealed(whole)
    assert not PLAN_SCHEMA.is_valid(described)
    with pytest.raises(ChangeError):
        read(content)
    if key not in HOSTS[HOST]:
        content, described = sealed(with_value(PLAN, ("hosts", HOST, key), None))
        assert not PLAN_SCHEMA.is_valid(described)
        with pytest.raises(ChangeError, match="has an unknown key"):
            read(content)


@pytest.mark.parametrize(
    "place", [("head", "change_id"), ("hosts", HOST, "message"), ("hosts", HOST, "share", "name"), ("head", "ansible")]
)
def test_half_a_character_is_refused(place: tuple[str, ...]) -> None:
    content, _whole = sealed(with_value(PLAN, place, "\ud800"))
    must_be = "a change number" if place[-1] == "change_id" else "text"
    with pytest.raises(ChangeError, match=f"{place[-1]} must be {must_be}"):
        read(content)


def test_the_message_says_where_and_what() -> None:
    content, _whole = sealed(with_value(PLAN, ("hosts", HOST, "directory", "path"), 7))
    with pytest.raises(ChangeError) as refusal:
        read(content)
    assert str(refusal.value).endswith(
        "plan.json: the plan's section of p01.corp.example cannot be used: it, directory, path must be text, but it is "
        "a number. Make a new plan and have it approved"
    )


# -- records


def record_lines() -> list[dict[str, Any]]:
    """A record of a change that was applied and partly taken back, with every kind of object."""
    member = Member(
        Account(Sid.parse("S-1-5-32-545"), "BUILTIN\\Users"), Account(Sid.parse("S-1-5-21-1-2-3-1104"), "CORP\\jane")
    )
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "record.jsonl")
        apply, undo = (recorder(path, HOST, action=action) for action in ("apply", "rollback"))
        apply(Event.ADDING, member=member)
        apply(Event.ADDED, member=member)
        apply(Event.WRITING, kind="directory", name=DIRECTORY, before=A, after=B)
        apply(Event.WRITTEN, kind="directory", name=DIRECTORY, before=A, after=B)
        apply(Event.WRITING, kind="share", name="SMS_SITE", before=A, after=B)
        apply(Event.WRITTEN, kind="share", name="SMS_SITE", before=A, after=B)
        apply(Event.DONE, message="all of it")
        undo(Event.WRITTEN, kind="share", name="SMS_SITE", before=B, after=A)
        undo(Event.PUT_BACK, kind="share", name="SMS_SITE", before=A, after=B)
        return [dict(line) for line in read_journal(path).lines]


RECORD = record_lines()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from([place for place in places(RECORD) if place]), value=values)
@example(place=(0, "object"), value=[])
@example(place=(0, "object", "group"), value=7)
@example(place=(2, "object", "name"), value={})
@example(place=(2, "before"), value=None)
@example(place=(3, "after"), value=7)
@example(place=(7, "before"), value=None)
@example(place=(3, "event"), value={})
@example(place=(3, "version"), value=True)
@example(place=(3, "version"), value=2)
@example(place=(3, "format"), value="sitekeeper.sms/audit")
@example(place=(5,), value={})
def test_any_value_in_any_place_of_a_record_is_used_or_refused(place: tuple[Any, ...], value: Any) -> None:
    lines = with_value(RECORD, place, value)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "record.jsonl")
        path.write_bytes(b"".join(json_bytes(line) + b"\n" for line in lines))
        journal = read_journal(path)
        is_record = all(RECORD_SCHEMA.is_valid(line) for line in journal.lines)
        try:
            found = changes_of(path, journal, HOST, "CHG0012345")
        except ChangeError:
            return
        assert is_record
        assert all(isinstance(each.name, str) for each in found.objects)
        changes_of(path, read_journal(path, HOST), HOST, "CHG0012345")


def test_the_sample_is_a_record() -> None:
    for line in RECORD:
        RECORD_SCHEMA.validate(line)
