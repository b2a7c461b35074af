# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One DACL reaches its desired state; what a write leads to stands in test_execute.py."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    DesiredEntry,
    DesiredState,
    Inheritance,
    Presence,
    Refused,
    set_path_permissions,
    set_share_permissions,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import ACCESS_ALLOWED, format_sddl, parse_sddl
from tests.unit.fake_site_server import DIRECTORY, FakeSiteServer

SENDER = "S-1-5-21-1-2-3-1104"
SHARE, FOLDER = "D:(A;;FA;;;BA)", "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
PARENT = "D:\\SMS\\Site.srv\\Despoolr.box"


def server() -> FakeSiteServer:
    made = FakeSiteServer()
    made.hold(SHARE, FOLDER)
    return made


def desired(mask: int = 0x1F01FF, flags: int = 0, **options: object) -> DesiredState:
    return DesiredState((DesiredEntry(SENDER, ACCESS_ALLOWED, mask, flags),), **options)  # type: ignore[arg-type]


def test_check_mode_returns_what_a_run_leaves() -> None:
    checked, run = server(), server()
    predicted = set_share_permissions(checked, "SMS_SITE", desired(), check_mode=True)
    done = set_share_permissions(run, "SMS_SITE", desired())
    assert predicted.changed
    assert done.changed
    assert predicted.after == done.after == run.held["SMS_SITE"]
    assert format_sddl(checked.held["SMS_SITE"]) == SHARE
    assert "write SMS_SITE" not in checked.log


def test_an_object_in_its_desired_state_is_read_once_and_not_written() -> None:
    there = server()
    set_share_permissions(there, "SMS_SITE", desired())
    there.log.clear()
    assert not set_share_permissions(there, "SMS_SITE", desired()).changed
    assert there.log == ["read settings of SMS_SITE", "read descriptor of SMS_SITE"]


@pytest.mark.parametrize("path", [DIRECTORY, f"{DIRECTORY}\\job.txt"])
def test_what_is_desired_depends_on_whether_it_is_a_directory(path: str) -> None:
    there = server()
    there.held[path] = parse_sddl(FOLDER)
    asked: list[bool] = []

    def make(is_directory: bool) -> DesiredState:
        asked.append(is_directory)
        return desired(flags=3 if is_directory else 0)

    set_path_permissions(there, path, make)
    assert asked == [path == DIRECTORY]
    assert (f"(A;OICI;FA;;;{SENDER})" in format_sddl(there.held[path])) is (path == DIRECTORY)


def test_the_parent_folder_is_read_where_its_entries_come_down_anew() -> None:
    there = server()
    there.held[PARENT] = parse_sddl("D:(A;OICI;FR;;;WD)")
    state = desired(flags=3, inheritance=Inheritance.ENABLED)
    outcome = set_path_permissions(there, DIRECTORY, lambda _is_directory: state, check_mode=True)
    assert f"read descriptor of {PARENT}" in there.log
    assert "ID;FR;;;WD" in format_sddl(outcome.after)


def test_a_drive_has_no_parent_folder() -> None:
    there = server()
    there.held["D:\\"] = parse_sddl(FOLDER)
    state = desired(inheritance=Inheritance.ENABLED)
    with pytest.raises(Refused, match="no parent folder"):
        set_path_permissions(there, "D:\\", lambda _is_directory: state)


def test_a_refused_plan_is_refused_before_anything_is_written() -> None:
    there = server()
    state = DesiredState((DesiredEntry("S-1-5-32-544", ACCESS_ALLOWED, None),), Presence.ABSENT)
    with pytest.raises(Refused):
        set_share_permissions(there, "SMS_SITE", state)
    assert format_sddl(there.held["SMS_SITE"]) == SHARE
