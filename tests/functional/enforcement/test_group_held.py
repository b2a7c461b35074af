# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Products whose local group holds rights for the Sender accounts: over WinRM on the memory lab, over SMB on Samba.

What each product asks of share, directory and group: Microsoft Learn, "Accounts used in Configuration Manager", and the
Configuration Manager 2007 documentation library, "About the Site Address Account".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
import yaml

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.modules import change_plan, sender_access
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    MissingMembers,
    Refused,
    SenderRequest,
    WriteFailed,
    assess_sender_access,
    enforce_sender_access,
    membership_task,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.arguments import sender_request
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import SiteServer
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.smb import SmbSiteServer
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wires import site_server
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.descriptors import SACL_NOT_SHOWN
from tests.connection_plugins import connection_plugin
from tests.lab.samba import missing
from tests.lab.testing import RunningHost, default_hierarchy, running_lab

GROUP = "SMS_SiteToSiteConnection_P01"
DIRECTORY = r"D:\ConfigMgr\inboxes\despoolr.box\receive"
SENDER, OTHER = r"CORP\smssend", r"CORP\smssend-p02"
FULL, MODIFY = 0x1F01FF, 0x1301BF
ADMINISTRATORS = {"principal": "S-1-5-32-544", "access": "full_control"}


def scenario(*, group: str | None = GROUP, members: tuple[str, ...] = ()) -> dict[str, Any]:
    """A site server of Configuration Manager whose DACLs name administrators alone."""
    description = default_hierarchy(2)
    host = description["hosts"][1]
    host["directories"] += [
        {"path": r"D:\ConfigMgr"},
        {"path": r"D:\ConfigMgr\inboxes"},
        {"path": r"D:\ConfigMgr\inboxes\despoolr.box"},
        {"path": DIRECTORY, "protected": True, "dacl": [{**ADMINISTRATORS, "flags": "OI CI"}]},
    ]
    host["shares"][0] = {"name": "SMS_SITE", "path": DIRECTORY, "dacl": [dict(ADMINISTRATORS)]}
    if group:
        host["local_accounts"] = [{"name": group, "type": "group"}]
        host["members"][f".\\{group}"] = list(members)
    return description


def request(product: str = "configmgr", senders: tuple[str, ...] = (SENDER,), **options: Any) -> SenderRequest:
    return SenderRequest(
        PRODUCTS[product], senders, **{"group": GROUP, "missing_members": MissingMembers.ADD, **options}
    )


@pytest.fixture
def winrm() -> Iterator[Any]:
    """Makes site servers over WinRM, each on a lab of its own."""
    with ExitStack() as stack:

        def make(**kind: Any) -> tuple[SiteServer, RunningHost]:
            host = stack.enter_context(running_lab(scenario(**kind)))["P01"]
            return stack.enter_context(site_server("p01", connection_plugin("winrm", host.winrm()))), host

        yield make


def entries(described: dict[str, Any] | None) -> list[tuple[str, str, int, int]]:
    assert described is not None
    return [(entry["type"], entry["name"], entry["mask"], entry["flags"]) for entry in described["entries"]]


def test_the_group_gets_its_entries_and_its_members_none(winrm: Any) -> None:
    server, host = winrm(members=(SENDER,))
    outcome = enforce_sender_access(server, request())
    assert outcome.changed
    assert outcome.before.senders[SENDER].satisfied is False
    assert outcome.after.senders[SENDER].satisfied is True
    assert sorted(entries(host.controls.file_descriptor(DIRECTORY))) == [
        ("allow", r"BUILTIN\Administrators", FULL, 0x3),
        ("allow", f"P01\\{GROUP}", FULL, 0x3),
    ]
    share = entries(host.controls.share_descriptor("SMS_SITE"))
    assert ("allow", f"P01\\{GROUP}", MODIFY, 0) in share
    assert len(share) == 2
    again = enforce_sender_access(server, request())
    assert not again.changed
    assert assess_sender_access(server, request()).satisfied


def test_where_the_directory_is_the_accounts_own(winrm: Any) -> None:
    server, host = winrm(members=(SENDER,))
    enforce_sender_access(server, request("configmgr_2007"))
    assert ("allow", SENDER, MODIFY, 0x3) in entries(host.controls.file_descriptor(DIRECTORY))
    assert all(name != SENDER for _type, name, _mask, _flags in entries(host.controls.share_descriptor("SMS_SITE")))
    assert not enforce_sender_access(server, request("configmgr_2007")).changed


