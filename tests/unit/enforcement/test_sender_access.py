# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each sender gets what the product requires; what goes wrong with the writes stands in test_execute.py."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.directories import Directories
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    GroupsUnread,
    MissingMembers,
    Refused,
    SenderRequest,
    enforce_sender_access,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    AccessAnswer,
    AccountState,
    Sid,
    format_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account, NetworkLogon, UserRight
from tests.unit.fake_site_server import DIRECTORY, FakeSiteServer
from tests.unit.tokens.accounts import SilentDirectory

SENDER, OTHER, GROUP = (f"S-1-5-21-1-2-3-{rid}" for rid in (1104, 1105, 1300))
SHARE, FOLDER = "D:(A;;FA;;;BA)", "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"


def server(share: str = SHARE, folder: str = FOLDER, members: tuple[str, ...] = ()) -> FakeSiteServer:
    made = FakeSiteServer()
    made.hold(share, folder)
    made.members[Sid.parse(GROUP)] = [Account(Sid.parse(each), each) for each in members]
    return made


def enforce(there: FakeSiteServer, *senders: str, check_mode: bool = False, **request: Any) -> Any:
    given: dict[str, Any] = {"product": PRODUCTS["sms_1_2"], "senders": senders or (SENDER,), **request}
    return enforce_sender_access(there, SenderRequest(**given), check_mode=check_mode)


def written(there: FakeSiteServer) -> list[str]:
    return [line.removeprefix("write ") for line in there.log if line.startswith("write")]


def test_the_directory_is_written_before_the_share_and_each_once() -> None:
    there = server()
    outcome = enforce(there, SENDER, OTHER)
    assert outcome.changed
    assert written(there) == [DIRECTORY, "SMS_SITE"]
    for sid in (SENDER, OTHER):
        assert f"(A;OICI;0x12019f;;;{sid})" in format_sddl(there.held[DIRECTORY])
        assert f"(A;;FA;;;{sid})" in format_sddl(there.held["SMS_SITE"])
    there.log.clear()
    assert not enforce(there, SENDER, OTHER).changed
    assert written(there) == []


def test_check_mode_predicts_what_a_run_does() -> None:
    checked, run = server(), server()
    predicted, done = enforce(checked, check_mode=True), enforce(run)
    assert written(checked) == []
    assert predicted.changed is done.changed is True
    assert predicted.directory_plan.after == done.directory_plan.after == run.held[DIRECTORY]


def test_what_is_there_in_another_form_stays() -> None:
    there = server(share="D:(A;;FA;;;WD)", folder=f"{FOLDER}(A;OICI;0x1301bf;;;{SENDER})")
    assert not enforce(there).changed
    assert written(there) == []


def test_refusals_of_both_objects_are_one_message() -> None:
    there = server(share=f"D:(D;;FR;;;{SENDER})(A;;FA;;;BA)", folder=f"D:P(D;OICI;FR;;;{SENDER})(A;OICI;FA;;;SY)")
    with pytest.raises(Refused) as refusal:
        enforce(there)
    assert "share SMS_SITE" in str(refusal.value)
    assert f"folder {DIRECTORY}" in str(refusal.value)
    assert written(there) == []
    assert enforce(there, remove_blocking_denies=True).changed


GROUPED: dict[str, Any] = {"product": PRODUCTS["configmgr"], "group": GROUP, "allow_unexpected_path": True}


def test_members_come_before_the_entries_of_the_group() -> None:
    there = server()
    outcome = enforce(there, missing_members=MissingMembers.ADD, **GROUPED)
    assert written(there) == [GROUP, DIRECTORY, "SMS_SITE"]
    assert [str(account.sid) for account in outcome.added] == [SENDER]
    assert SENDER not in format_sddl(there.held[DIRECTORY])


@pytest.mark.parametrize(
    ("policy", "refused"),
    [(MissingMembers.ADD, True), (MissingMembers.ADD_WHERE_POSSIBLE, False), (MissingMembers.REPORT, False)],
)
def test_a_connection_that_cannot_add_members(policy: MissingMembers, refused: bool) -> None:
    there = server()
    there.changes_members = False
    if refused:
        with pytest.raises(Refused, match=r"ansible\.windows\.win_group_membership"):
            enforce(there, missing_members=policy, **GROUPED)
        assert written(there) == []
        return
    outcome = enforce(there, missing_members=policy, **GROUPED)
    assert [str(account.sid) for account in outcome.missing] == [SENDER]
    assert outcome.added == ()
    assert any("win_group_membership" in warning for warning in outcome.warnings)
    assert written(there) == [DIRECTORY, "SMS_SITE"]


