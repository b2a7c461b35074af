# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of an audit."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit.model import (
    AuditedHost,
    AuditedObject,
    AuditHeader,
    HostStatus,
)

SHARE = AuditedObject("D:\\SMS", "D:", "SMS_SITE", ("+ a", "- b"))
FOLDER = AuditedObject("D:\\SMS", "D:", edits=("~ c",))


def host(share: AuditedObject | None, directory: AuditedObject | None) -> AuditedHost:
    return AuditedHost("p01", "P01", "sms_1_2", HostStatus.DRIFTED, "", share, directory, None, (), (), 1.0, 2)


@pytest.mark.parametrize(
    ("status", "read"),
    [("in_desired_state", True), ("drifted", True), ("unreachable", False), ("error", False)],
)
def test_only_a_host_that_answered_was_read(status: str, read: bool) -> None:
    assert HostStatus(status).was_read is read


def test_edits_are_those_of_both_objects() -> None:
    assert host(SHARE, FOLDER).edits == ("share: + a", "share: - b", "directory: ~ c")
    assert host(None, None).edits == ()
    assert host(None, FOLDER).edits == ("directory: ~ c",)


def test_values_are_frozen_and_equal_by_what_they_hold() -> None:
    header = AuditHeader("0.1.0", "2.19.4", "2026-03-02T08:00:00Z")
    assert header == AuditHeader("0.1.0", "2.19.4", "2026-03-02T08:00:00Z")
    with pytest.raises(dataclasses.FrozenInstanceError):
        header.started = "later"  # type: ignore[misc]