def test_rights_of_its_own_do_not_make_up_for_the_groups(winrm: Any) -> None:
    server, host = winrm(members=(SENDER,))
    own = [dict(ADMINISTRATORS), {"principal": SENDER, "access": "full_control"}]
    host.controls.set_share_descriptor("SMS_SITE", {"entries": own})
    host.controls.set_file_descriptor(
        DIRECTORY, {"entries": [{**entry, "flags": "OI CI"} for entry in own], "protected": True}
    )
    found = assess_sender_access(server, request())
    assert found.senders[SENDER].satisfied
    assert found.group_satisfied is False
    assert not found.satisfied
    assert enforce_sender_access(server, request(), check_mode=True).changed


def test_a_missing_member_cannot_be_added_over_winrm_and_nothing_is_written(winrm: Any) -> None:
    server, host = winrm(members=(OTHER,))
    before = host.controls.file_descriptor(DIRECTORY), host.controls.share_descriptor("SMS_SITE")
    says = rf"win_group_membership: {{name: '{GROUP}', members: \['CORP\\smssend'\].*Nothing was done"
    for check_mode in (True, False):
        with pytest.raises(Refused, match=says):
            enforce_sender_access(server, request(), check_mode=check_mode)
    assert (host.controls.file_descriptor(DIRECTORY), host.controls.share_descriptor("SMS_SITE")) == before


def test_a_missing_member_is_reported_if_that_is_asked_for(winrm: Any) -> None:
    server, _host = winrm(members=(OTHER,))
    outcome = enforce_sender_access(server, request(senders=(SENDER, OTHER), missing_members=MissingMembers.REPORT))
    state = {given: (access.member, access.satisfied) for given, access in outcome.after.senders.items()}
    assert state == {SENDER: (False, False), OTHER: (True, True)}
    assert [account.name for account in outcome.missing] == [SENDER]
    assert outcome.after.group_satisfied
    (warning,) = (warning for warning in outcome.warnings if warning != SACL_NOT_SHOWN)
    assert warning.startswith(f"p01: group P01\\{GROUP}, which holds rights for the senders, lacks {SENDER}. Add: ")
    assert [account.name for account in server.group_members(outcome.after.group.account.sid)] == [OTHER]


def test_a_missing_member_is_reported_where_it_cannot_be_added(winrm: Any) -> None:
    server, _host = winrm(members=(OTHER,))
    wanted = request(senders=(SENDER, OTHER), missing_members=MissingMembers.ADD_WHERE_POSSIBLE)
    outcome = enforce_sender_access(server, wanted)
    assert (outcome.added, [account.name for account in outcome.missing]) == ((), [SENDER])
    assert outcome.after.group_satisfied


def test_no_such_group(winrm: Any) -> None:
    server, _host = winrm(group=None)
    with pytest.raises(Refused, match=rf"look up account \.\\{GROUP}.*check the site code"):
        enforce_sender_access(server, request())


def test_a_deny_of_a_member_is_in_the_groups_way(winrm: Any) -> None:
    server, host = winrm(members=(SENDER,))
    deny = {"principal": SENDER, "access": "full_control", "type": "deny"}
    host.controls.set_share_descriptor("SMS_SITE", {"entries": [deny, dict(ADMINISTRATORS)]})
    before = host.controls.file_descriptor(DIRECTORY)
    with pytest.raises(Refused, match=r"CORP\\smssend is blocked by the entry \"deny"):
        enforce_sender_access(server, request())
    assert host.controls.file_descriptor(DIRECTORY) == before
    outcome = enforce_sender_access(server, request(remove_blocking_denies=True))
    assert outcome.after.senders[SENDER].satisfied
    share = entries(host.controls.share_descriptor("SMS_SITE"))
    assert {kind for kind, _name, _mask, _flags in share} == {"allow"}
    assert all(name != SENDER for _kind, name, _mask, _flags in share)