class Named(FakeSiteServer):
    """Has names for the SIDs that it is asked for."""

    names: ClassVar[dict[str, str]] = {SENDER: "CORP\\o'neil", GROUP: "P01\\SMS_SiteToSite'Connection"}

    def resolve(self, account: str) -> Account:
        return Account(Sid.parse(account), self.names[account])


def test_the_task_that_adds_members_is_yaml() -> None:
    there = Named()
    there.hold(SHARE, FOLDER)
    there.members[Sid.parse(GROUP)] = []
    outcome = enforce(there, check_mode=True, missing_members=MissingMembers.REPORT, **GROUPED)
    (task,) = (warning for warning in outcome.warnings if "win_group_membership" in warning)
    assert task.endswith(
        "ansible.windows.win_group_membership: "
        "{name: 'SMS_SiteToSite''Connection', members: ['CORP\\o''neil'], state: present}"
    )


# -- access through groups

ADMINISTRATORS = Sid.parse("S-1-5-32-544")


def with_administrators(*members: Sid) -> FakeSiteServer:
    there = server()
    there.members[ADMINISTRATORS] = [Account(member, str(member), is_group=False) for member in members]
    return there


def test_nothing_is_written_for_an_account_that_gets_in_through_a_group() -> None:
    there = with_administrators(Sid.parse(SENDER))
    outcome = enforce(there)
    assert (outcome.changed, written(there)) == (False, [])
    assert outcome.after.senders[SENDER].satisfied


def test_an_entry_of_its_own_can_be_asked_for() -> None:
    there = with_administrators(Sid.parse(SENDER))
    assert enforce(there, own_entry=True).changed
    assert written(there) == [DIRECTORY, "SMS_SITE"]
    assert f"(A;;FA;;;{SENDER})" in format_sddl(there.held["SMS_SITE"])
    there.log.clear()
    assert not enforce(there, own_entry=True).changed


def test_an_account_that_is_no_member_gets_its_entry() -> None:
    there = with_administrators(Sid.parse(OTHER))
    assert enforce(there).changed


def test_a_deny_entry_of_a_group_of_the_account_is_refused_and_stays() -> None:
    there = with_administrators(Sid.parse(SENDER))
    there.hold(f"D:(D;;FW;;;BA)(A;;FA;;;{SENDER})", FOLDER)
    with pytest.raises(Refused, match="is blocked by the entry"):
        enforce(there, remove_blocking_denies=True)
    assert written(there) == []


def test_no_member_is_added_for_an_account_that_gets_in_otherwise() -> None:
    there = with_administrators(Sid.parse(SENDER))
    there.hold(f"{SHARE}(A;;FA;;;{GROUP})", f"{FOLDER}(A;OICI;FA;;;{GROUP})")
    assert not enforce(there, missing_members=MissingMembers.ADD, **GROUPED).changed
    assert written(there) == []
    outcome = enforce(there, missing_members=MissingMembers.ADD, own_entry=True, **GROUPED)
    assert [str(account.sid) for account in outcome.added] == [SENDER]


def test_a_new_membership_counts_later() -> None:
    outcome = enforce(server(), missing_members=MissingMembers.ADD, **GROUPED)
    (line,) = (warning for warning in outcome.warnings if "counts from the next session" in warning)
    assert line.startswith(f"p01: {SENDER}: ")
    assert outcome.effective_later == line
    assert enforce(server()).effective_later is None
    # The group is of the account's domain, as on a domain controller.
    assert "klist" in line
    there = server()
    local = "S-1-5-21-7-7-7-1012"
    there.members[Sid.parse(local)] = []
    line = enforce(there, missing_members=MissingMembers.ADD, **{**GROUPED, "group": local}).effective_later
    assert line is not None
    assert "klist" not in line


def test_an_account_that_cannot_log_on_is_named_and_keeps_its_permissions() -> None:
    there = server()
    there.states[Sid.parse(SENDER)] = AccountState(disabled=False, locked=True, expired=False, password_expired=False)
    outcome = enforce(there, logon=True)
    assert outcome.logon_problems == (f"{SENDER}: account locked",)
    assert written(there) == [DIRECTORY, "SMS_SITE"]
    assert (outcome.after.senders[SENDER].permitted, outcome.after.satisfied) == (True, False)
    assert enforce(there).logon_problems == ()  # nobody asked


def test_the_rights_to_log_on_are_read_if_they_are_asked_for() -> None:
    there = server()
    there.rights = NetworkLogon(there.rights.allowed, UserRight("Se", {Sid.parse(SENDER): "it"}, source="here"))
    assert enforce(there, logon=True).logon_problems == (
        f"{SENDER}: right to log on from the network: denied by it (here)",
    )
    there.log.clear()
    enforce(there)
    assert not [line for line in there.log if "rights" in line]


# -- groups that only count once something is granted

