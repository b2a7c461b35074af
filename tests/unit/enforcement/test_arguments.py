# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From arguments to goals: which bits an entry allows and which it denies."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import DesiredEntry
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.arguments import desired_path, desired_share


def arguments(entry: dict[str, Any], **options: Any) -> dict[str, Any]:
    common = {
        "state": "present",
        "inheritance": "unchanged",
        "remove_blocking_denies": False,
        "allow_lockout": False,
        "narrow_null_dacl": False,
    }
    return {**common, **options, "entries": [{"principal": "CORP\\smssend", **entry}]}


# FileSystemAccessRule of .NET: SYNCHRONIZE (0x100000) is set in rules that allow, and left out of those that deny,
# except for FullControl. A mask is what somebody wrote, so a deny entry takes it as it is.
@pytest.mark.parametrize(
    ("rights", "allowed", "denied"),
    [
        (["delete"], 0x110000, 0x10000),
        (["read", "write"], 0x12019F, 0x2019F),
        (["full_control"], 0x1F01FF, 0x1F01FF),
        (["synchronize"], 0x100000, 0x100000),
        (["0x10000"], 0x110000, 0x10000),
        (["0x110000"], 0x110000, 0x110000),
    ],
)
@pytest.mark.parametrize("state", ["present", "absent", "exact"])
def test_rights_on_a_path(rights: list[str], allowed: int, denied: int, state: str) -> None:
    for kind, ace_type, mask in (("allow", 0, allowed), ("deny", 1, denied)):
        desired = desired_path("p01", arguments({"rights": rights, "type": kind}, state=state), is_directory=True)
        assert desired.entries == (DesiredEntry("CORP\\smssend", ace_type, mask, 3),)


@pytest.mark.parametrize(
    ("access", "allowed", "denied"),
    [("full_control", 0x1F01FF, 0x1F01FF), ("change", 0x1301BF, 0x301BF), ("read", 0x1200A9, 0x200A9)],
)
@pytest.mark.parametrize("state", ["present", "absent", "exact"])
def test_access_to_a_share(access: str, allowed: int, denied: int, state: str) -> None:
    for kind, ace_type, mask in (("allow", 0, allowed), ("deny", 1, denied)):
        desired = desired_share("p01", arguments({"access": access, "type": kind}, state=state))
        assert desired.entries == (DesiredEntry("CORP\\smssend", ace_type, mask, 0),)