def test_the_groups_name_comes_from_the_site_code() -> None:
    arguments = {"senders": [SENDER], "product": "configmgr", "allow_unexpected_path": False}
    assert sender_request("p01", {**arguments, "site_code": "p01"}).group == GROUP
    assert sender_request("p01", {**arguments, "group": "Senders"}).group == "Senders"
    assert sender_request("p01", {**arguments, "product": "sms_1_2", "site_code": "p01"}).group is None
    with pytest.raises(Refused, match="Give the site's site_code"):
        sender_request("p01", arguments)


@pytest.mark.parametrize("module", [sender_access, change_plan])
def test_each_choice_about_missing_members_has_a_meaning(module: Any) -> None:
    choices = yaml.safe_load(module.DOCUMENTATION)["options"]["group_members"]["choices"]
    arguments = {"senders": [SENDER], "product": "configmgr", "group": "Senders", "allow_unexpected_path": False}
    meant = {
        choice: sender_request("p01", {**arguments, "group_members": choice}).missing_members for choice in choices
    }
    assert meant == {
        choice: MissingMembers.ADD_WHERE_POSSIBLE
        if choice.startswith("add_or_")
        else MissingMembers.ADD
        if choice == "add"
        else MissingMembers.REPORT
        for choice in choices
    }


def test_names_with_quotes_are_quoted_in_the_task() -> None:
    task = membership_task("P01\\Sarah's group", ["CORP\\o'neil"], "present")
    assert yaml.safe_load(task) == {
        "ansible.windows.win_group_membership": {
            "name": "Sarah's group",
            "members": ["CORP\\o'neil"],
            "state": "present",
        }
    }


# -- SMB, where a member can be added: on a built-in group, since the hosts of the Samba lab have no others

on_samba = pytest.mark.skipif(
    bool(missing()), reason=f"{missing()}; as root on Debian, `make test` installs what it needs"
)
USERS = r"BUILTIN\Users"


@pytest.fixture(scope="module")
def samba() -> Iterator[RunningHost]:
    with running_lab(scenario(group=None), backend="samba") as lab:
        yield lab["P01"]


@pytest.fixture
def smb(samba: RunningHost) -> Iterator[SmbSiteServer]:
    settings = SmbSettings("p01", samba.address, domain="CORP", user="ansible", password=samba.password)
    with closing(SmbSiteServer(settings)) as server:
        yield server


@on_samba
def test_members_are_added_over_smb(smb: SmbSiteServer, samba: RunningHost) -> None:
    wanted = request(senders=(SENDER, OTHER), group=USERS, missing_members=MissingMembers.ADD_WHERE_POSSIBLE)
    predicted = enforce_sender_access(smb, wanted, check_mode=True)
    assert [account.name for account in predicted.added] == [SENDER, OTHER]
    assert smb.group_members(predicted.after.group.account.sid) == ()
    outcome = enforce_sender_access(smb, wanted)
    assert outcome.added == predicted.added
    assert [access.satisfied for access in outcome.after.senders.values()] == [True, True]
    assert {account.name for account in outcome.after.group.members} == {SENDER, OTHER}
    again = enforce_sender_access(smb, wanted)
    assert not again.changed
    assert again.added == ()


@on_samba
def test_what_happened_before_the_directory_failed_is_said(smb: SmbSiteServer, samba: RunningHost) -> None:
    # The operator may add members and read the directory, but not write its permissions, not even as its owner.
    assert samba.smb is not None
    held = samba.controls.file_descriptor(DIRECTORY)["base64"]
    readers = [
        {"principal": "S-1-5-18", "access": "full_control", "flags": "OI CI"},
        {"principal": samba.user, "access": "read_execute", "flags": "OI CI"},
        {"principal": "S-1-3-4", "access": "read_execute", "flags": "OI CI"},
    ]
    samba.controls.set_file_descriptor(DIRECTORY, {"entries": readers, "protected": True})
    samba.smb.set_parameters({"admin users": "nobody"}, share="C$", restart=True)
    try:
        with pytest.raises(
            WriteFailed,
            match=r"(?s)could not set the permissions of .*STATUS_ACCESS_DENIED.*"
            r"State now: CORP\\smssvc is a member of group BUILTIN\\Users; folder .* was not written",
        ):
            enforce_sender_access(smb, request(senders=(r"CORP\smssvc",), group=USERS))
    finally:
        samba.smb.set_parameters({"admin users": None}, share="C$", restart=True)
        samba.controls.set_file_descriptor(DIRECTORY, {"base64": held})
