# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change has written below a directory that it has not written, over a connection that writes children first."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    apply_host_plan,
    changed_hosts,
    changes_of,
    read_host_plan,
    read_journal,
    roll_back,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.record import Event
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import WriteFailed
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptor, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    Interrupted,
    NoAnswer,
    Propagated,
)
from tests.unit.change.samples import DIRECTORY, recorder, section
from tests.unit.fake_site_server import FakeSiteServer

HOST = "p01.corp.example"
CHANGE = "CHG0012345"
PLAN = read_host_plan(HOST, section())
assert PLAN is not None
BEFORE, AFTER = PLAN.directory.before, PLAN.directory.after
SHARE = PLAN.share.before


class ChildrenFirst(FakeSiteServer):
    """Five files lie in its directory, which are written before it.

    Attributes:
        files: what each file was written with.
        stops: how the next writes end: `children`, the connection breaks after the second file; `directory`, it breaks
            after the files, before the directory is written; `refused`, one file is refused; `share`, that is.
    """

    propagates = True
    host = HOST

    def __init__(self, *stops: str) -> None:
        super().__init__()
        self.held = {"SMS_SITE": SHARE, DIRECTORY: BEFORE}
        self.files = [BEFORE] * 5
        self.stops = list(stops)

    def set_path_descriptor(self, path: str, descriptor: SecurityDescriptor) -> Propagated | None:
        stop = self.stops.pop(0) if self.stops else ""
        operation = f"set the permissions of {path}"
        if stop == "share":
            raise AccessDenied(HOST, operation, "Access is denied", "Connect as an administrator.")
        if path != DIRECTORY:
            self.held[path] = descriptor
            return None
        last = {"children": 2, "refused": 4}.get(stop, 5)
        updated = sum(each != descriptor for each in self.files[:last])
        self.files[:last] = [descriptor] * last
        if stop == "children":
            raise Interrupted(HOST, operation, "the connection broke", "Run it again.", updated)
        if stop == "directory":
            raise NoAnswer(HOST, operation, "the connection broke", "Run it again.")
        self.held[path] = descriptor
        refused = 5 - last
        return Propagated(5, updated, refused, ("open.pkg (sharing violation)",) * refused)


@pytest.mark.parametrize("stops", [("children",), ("directory",), ("", "share", "refused")])
def test_the_way_back_brings_back_what_is_below_a_directory_that_was_not_written(
    tmp_path: Path, stops: tuple[str, ...]
) -> None:
    assert PLAN is not None
    path = tmp_path / "record.jsonl"
    server = ChildrenFirst(*stops)
    with pytest.raises(WriteFailed) as told:
        apply_host_plan(server, PLAN, recorder(path, HOST))
    assert told.value.changed
    assert server.held == {"SMS_SITE": SHARE, DIRECTORY: BEFORE}
    assert AFTER in server.files
    assert changed_hosts(path, read_journal(path), CHANGE) == (HOST,)

    def back(*stops: str, check_mode: bool = False) -> bool:
        server.stops = list(stops)
        changes = changes_of(path, read_journal(path), HOST)
        record = recorder(None if check_mode else path, HOST, action="rollback")
        return roll_back(server, changes, record, check_mode=check_mode).changed

    assert back(check_mode=True)
    # A way back that breaks, or is refused, is no way back.
    with pytest.raises((WriteFailed, AccessDenied)):
        back("share")
    with pytest.raises(WriteFailed, match="may or may not have been written"):
        back("directory")
    server.files[3] = AFTER
    assert back()
    assert server.files == [BEFORE] * 5
    assert changed_hosts(path, read_journal(path), CHANGE) == ()


def test_so_it_does_after_a_run_that_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    server = ChildrenFirst()
    server.files[:2] = [AFTER] * 2
    recorder(path, HOST)(Event.WRITING, kind="directory", name=DIRECTORY, before=BEFORE, after=AFTER)
    changes = changes_of(path, read_journal(path), HOST)
    assert roll_back(server, changes, recorder(path, HOST, action="rollback")).changed
    assert (server.files, server.held[DIRECTORY]) == ([BEFORE] * 5, BEFORE)


def test_a_directory_whose_server_sees_to_its_children_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    server = FakeSiteServer()
    server.held = {"SMS_SITE": parse_sddl("D:(A;;FA;;;BA)"), DIRECTORY: BEFORE}
    recorder(path, HOST)(Event.WRITING, kind="directory", name=DIRECTORY, before=BEFORE, after=AFTER)
    changes = changes_of(path, read_journal(path), HOST)
    assert not roll_back(server, changes, recorder(path, HOST, action="rollback")).changed
    assert not [line for line in server.log if line.startswith("write")]
