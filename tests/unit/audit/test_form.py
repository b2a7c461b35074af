# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON form of audit lines: what is written is read, and the schema describes it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import (
    FORMAT,
    VERSION,
    AuditedHost,
    AuditEnd,
    AuditHeader,
    HostStatus,
    encode,
    host_to_json,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit.fields import LineFields
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit.form import (
    end_to_json,
    header_from_json,
    header_to_json,
    host_from_json,
)
from tests.unit.audit.lines import WRITTEN, schema

HEADER = AuditHeader("0.1.0", "2.19.4", "2026-03-02T08:00:00Z", "a digest")
COUNTS = {"hosts": 1, "in_desired_state": 0, "drifted": 1, "unreachable": 0, "error": 0}
UNREAD = AuditedHost("p01", None, "", HostStatus.UNREACHABLE, "", None, None, None, (), (), 0.0, 0)


def read(values: dict[str, Any]) -> AuditedHost:
    return host_from_json(LineFields(values, "here", {}))


def test_a_line_of_an_earlier_file_is_read_and_written_byte_for_byte() -> None:
    assert encode(host_to_json(read(json.loads(WRITTEN)))) == WRITTEN


@pytest.mark.parametrize("status", HostStatus)
def test_a_host_that_was_not_read_goes_there_and_back(status: HostStatus) -> None:
    host = AuditedHost("p01", None, "", status, "", None, None, None, (), (), 1.25, None)
    assert read(host_to_json(host)) == host
    assert schema().is_valid(host_to_json(host))


def test_a_header_goes_there_and_back() -> None:
    assert header_from_json(LineFields(header_to_json(HEADER), "here", {})) == HEADER


@pytest.mark.parametrize(
    "line",
    [
        json.loads(WRITTEN),
        header_to_json(HEADER),
        end_to_json(AuditEnd("2026-03-02T08:04:00Z", COUNTS)),
        host_to_json(UNREAD),
    ],
    ids=["drifted", "header", "end", "not read"],
)
def test_lines_match_the_schema(line: dict[str, Any]) -> None:
    schema().validate(line)


def test_the_schema_has_this_format_this_version_and_these_states() -> None:
    parts = schema().schema["$defs"]
    header, end = parts["header"]["properties"], parts["end"]["required"]
    assert (header["format"]["const"], header["version"]["const"]) == (FORMAT, VERSION)
    states = [status.value for status in HostStatus]
    assert parts["host"]["properties"]["status"]["enum"] == states
    assert end == ["type", "finished", "hosts", *states]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("status",), "fine"),
        (("host",), ""),
        (("type",), "rumour"),
        (("seconds",), -1),
        (("note",), "x"),
        (("share", "sddl"), None),
        (("group", "in_desired_state"), None),
        (("senders", 0, "member"), None),
        (("senders", 0, "combined", "satisfied"), True),
        (("senders", 0, "share", "mask"), "0"),
        (("edits", "share", 0), "allow everyone"),
        (("after", "share_sddl"), None),
        (("findings", 0, "severity"), "bad"),
    ],
)
def test_the_schema_refuses_what_is_never_written(place: tuple[str | int, ...], value: object) -> None:
    line = copy.deepcopy(json.loads(WRITTEN))
    where: Any = line
    for step in place[:-1]:
        where = where[step]
    where[place[-1]] = value
    assert not schema().is_valid(line)
