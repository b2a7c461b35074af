# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A share, a folder and a file, read and written alike."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.securable import path_object, share_object
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Share
from tests.unit.fake_site_server import DIRECTORY, FakeSiteServer

NEW = parse_sddl("D:PAI(A;OICI;FA;;;BA)")


@pytest.fixture
def server() -> FakeSiteServer:
    made = FakeSiteServer()
    made.hold("D:(A;;FA;;;BA)", "D:P(A;OICI;FA;;;SY)")
    return made


def test_a_share(server: FakeSiteServer) -> None:
    share = share_object(server, Share("SMS_SITE", DIRECTORY, is_disk=True))
    assert (share.subject.label, share.subject.host) == ("share SMS_SITE", "p01")
    assert share.read().descriptor == server.held["SMS_SITE"]
    assert share.write(NEW) is None
    assert share.read().descriptor == NEW
    # Nothing is below a share.
    assert share.look_below(share.read()) is None


@pytest.mark.parametrize(("is_directory", "label"), [(True, "folder"), (False, "file")])
def test_a_path(server: FakeSiteServer, is_directory: bool, label: str) -> None:
    path = path_object(server, DIRECTORY, is_directory=is_directory)
    assert path.subject.label == f"{label} {DIRECTORY}"
    path.write(NEW)
    assert path.read().descriptor == server.held[DIRECTORY] == NEW


@pytest.mark.parametrize(("is_directory", "warns"), [(True, True), (False, False)])
def test_only_below_a_folder_is_something_to_look_at(server: FakeSiteServer, is_directory: bool, warns: bool) -> None:
    server.child = f"{DIRECTORY}\\job.txt"
    server.held[server.child] = parse_sddl("O:BAD:AI(A;ID;FR;;;WD)")
    path = path_object(server, DIRECTORY, is_directory=is_directory)
    path.write(NEW)
    assert (path.look_below(path.read()) is not None) is warns
