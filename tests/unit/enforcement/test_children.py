# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One child of a folder, compared with what the folder passes on; hosts of the lab stand in tests/functional."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.children import stale_child
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import NotFound, Unreachable
from tests.unit.fake_site_server import DIRECTORY, FakeSiteServer

CHILD = f"{DIRECTORY}\\job.txt"


def warning(parent: str, child: str | None, server: FakeSiteServer | None = None) -> str | None:
    server = server or FakeSiteServer()
    if child is not None:
        server.child = CHILD
        server.held[CHILD] = parse_sddl(child)
    return stale_child(server, DIRECTORY, parse_sddl(parent))


@pytest.mark.parametrize(
    ("parent", "child", "stale"),
    [
        # CREATOR OWNER becomes the owner, generic rights become those of files.
        ("D:PAI(A;OICIIO;GA;;;CO)(A;OICI;GR;;;SY)", "O:BAD:AI(A;ID;FA;;;BA)(A;ID;FR;;;SY)", False),
        ("D:PAI(A;OICIIO;GA;;;CO)", "O:BAD:AI(A;ID;FA;;;SY)", True),
        # Entries of its own do not count, and neither do the folder's that go no further.
        ("D:PAI(A;;FA;;;BA)", "O:BAD:AI(A;;FA;;;WD)", False),
        ("D:PAI(A;OICI;FA;;;BA)", "O:BAD:AI(D;;0x2;;;WD)(A;ID;FA;;;BA)", False),
        ("D:PAI(A;OICI;FA;;;BA)", "O:BAD:AI(A;;FA;;;BA)", True),
        ("D:PAI(A;OICI;FA;;;BA)", "O:BAD:AI", True),
        ("D:PAI(A;OICI;FR;;;BA)", "O:BAD:AI(A;ID;FA;;;BA)", True),
        # What comes down takes the place of a NULL DACL (Microsoft, "Automatic Propagation of Inheritable ACEs").
        ("D:PAI(A;OICI;FA;;;BA)", "O:BAD:NO_ACCESS_CONTROL", True),
        ("D:PAI(A;;FA;;;BA)", "O:BAD:NO_ACCESS_CONTROL", False),
        ("D:NO_ACCESS_CONTROL", "O:BAD:AI(A;ID;FA;;;BA)", False),
        # The port does not tell files from folders: what fits one of them is in line.
        ("D:PAI(A;OICI;FA;;;BA)", "O:BAD:AI(A;OICIID;FA;;;BA)", False),
        # A child that keeps its parent's entries out is in line.
        ("D:PAI(A;OICI;FA;;;BA)", "O:BAD:P(A;;FA;;;WD)", False),
    ],
)
def test_what_a_child_inherits(parent: str, child: str, stale: bool) -> None:
    assert (warning(parent, child) is not None) is stale


@pytest.mark.parametrize(("control", "switch"), [("PAI", "d"), ("AI", "e")])
def test_the_warning_names_host_folder_and_child_and_the_command(control: str, switch: str) -> None:
    text = warning(f"D:{control}(A;OICI;FA;;;BA)", "O:BAD:AI(A;ID;FA;;;WD)")
    assert text is not None
    assert text.startswith(f"p01: folder {DIRECTORY}: ")
    assert CHILD in text
    assert text.endswith(f'icacls "{DIRECTORY}" /inheritance:{switch}')


def test_a_folder_without_children_is_in_line() -> None:
    assert warning("D:PAI(A;OICI;FA;;;BA)", None) is None


class Fails(FakeSiteServer):
    """A site server that does not show the child."""

    def __init__(self, failure: type[NotFound | Unreachable]) -> None:
        super().__init__()
        self._failure = failure

    def a_child(self, path: str) -> str | None:
        raise self._failure(self.host, f"find a child of {path}", "connection refused", "Check that the server is up.")


def test_a_look_that_fails_is_a_warning_and_no_failure() -> None:
    text = warning("D:PAI", None, Fails(Unreachable))
    assert text is not None
    assert text.startswith(f"p01: folder {DIRECTORY}: ")
    assert "connection refused" in text


def test_a_child_that_is_gone_meanwhile_is_none() -> None:
    assert warning("D:PAI", None, Fails(NotFound)) is None
