# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of the port: what a server sends for people is visible, and a path has one spelling."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptor, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    Account,
    DescriptorReading,
    JoinedDomain,
    Propagated,
    SiteServer,
    local_path,
)
from tests.unit.fake_site_server import FakeSiteServer

SID = Sid.parse("S-1-5-21-1-2-3-1104")
HOSTILE = "CORP\\a\x1b[31m\u202e"


def test_names_and_reasons_are_visible() -> None:
    assert Account(SID, HOSTILE).name.isprintable()
    assert JoinedDomain(HOSTILE, is_controller=False).name.isprintable()
    reading = DescriptorReading(SecurityDescriptor(), {SID: HOSTILE}, unwritable=(HOSTILE,))
    assert reading.names[SID].isprintable()
    assert reading.unwritable[0].isprintable()
    assert Propagated(1, 0, 1, (HOSTILE,)).refusals[0].isprintable()


def test_readings_are_read_only() -> None:
    names = {SID: "CORP\\a"}
    reading = DescriptorReading(SecurityDescriptor(), names)
    names.clear()
    assert dict(reading.names) == {SID: "CORP\\a"}
    with pytest.raises(TypeError):
        reading.names[SID] = "x"  # type: ignore[index]


@pytest.mark.parametrize(("refused", "told"), [(0, False), (2, True)])
def test_children_that_were_left_are_told(refused: int, told: bool) -> None:
    left = Propagated(5, 3, refused, ("D:\\a: Access is denied",) if refused else ()).left
    assert bool(left) is told
    if told:
        assert "D:\\a: Access is denied" in left


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("D:\\SMS\\", "D:\\SMS"),
        ("D:/SMS//Site.srv", "D:\\SMS\\Site.srv"),
        (" d:\\ ", "d:\\"),
        ("D:\\a\\\\b", "D:\\a\\b"),
    ],
)
def test_a_path_has_one_spelling(given: str, path: str) -> None:
    assert local_path(given) == path


@pytest.mark.parametrize(
    "given",
    ["", "SMS", "\\SMS", "\\\\p01\\SMS_SITE", "D:SMS", "D:\\a\\..\\b", "D:\\.", "D:\\a*b", "D:\\" + "a" * 40_000],
)
def test_what_is_no_local_path_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match=r"is not a local path|must not") as refusal:
        local_path(given)
    assert len(str(refusal.value)) < 400


def test_the_site_server_of_the_tests_has_the_whole_port() -> None:
    port = {name for name in vars(SiteServer) if not name.startswith("_")}
    assert {name for name in port if not hasattr(FakeSiteServer, name)} == set()


def test_an_account_is_read_from_what_it_is_written_as() -> None:
    account = Account(Sid.parse("S-1-5-21-1-2-3-1104"), r"CORP\smssend")
    assert account.as_dict() == {"name": r"CORP\smssend", "sid": "S-1-5-21-1-2-3-1104"}
    assert Account.from_dict(account.as_dict()) == account