LOCAL = Sid.parse("S-1-5-21-7-7-7-1005")
NOBODY_ELSE = "D:P(A;OICI;FA;;;SY)"


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("denied", [SENDER, GROUP])
def test_a_deny_entry_of_a_group_is_found_before_anything_is_granted(denied: str, check_mode: bool) -> None:
    """No entry grants anything before, so that the membership decides nothing yet."""
    there = server(share=f"D:(D;;FA;;;{LOCAL})(A;;FA;;;SY)", folder=NOBODY_ELSE)
    there.members[LOCAL] = [Account(Sid.parse(denied), "denied")]
    request = {"missing_members": MissingMembers.ADD, **GROUPED} if denied == GROUP else {}
    with pytest.raises(Refused, match=f"deny {LOCAL}|{LOCAL}: deny"):
        enforce(there, check_mode=check_mode, **request)
    assert written(there) == []


@pytest.mark.parametrize("removed", [SENDER, GROUP])
def test_a_deny_entry_behind_one_that_is_removed_is_found_too(removed: str) -> None:
    there = server(share=f"D:(D;;FA;;;{removed})(D;;FA;;;{LOCAL})(A;;FA;;;SY)", folder=NOBODY_ELSE, members=(SENDER,))
    there.members[LOCAL] = [Account(Sid.parse(SENDER), "x", is_group=False)]
    with pytest.raises(Refused, match="blocked by the entry"):
        enforce(there, remove_blocking_denies=True, **GROUPED)
    assert written(there) == []


def test_a_group_that_is_denied_and_has_not_the_account_is_known_afterwards() -> None:
    there = server(share=f"D:(D;;FA;;;{LOCAL})(A;;FA;;;SY)", folder=NOBODY_ELSE)
    there.members[LOCAL] = []
    assert enforce(there).after.senders[SENDER].answer is AccessAnswer.GRANTED


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("denied", [True, False])
def test_a_new_membership_counts_for_the_right_to_log_on(denied: bool, check_mode: bool) -> None:
    there = server()
    holders = UserRight("right", {Sid.parse(GROUP): "senders"}, source="here")
    everyone, nobody = there.rights.allowed, there.rights.denied
    there.rights = NetworkLogon(everyone, holders) if denied else NetworkLogon(holders, nobody)
    outcome = enforce(there, logon=True, check_mode=check_mode, missing_members=MissingMembers.ADD, **GROUPED)
    line = f"{SENDER}: right to log on from the network: denied by senders (here)"
    assert outcome.logon_problems == ((line,) if denied else ())
    again = enforce(there, logon=True, check_mode=check_mode, missing_members=MissingMembers.ADD, **GROUPED)
    assert again.after.senders == outcome.after.senders


@pytest.mark.parametrize("is_own", [True, False])
def test_an_account_that_joins_administrators_must_not_be_one_of_the_servers_own(is_own: bool) -> None:
    """Microsoft KB 951016. If the outcome for an account is not known, nothing is written."""
    there = server(f"{SHARE}(A;;FA;;;BA)")
    there.members[ADMINISTRATORS] = []
    fine = AccountState(disabled=False, locked=False, expired=False, password_expired=False)
    there.states = {Sid.parse(SENDER): fine} if is_own else {}
    request: dict[str, Any] = {**GROUPED, "group": str(ADMINISTRATORS), "missing_members": MissingMembers.ADD}
    if is_own:
        with pytest.raises(Refused, match="it is not known whether"):
            enforce(there, **request)
        assert written(there) == []
    else:
        assert enforce(there, **request).changed


@pytest.mark.parametrize("check_mode", [True, False])
def test_nothing_is_written_while_the_domain_that_was_to_be_asked_is_down(check_mode: bool) -> None:
    there = server()
    there.members[ADMINISTRATORS] = [Account(Sid.parse(OTHER), "CORP\\Servers", is_group=True)]
    directories, request = Directories([SilentDirectory()]), SenderRequest(PRODUCTS["sms_1_2"], (SENDER,))
    with pytest.raises(GroupsUnread, match=r"^p01: the domain groups of .* not be read.*dc1.*no answer.*own_entry"):
        enforce_sender_access(there, request, directories, check_mode=check_mode)
    assert written(there) == []
    # Without a domain to ask, and for entries of its own, its groups do not count.
    assert enforce_sender_access(there, request, Directories(), check_mode=True).changed
    own = SenderRequest(PRODUCTS["sms_1_2"], (SENDER,), own_entry=True)
    assert enforce_sender_access(there, own, directories, check_mode=True).changed
    # What it has by its own entries is known.
    there.hold(f"{SHARE}(A;;FA;;;{SENDER})", f"{FOLDER}(A;OICI;FA;;;{SENDER})")
    assert not enforce_sender_access(there, request, directories).changed
