# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each sender has on share and directory in memory, and whether that is all it needs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    Assessment,
    Refused,
    SenderRequest,
    assess_sender_access,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccessAnswer, AccountState, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    Account,
    AuthenticationFailed,
    NoAnswer,
    Share,
    SiteServerError,
)
from tests.unit.fake_site_server import DIRECTORY, FakeSiteServer

SENDER, OTHER, GROUP = (f"S-1-5-21-1-2-3-{rid}" for rid in (1104, 1105, 1300))
BOTH = "D:(A;;FA;;;BA)", "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"


def assess(share: str, folder: str, server: FakeSiteServer | None = None, **request: Any) -> Assessment:
    server = server or FakeSiteServer()
    server.hold(share, folder)
    given: dict[str, Any] = {"product": PRODUCTS["sms_1_2"], "senders": (SENDER,), **request}
    found = assess_sender_access(server, SenderRequest(**given))
    assert not [line for line in server.log if line.startswith("write")]
    return found


def entry(account: str, mask: str, flags: str = "") -> str:
    return f"(A;{flags};{mask};;;{account})"


@pytest.mark.parametrize(
    ("on_share", "on_folder", "satisfied"),
    [
        ("", "", False),
        (entry(SENDER, "FA"), "", False),
        ("", entry(SENDER, "0x12019f", "OICI"), False),
        (entry(SENDER, "FA"), entry(SENDER, "0x12019f", "OICI"), True),
        # Any form of access counts: more, and by groups that every logon over the network is in.
        (entry("WD", "FA"), entry("AU", "FA", "OICI"), True),
        # The same on the folder alone is of no use for the files that are created in it.
        (entry(SENDER, "FA"), entry(SENDER, "0x12019f"), False),
        (entry(OTHER, "FA"), entry(OTHER, "FA", "OICI"), False),
    ],
)
def test_a_sender_needs_both(on_share: str, on_folder: str, satisfied: bool) -> None:
    found = assess(BOTH[0] + on_share, BOTH[1] + on_folder)
    access = found.senders[SENDER]
    assert (access.satisfied, found.satisfied) == (satisfied, satisfied)
    assert access.combined_mask == access.share.mask & access.directory.mask
    if not satisfied:
        assert access.share.decided_by or access.directory.decided_by


def test_a_deny_of_a_group_may_count() -> None:
    found = assess(f"D:(D;;FR;;;{OTHER}){entry(SENDER, 'FA')}", BOTH[1])
    access = found.senders[SENDER].share
    assert access.satisfied
    assert len(access.may_be_denied_by) == 1


def test_a_null_dacl_grants_everything() -> None:
    found = assess("D:NO_ACCESS_CONTROL", "D:NO_ACCESS_CONTROL")
    assert found.satisfied


def test_an_account_in_two_spellings_is_one() -> None:
    found = assess(*BOTH, senders=(SENDER, SENDER.lower(), OTHER))
    assert [str(account.sid) for account in found.accounts.values()] == [SENDER, OTHER]


def test_members_of_the_group_have_what_the_group_has() -> None:
    class WithGroup(FakeSiteServer):
        def __init__(self) -> None:
            super().__init__()
            self.points_to = DIRECTORY
            self.members = {Sid.parse(GROUP): [Account(Sid.parse(SENDER), SENDER)]}

    access = entry(GROUP, "FA", "OICI")
    options = {
        "product": PRODUCTS["configmgr"], "senders": (SENDER, OTHER), "group": GROUP, "allow_unexpected_path": True
    }  # fmt: skip
    found = assess(BOTH[0] + entry(GROUP, "FA"), BOTH[1] + access, WithGroup(), **options)
    assert {given: (access.member, access.satisfied) for given, access in found.senders.items()} == {
        SENDER: (True, True), OTHER: (False, False)
    }  # fmt: skip
    assert list(found.missing) == [OTHER]
    assert (found.group_satisfied, found.satisfied) == (True, False)
    assert assess(*BOTH, WithGroup(), **options).group_satisfied is False


@pytest.mark.parametrize(
    ("points_to", "request_", "words"),
    [
        (r"D:\Elsewhere", {}, r"D:\\Elsewhere"),
        (DIRECTORY, {"directory": r"D:\Other"}, r"D:\\Other"),
        ("", {}, "shares no directory|no directory"),
    ],
)
def test_a_share_that_is_not_the_products_is_refused(points_to: str, request_: dict[str, Any], words: str) -> None:
    server = FakeSiteServer()
    server.points_to = points_to
    with pytest.raises(Refused, match=words) as refusal:
        assess(*BOTH, server, **request_)
    assert str(refusal.value).startswith("p01: share SMS_SITE: ")


def test_an_unexpected_path_can_be_accepted() -> None:
    server = FakeSiteServer()
    server.points_to = r"D:\Elsewhere"
    server.path_descriptor = lambda path: FakeSiteServer.path_descriptor(  # type: ignore[method-assign]
        server, DIRECTORY if path == r"D:\Elsewhere" else path
    )
    assert assess(*BOTH, server, allow_unexpected_path=True).directory == r"D:\Elsewhere"


def test_permissions_that_came_with_the_settings_cost_no_reading() -> None:
    class Tells(FakeSiteServer):
        def share(self, name: str) -> Share:
            found = super().share(name)
            return Share(found.name, found.path, is_disk=True, descriptor=self.held[name])

    server = Tells()
    found = assess("D:(A;;FA;;;BA)", BOTH[1], server)
    assert found.share_reading.descriptor == server.held["SMS_SITE"]
    assert "read descriptor of SMS_SITE" not in server.log
    # The name of this account is not known yet.
    assess(f"D:(A;;FA;;;{OTHER})", BOTH[1], server)
    assert "read descriptor of SMS_SITE" in server.log


class Refusing(FakeSiteServer):
    """Lets nobody read the state of its accounts."""

    error: type[SiteServerError] = AccessDenied

    def local_account_state(self, account: Sid) -> AccountState:
        raise self.error(self.host, f"read the state of {account}", "Access is denied", "Ask.")


def test_a_state_that_the_server_does_not_show_is_unknown_and_no_error() -> None:
    everyone = "D:(A;OICI;FA;;;WD)"
    (sender,) = assess(everyone, everyone, Refusing(), logon=True).senders.values()
    assert sender.answer is AccessAnswer.UNKNOWN
    assert any("state of the account: p01: " in line and "Access is denied" in line for line in sender.because)


@pytest.mark.parametrize("error", [NoAnswer, AuthenticationFailed])
def test_a_server_that_does_not_answer_about_a_state_is_an_error(error: type[SiteServerError]) -> None:
    there = Refusing()
    there.error = error
    with pytest.raises(error):
        assess("D:(A;OICI;FA;;;WD)", "D:(A;OICI;FA;;;WD)", there, logon=True)
