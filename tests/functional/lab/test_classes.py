# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WMI classes, asked by pypsrp: reading, querying, and writing security descriptors."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pypsrp.exceptions import WSManFaultError
from pypsrp.wsman import WSMan

from tests.functional.lab.support import (
    WMI,
    XSI,
    call,
    connect,
    context_of,
    descriptor_parameter,
    enumerate_once,
    get,
    local,
    properties,
    pull,
    query,
    return_value,
    shown_entries,
)
from tests.lab.model import Settings
from tests.lab.testing import RunningLab, default_hierarchy, running_lab

SHARE_SETTING, FILE_SETTING = "Win32_LogicalShareSecuritySetting", "Win32_LogicalFileSecuritySetting"
SHARE = {"Name": "SMS_SITE"}
RECEIVE = "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
DIRECTORY = {"Path": RECEIVE}
SMB_SHARE = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/microsoft/windows/smb/MSFT_SmbShare"
ADMINISTRATORS, SYSTEM, EVERYONE = "S-1-5-32-544", "S-1-5-18", "S-1-1-0"
FULL, CHANGE, READ, READ_WRITE = 0x1F01FF, 0x1301BF, 0x1200A9, 0x12019F


@pytest.fixture
def p01(hierarchy: RunningLab) -> Iterator[WSMan]:
    """P01 of the hierarchy that is only read."""
    with connect(hierarchy["P01"]) as wsman:
        yield wsman


@pytest.fixture
def c01(lab: RunningLab) -> Iterator[WSMan]:
    """C01 of a lab of its own."""
    with connect(lab["C01"]) as wsman:
        yield wsman


def sid_of(wsman: WSMan, name: str) -> str:
    return str(get(wsman, "Win32_UserAccount", Domain="CORP", Name=name)["SID"])


# -- reading


def test_a_share(p01: WSMan) -> None:
    share = get(p01, "Win32_Share", Name="sms_site")
    assert (share["Name"], share["Path"], share["Type"]) == ("SMS_SITE", RECEIVE, "0")
    assert (share["AllowMaximum"], share["MaximumAllowed"]) == ("true", None)


def test_an_instance_is_typed_after_its_class(p01: WSMan) -> None:
    query_items = query(p01, "SELECT * FROM Win32_Service WHERE Name='SMS_EXECUTIVE'")
    assert [item.tag for item in query_items] == [f"{{{WMI}Win32_Service}}Win32_Service"]
    assert query_items[0].get(f"{{{XSI}}}type") == "p:Win32_Service_Type"
    found = properties(query_items[0])
    assert (found["StartName"], found["State"]) == ("CORP\\smssvc", "Running")


def test_a_directory_and_a_file_are_different_classes(p01: WSMan) -> None:
    directory = get(p01, "Win32_Directory", Name=RECEIVE.upper())
    assert (directory["Name"], directory["FileName"]) == (RECEIVE.lower(), "receive")
    assert (directory["Drive"], directory["Path"]) == ("d:", "\\sms\\site.srv\\despoolr.box\\")
    file = get(p01, "CIM_DataFile", Name=f"{RECEIVE}\\W_M02000.1S1")
    assert (file["FileName"], file["Extension"]) == ("w_m02000", "1s1")
    for class_name, name in (("CIM_DataFile", RECEIVE), ("Win32_Directory", f"{RECEIVE}\\W_M02000.1S1")):
        with pytest.raises(WSManFaultError, match="cannot find the resource"):
            get(p01, class_name, Name=name)


def test_a_query_of_a_path_doubles_its_backslashes(p01: WSMan) -> None:
    doubled = RECEIVE.replace("\\", "\\\\")
    assert len(query(p01, f"SELECT * FROM Win32_Directory WHERE Name='{doubled}'")) == 1
    assert query(p01, f"SELECT * FROM Win32_Directory WHERE Name='{RECEIVE}'") == []
    below = query(p01, "SELECT Name FROM CIM_DataFile WHERE Extension='1s1'")
    assert len(below) == 2


def test_the_system(p01: WSMan) -> None:
    computer = get(p01, "Win32_ComputerSystem", Name="P01")
    assert (computer["Domain"], computer["DNSHostName"], computer["PartOfDomain"]) == (
        "corp.example",
        "p01",
        "true",
    )
    assert computer["Roles"] == ["LM_Workstation", "LM_Server", "NT", "Server_NT"]
    system = get(p01, "Win32_OperatingSystem")
    assert system["Version"].startswith("10.0.")
    assert [local(child) for child in system["InstallDate"]] == ["Datetime"]
    domains = [properties(item)["DomainName"] for item in query(p01, "SELECT * FROM Win32_NTDomain")]
    assert domains == [None, "CORP"]


def test_a_projection_is_answered_with_fragments(p01: WSMan) -> None:
    items = query(p01, "SELECT Path, MaximumAllowed FROM Win32_Share WHERE Name='SMS_SITE'")
    assert [local(item) for item in items] == ["XmlFragment"]
    assert [child.tag for child in items[0]] == ["Path", "MaximumAllowed"]
    assert properties(items[0]) == {"Path": RECEIVE, "MaximumAllowed": None}


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("size", [1, 2, 100])
def test_paging(p01: WSMan, size: int, optimize: bool) -> None:
    everything = [properties(item)["Name"] for item in query(p01, "SELECT * FROM Win32_Service", size, optimize)]
    assert everything == ["SMS_EXECUTIVE", "SMS_SITE_CONFIG_MANAGER", "LanmanServer"]
    first = enumerate_once(p01, "SELECT * FROM Win32_Service", size, optimize)
    items = [item for container in first.iter() if local(container) == "Items" for item in container]
    assert len(items) == (min(size, 3) if optimize else 0)
    assert bool(context_of(first)) is (len(items) < 3)


def test_a_context_is_good_for_one_pull(p01: WSMan) -> None:
    context = context_of(enumerate_once(p01, "SELECT * FROM Win32_Service", optimize=False))
    pull(p01, context, 1)
    with pytest.raises(WSManFaultError) as error:
        pull(p01, context, 1)
    assert error.value.code == 2150858759


def test_a_pull_fits_the_client_s_envelope(lab: RunningLab) -> None:
    host = lab["C01"]
    for number in range(100):
        host.controls.add_account(f".\\user{number:03}")
    with connect(host, max_envelope_size=8192) as wsman:
        first = enumerate_once(wsman, "SELECT * FROM Win32_UserAccount WHERE LocalAccount=TRUE", 1000)
        size = len(ET.tostring(first))
        items = query(wsman, "SELECT * FROM Win32_UserAccount WHERE LocalAccount=TRUE", 1000)
    assert 4000 < size < 8192
    assert len({properties(item)["Name"] for item in items}) == 100


@pytest.mark.parametrize(
    ("wql", "code"),
    [
        ("SELECT * FROM Win32_Share WHERE Name LIKE 'S%'", 0x80041017),
        ("SELECT Nothing FROM Win32_Share", 0x80041017),
        ("SELECT * FROM Win32_Share WHERE Nothing='x'", 0x80041017),
        ("SELECT * FROM Win32_Nothing", 2150858778),
    ],
)
def test_bad_queries(p01: WSMan, wql: str, code: int) -> None:
    with pytest.raises(WSManFaultError) as error:
        query(p01, wql)
    assert error.value.code == code


# -- accounts


def test_a_domain_account_has_one_sid_everywhere(hierarchy: RunningLab) -> None:
    found = set()
    for host in hierarchy.values():
        with connect(host) as wsman:
            item = query(wsman, "SELECT * FROM Win32_Account WHERE Domain='corp' AND Name='SMSSEND'")[0]
            assert local(item) == "Win32_UserAccount"
            account = properties(item)
            assert (account["Domain"], account["Name"], account["LocalAccount"]) == (
                "CORP",
                "smssend",
                "false",
            )
            found.add(account["SID"])
    assert len(found) == 1


def test_a_computer_account(p01: WSMan) -> None:
    account = properties(query(p01, "SELECT * FROM Win32_Account WHERE Domain='CORP' AND Name='S03$'")[0])
    assert (account["Name"], account["AccountType"]) == ("S03$", "4096")


def test_a_local_account_has_a_sid_of_its_host(lab: RunningLab) -> None:
    sids = [lab[name].controls.add_account(".\\sender")["sid"] for name in ("C01", "P01")]
    assert sids[0] != sids[1]
    with connect(lab["C01"]) as wsman:
        by_domain = query(wsman, "SELECT * FROM Win32_Account WHERE Domain='C01' AND Name='sender'")
        by_local = query(wsman, "SELECT * FROM Win32_Account WHERE LocalAccount=TRUE AND Name='sender'")
        by_sid = query(wsman, f"SELECT * FROM Win32_Account WHERE SID='{sids[0]}'")
        assert [properties(items[0])["SID"] for items in (by_domain, by_local, by_sid)] == [sids[0]] * 3
        assert query(wsman, "SELECT * FROM Win32_Account WHERE Domain='P01' AND Name='sender'") == []


def test_built_in_accounts_carry_the_computer_s_name_in_wmi(p01: WSMan) -> None:
    group = get(p01, "Win32_Group", Domain="P01", Name="Administrators")
    assert (group["SID"], group["SIDType"], group["LocalAccount"]) == (ADMINISTRATORS, "4", "true")
    assert get(p01, "Win32_SystemAccount", Domain="P01", Name="Everyone")["SID"] == EVERYONE
    assert query(p01, "SELECT * FROM Win32_Account WHERE Domain='BUILTIN' AND Name='Administrators'") == []
    sid = get(p01, "Win32_SID", SID=ADMINISTRATORS)
    assert (sid["ReferencedDomainName"], sid["AccountName"]) == ("BUILTIN", "Administrators")


def test_a_sid_without_a_name_is_an_instance_with_empty_names(p01: WSMan) -> None:
    sid = get(p01, "Win32_SID", SID="S-1-5-21-1-2-3-4")
    assert (sid["AccountName"], sid["ReferencedDomainName"], sid["SidLength"]) == ("", "", "28")
    with pytest.raises(WSManFaultError):
        get(p01, "Win32_SID", SID="Administrators")


def test_group_members_are_references(p01: WSMan) -> None:
    items = query(p01, "SELECT * FROM Win32_GroupUser")
    names = []
    for item in items:
        for part in properties(item).values():
            keys = {e.get("Name"): e.text for e in part.iter() if local(e) == "Selector"}
            names.append((next(e.text for e in part.iter() if local(e) == "ResourceURI"), keys["Domain"], keys["Name"]))
    assert names == [
        (WMI + "Win32_Group", "P01", "Administrators"),
        (WMI + "Win32_Group", "CORP", "Domain Admins"),
        (WMI + "Win32_Group", "P01", "Administrators"),
        (WMI + "Win32_UserAccount", "CORP", "ansible"),
    ]


@pytest.mark.parametrize(
    "path",
    [
        r"Win32_Group.Domain=\"P01\",Name=\"Administrators\"",
        r"win32_group.name=\"ADMINISTRATORS\",domain=\"p01\"",
        "Win32_Group.Domain='P01',Name='Administrators'",
        r"\\\\P01\\root\\cimv2:Win32_Group.Domain='P01',Name='Administrators'",
    ],
    ids=["double quotes", "another case", "single quotes", "with the namespace"],
)
def test_the_members_of_one_group(p01: WSMan, path: str) -> None:
    assert len(query(p01, f'SELECT * FROM Win32_GroupUser WHERE GroupComponent="{path}"')) == 2


@pytest.mark.parametrize(
    "path",
    [
        "Win32_Group.Domain='P01',Name='Users'",
        "Win32_Group.Name='Administrators'",
        "Win32_UserAccount.Domain='P01',Name='Administrators'",
        "Administrators",
        "Win32_Group.Domain='P01',Name='Administrators',",
    ],
)
def test_a_path_that_leads_to_no_group_with_members(p01: WSMan, path: str) -> None:
    assert query(p01, f'SELECT * FROM Win32_GroupUser WHERE GroupComponent="{path}"') == []


GROUP = "Win32_Group.Domain='P01',Name='Administrators'"


def names_of(items: list[ET.Element]) -> list[tuple[str, str]]:
    return [(local(item), str(properties(item)["Name"])) for item in items]


@pytest.mark.parametrize(
    "keywords",
    [
        "AssocClass=Win32_GroupUser",
        "AssocClass=Win32_GroupUser Role=GroupComponent",
        "AssocClass=win32_groupuser ResultRole=partcomponent ResultClass=Win32_Account",
    ],
)
def test_associators_of_a_group_are_whole_accounts(p01: WSMan, keywords: str) -> None:
    items = query(p01, f"ASSOCIATORS OF {{{GROUP}}} WHERE {keywords}")
    assert names_of(items) == [("Win32_Group", "Domain Admins"), ("Win32_UserAccount", "ansible")]
    assert properties(items[1])["SID"] == sid_of(p01, "ansible")


def test_associators_of_a_user_are_its_groups(p01: WSMan) -> None:
    user = "Win32_UserAccount.Domain='CORP',Name='ansible'"
    items = query(p01, f"ASSOCIATORS OF {{{user}}} WHERE AssocClass=Win32_GroupUser")
    assert names_of(items) == [("Win32_Group", "Administrators")]
    assert query(p01, f"ASSOCIATORS OF {{{user}}} WHERE AssocClass=Win32_GroupUser Role=GroupComponent") == []


def test_associators_by_the_class_of_the_result(p01: WSMan) -> None:
    text = f"ASSOCIATORS OF {{{GROUP}}} WHERE AssocClass=Win32_GroupUser ResultClass=Win32_Group"
    assert names_of(query(p01, text)) == [("Win32_Group", "Domain Admins")]


@pytest.mark.parametrize(
    ("source", "keywords", "code"),
    [
        ("Win32_Group.Domain='P01',Name='Nobody'", "AssocClass=Win32_GroupUser", 2150858752),
        ("Win32_Group.Domain='CORP',Name='Administrators'", "AssocClass=Win32_GroupUser", 2150858752),
        ("Win32_Group.Domain='P01'", "AssocClass=Win32_GroupUser", 2150858842),
        ("Administrators", "AssocClass=Win32_GroupUser", 0x80041017),
        (GROUP, "AssocClass=Win32_Nothing", 2150858778),
        ("Win32_Nothing.Name='x'", "AssocClass=Win32_GroupUser", 2150858778),
        (GROUP, "AssocClass=Win32_GroupUser Role=Nothing", 0x80041017),
        (GROUP, "AssocClass=Win32_GroupUser ResultClass=Win32_Nothing", 2150858778),
        (GROUP, "Role=GroupComponent", 0x80041017),
    ],
)
def test_bad_associators(p01: WSMan, source: str, keywords: str, code: int) -> None:
    with pytest.raises(WSManFaultError) as error:
        query(p01, f"ASSOCIATORS OF {{{source}}} WHERE {keywords}")
    assert error.value.code == code


def test_endpoints_that_cannot_be_read_are_left_out(lab: RunningLab, c01: WSMan) -> None:
    controls = lab["C01"].controls
    controls.add_account("CORP\\leaver")
    controls.set_members("S-1-5-32-544", ["CORP\\leaver", "CORP\\ansible"])
    controls.remove_account("CORP\\leaver")
    associators = "ASSOCIATORS OF {Win32_Group.Domain='C01',Name='Administrators'} WHERE AssocClass=Win32_GroupUser"
    references = "SELECT * FROM Win32_GroupUser WHERE GroupComponent=\"Win32_Group.Domain='C01',Name='Administrators'\""
    for shown, count in (("never", 1), ("by_name", 2), ("by_sid", 2)):
        controls.host.settings = replace(controls.host.settings, shows_lost_members=shown)
        assert len(query(c01, references)) == count
        assert names_of(query(c01, associators)) == [("Win32_UserAccount", "ansible")]
    controls.host.settings = replace(controls.host.settings, unreadable_endpoints=(sid_of(c01, "ansible"),))
    assert query(c01, associators) == []
    assert len(query(c01, references)) == 2


def test_a_user_has_the_properties_of_microsofts_page(lab: RunningLab, c01: WSMan) -> None:
    controls = lab["C01"].controls
    controls.add_account(".\\courier")
    as_new = get(c01, "Win32_UserAccount", Domain="C01", Name="courier")
    # learn.microsoft.com, "Win32_UserAccount class", in its order.
    assert sorted(as_new) == [
        *("AccountType", "Caption", "Description", "Disabled", "Domain", "FullName", "InstallDate", "LocalAccount"),
        *("Lockout", "Name", "PasswordChangeable", "PasswordExpires", "PasswordRequired", "SID", "SIDType", "Status"),
    ]
    assert [as_new[name] for name in ("Disabled", "Lockout", "PasswordExpires", "Status")] == [
        *("false", "false", "true", "OK")
    ]
    controls.set_user(".\\courier", disabled=True, password_expires=False)
    found = get(c01, "Win32_UserAccount", Domain="C01", Name="courier")
    assert [found[name] for name in ("Disabled", "Lockout", "PasswordExpires", "Status")] == [
        *("true", "false", "false", "Degraded")
    ]


def test_a_domain_controllers_accounts_are_those_of_its_domain() -> None:
    description = default_hierarchy(2)
    description["hosts"][0] |= {
        "settings": {"domain_controller": True},
        "local_accounts": [{"name": "Connection", "type": "group"}],
    }
    with running_lab(description) as lab, connect(lab["C01"]) as wsman, connect(lab["P01"]) as member:
        group = get(wsman, "Win32_Group", Domain="CORP", Name="Connection")
        assert (group["LocalAccount"], group["SIDType"]) == ("true", "4")
        assert str(group["SID"]).rpartition("-")[0] == sid_of(wsman, "smssend").rpartition("-")[0]
        assert get(wsman, "Win32_Group", Domain="CORP", Name="Administrators")["SID"] == ADMINISTRATORS
        for name in ("Connection", "Administrators"):
            with pytest.raises(WSManFaultError):
                get(wsman, "Win32_Group", Domain="C01", Name=name)
        assert get(wsman, "Win32_UserAccount", Domain="CORP", Name="smssend")["LocalAccount"] == "true"
        assert get(member, "Win32_UserAccount", Domain="CORP", Name="smssend")["LocalAccount"] == "false"
        assert get(wsman, "Win32_ComputerSystem", Name="C01")["DomainRole"] == "5"
        assert get(member, "Win32_ComputerSystem", Name="P01")["DomainRole"] == "3"
        sid = get(wsman, "Win32_SID", SID=ADMINISTRATORS)
        assert sid["ReferencedDomainName"] == "BUILTIN"


def test_a_computer_in_a_workgroup(lab: RunningLab, c01: WSMan) -> None:
    host = lab["C01"].controls.host
    host.settings = replace(host.settings, part_of_domain=False)
    found = get(c01, "Win32_ComputerSystem", Name="C01")
    assert [found[name] for name in ("Domain", "DomainRole", "PartOfDomain", "Workgroup")] == [
        *("WORKGROUP", "2", "false", "WORKGROUP")
    ]


# -- the Resultant Set of Policy


def test_user_rights_that_group_policy_sets(lab: RunningLab, c01: WSMan) -> None:
    rights = [
        {"right": "SeNetworkLogonRight", "accounts": ["Administrators", "*S-1-5-11"]},
        {"right": "SeNetworkLogonRight", "accounts": ["Everyone"], "precedence": 2, "gpo": "Older", "status": 3},
        {"right": "SeDenyNetworkLogonRight", "error": 5},
    ]
    lab["C01"].controls.set_group_policy(rights)
    items = query(c01, "SELECT * FROM RSOP_UserPrivilegeRight WHERE precedence=1", namespace="rsop/computer")
    first, second = map(properties, items)
    # "RSOP_UserPrivilegeRight class", "RSOP_SecuritySettings class" and "RSOP_PolicySetting class".
    names = ("AccountList", "creationTime", "ErrorCode", "GPOID", "id", "name", "precedence", "SOMID", "Status")
    assert sorted(first) == sorted([*names, "UserRight"])
    assert first["AccountList"] == ["Administrators", "*S-1-5-11"]
    assert ("AccountList" in second, second["ErrorCode"]) == (False, "5")
    either = (
        "SELECT UserRight, Status FROM RSOP_UserPrivilegeRight "
        "WHERE UserRight='SeDenyNetworkLogonRight' OR precedence=2"
    )
    assert [list(properties(item).values()) for item in query(c01, either, namespace="rsop/computer")] == [
        ["SeNetworkLogonRight", "3"],
        ["SeDenyNetworkLogonRight", "1"],
    ]


def test_without_a_policy_there_is_no_namespace(lab: RunningLab, c01: WSMan) -> None:
    wql = "SELECT * FROM RSOP_UserPrivilegeRight"
    assert query(c01, wql, namespace="rsop/computer") == []
    lab["C01"].controls.set_group_policy(None)
    with pytest.raises(WSManFaultError) as error:
        query(c01, wql, namespace="rsop/computer")
    assert error.value.code == 0x8004100E


def test_a_german_host_knows_its_built_in_accounts_by_german_names() -> None:
    description = default_hierarchy(1)
    description["hosts"][0]["settings"] = {"language": "de"}
    with running_lab(description) as lab, connect(lab["C01"]) as wsman:
        names = {}
        for dacl in call(wsman, FILE_SETTING, "GetSecurityDescriptor", {"Path": "D:\\"}).iter():
            if local(dacl) == "Trustee":
                trustee = properties(dacl)
                names[trustee["SIDString"]] = (trustee["Domain"], trustee["Name"])
        assert names[ADMINISTRATORS] == ("VORDEFINIERT", "Administratoren")
        assert names[SYSTEM] == ("NT-AUTORITÄT", "SYSTEM")
        assert get(wsman, "Win32_Group", Domain="C01", Name="Administratoren")["SID"] == ADMINISTRATORS
        assert query(wsman, "SELECT * FROM Win32_Account WHERE Domain='C01' AND Name='Administrators'") == []
        assert get(wsman, "Win32_SystemAccount", Domain="C01", Name="Jeder")["SID"] == EVERYONE
        assert get(wsman, "Win32_OperatingSystem")["OSLanguage"] == "1031"


# -- security descriptors


def test_a_share_s_descriptor(p01: WSMan) -> None:
    output = call(p01, SHARE_SETTING, "GetSecurityDescriptor", SHARE)
    assert return_value(output) == 0
    senders = [sid_of(p01, "smssend"), sid_of(p01, "smssvc")]
    assert shown_entries(output) == [(0, 0, FULL, ADMINISTRATORS), *((0, 0, FULL, sid) for sid in senders)]
    descriptor = properties(output)["Descriptor"]
    assert descriptor.get(f"{{{XSI}}}type").endswith(":Win32_SecurityDescriptor_Type")
    assert int(properties(descriptor)["ControlFlags"]) == 0x8004


def test_a_share_without_a_descriptor_has_no_setting(lab: RunningLab, c01: WSMan) -> None:
    lab["C01"].controls.set_share_descriptor("SMS_SITE", {})
    assert lab["C01"].controls.share_descriptor("SMS_SITE") is None
    with pytest.raises(WSManFaultError) as error:
        call(c01, SHARE_SETTING, "GetSecurityDescriptor", SHARE)
    assert error.value.code == 2150858752
    parameter = descriptor_parameter("Win32_Share", [(0, 0, FULL, ADMINISTRATORS)], name="Access")
    assert return_value(call(c01, "Win32_Share", "SetShareInfo", SHARE, parameter)) == 0
    assert shown_entries(call(c01, SHARE_SETTING, "GetSecurityDescriptor", SHARE)) == [(0, 0, FULL, ADMINISTRATORS)]


def test_the_smb_namespace_tells_a_share_and_its_descriptor(lab: RunningLab) -> None:
    """learn.microsoft.com, "MSFT_SmbShare class": two keys, SDDL, since Windows Server 2012."""
    with connect(lab["P01"]) as wsman:
        senders = [sid_of(wsman, "smssend"), sid_of(wsman, "smssvc")]
        share = get(wsman, SMB_SHARE, Name="sms_site", ScopeName="*")
        assert (share["Name"], share["Path"], share["ShareType"]) == ("SMS_SITE", RECEIVE, "0")
        assert share["SecurityDescriptor"] == f"D:(A;;FA;;;BA)(A;;FA;;;{senders[0]})(A;;FA;;;{senders[1]})"
        for keys, code in (({"Name": "SMS_SITE"}, 2150858842), ({"Name": "NO", "ScopeName": "*"}, 2150858752)):
            with pytest.raises(WSManFaultError) as error:
                get(wsman, SMB_SHARE, **keys)
            assert error.value.code == code
        lab["P01"].controls.host.settings = Settings(os_version="6.1.7601")
        with pytest.raises(WSManFaultError, match="Invalid namespace"):
            get(wsman, SMB_SHARE, Name="SMS_SITE", ScopeName="*")


def test_set_share_info_changes_what_is_given(c01: WSMan) -> None:
    inputs = [ET.Element(f"{{{WMI}Win32_Share}}{name}") for name in ("MaximumAllowed", "Description")]
    inputs[0].text, inputs[1].text = "7", "<&> ü"
    assert return_value(call(c01, "Win32_Share", "SetShareInfo", SHARE, *inputs)) == 0
    share = get(c01, "Win32_Share", **SHARE)
    assert (share["MaximumAllowed"], share["AllowMaximum"], share["Description"]) == ("7", "false", "<&> ü")


def test_a_share_s_dacl_is_stored_as_given(lab: RunningLab, c01: WSMan) -> None:
    entries = [(1, 0, 0x2, EVERYONE), (0, 0, CHANGE, "S-1-5-21-1-2-3-4"), (0, 0, FULL, ADMINISTRATORS)]
    given = [*entries[:1], (0, 0, CHANGE, "S-1-5-21-1-2-3-4"), (0, 0, 0x10000000, ADMINISTRATORS)]
    parameter = descriptor_parameter(SHARE_SETTING, given)
    assert return_value(call(c01, SHARE_SETTING, "SetSecurityDescriptor", SHARE, parameter)) == 0
    assert shown_entries(call(c01, SHARE_SETTING, "GetSecurityDescriptor", SHARE)) == entries
    stored = lab["C01"].controls.share_descriptor("SMS_SITE")
    assert stored is not None
    assert [e["name"] for e in stored["entries"]] == ["Everyone", None, "BUILTIN\\Administrators"]
    assert base64.b64decode(stored["base64"])[:4] == bytes.fromhex("01000480")
    assert lab["C01"].controls.counters()["writes"] == 1


def test_a_directory_s_dacl_gets_its_inherited_entries_again(lab: RunningLab, c01: WSMan) -> None:
    sender = sid_of(c01, "smssend")
    before = shown_entries(call(c01, FILE_SETTING, "GetSecurityDescriptor", DIRECTORY))
    explicit = [entry for entry in before if not entry[1] & 0x10]
    given = [(0, 3, READ_WRITE, sender), *explicit]
    parameter = descriptor_parameter(FILE_SETTING, given, control=0x8404)
    assert return_value(call(c01, FILE_SETTING, "SetSecurityDescriptor", DIRECTORY, parameter)) == 0
    inherited = [(0, 0x13, FULL, SYSTEM), (0, 0x13, FULL, ADMINISTRATORS)]
    assert shown_entries(call(c01, FILE_SETTING, "GetSecurityDescriptor", DIRECTORY)) == given + inherited
    file = lab["C01"].controls.file_descriptor(f"{RECEIVE}\\Incoming\\W_M02001.1S1")
    assert (sender, READ_WRITE, 0x10) in [(e["sid"], e["mask"], e["flags"]) for e in file["entries"]]


def test_null_empty_and_untouched_dacl(c01: WSMan) -> None:
    def descriptor() -> ET.Element:
        found = properties(call(c01, SHARE_SETTING, "GetSecurityDescriptor", SHARE))["Descriptor"]
        assert isinstance(found, ET.Element)
        return found

    before = shown_entries(descriptor())
    nothing = descriptor_parameter(SHARE_SETTING, [(0, 0, FULL, EVERYONE)], control=0x8000)
    assert return_value(call(c01, SHARE_SETTING, "SetSecurityDescriptor", SHARE, nothing)) == 0
    assert shown_entries(descriptor()) == before
    null = descriptor_parameter(SHARE_SETTING, None)
    assert return_value(call(c01, SHARE_SETTING, "SetSecurityDescriptor", SHARE, null)) == 0
    assert properties(descriptor())["DACL"] is None
    empty = descriptor_parameter(SHARE_SETTING, [])
    assert return_value(call(c01, SHARE_SETTING, "SetSecurityDescriptor", SHARE, empty)) == 0
    assert "DACL" not in properties(descriptor())
    assert int(properties(descriptor())["ControlFlags"]) & 0x4


def test_owner_and_group_left_out_are_kept(lab: RunningLab, c01: WSMan) -> None:
    parameter = descriptor_parameter(FILE_SETTING, [], control=0x9004, owner=SYSTEM)
    call(c01, FILE_SETTING, "SetSecurityDescriptor", DIRECTORY, parameter)
    call(c01, FILE_SETTING, "SetSecurityDescriptor", DIRECTORY, descriptor_parameter(FILE_SETTING, []))
    found = lab["C01"].controls.file_descriptor(RECEIVE)
    assert (found["owner"], found["group"]) == (SYSTEM, "S-1-5-18")


def test_a_trustee_may_be_named(c01: WSMan) -> None:
    parameter = descriptor_parameter(SHARE_SETTING, [(0, 0, FULL, ADMINISTRATORS)])
    trustee = next(element for element in parameter.iter() if local(element) == "Trustee")
    for child in list(trustee):
        trustee.remove(child)
    namespace = f"{{{WMI}Win32_Trustee}}"
    ET.SubElement(trustee, f"{namespace}Domain").text = "CORP"
    name = ET.SubElement(trustee, f"{namespace}Name")
    name.text = "smssend"
    assert return_value(call(c01, SHARE_SETTING, "SetSecurityDescriptor", SHARE, parameter)) == 0
    assert shown_entries(call(c01, SHARE_SETTING, "GetSecurityDescriptor", SHARE)) == [
        (0, 0, FULL, sid_of(c01, "smssend"))
    ]
    name.text = "nobody"
    assert return_value(call(c01, SHARE_SETTING, "SetSecurityDescriptor", SHARE, parameter)) == 21


def changed(parameter: ET.Element, name: str, text: str | None) -> ET.Element:
    """The parameter with its first element of that name given another text, or removed."""
    for parent in parameter.iter():
        for child in parent:
            if local(child) == name:
                if text is None:
                    parent.remove(child)
                else:
                    child.text = text
                return parameter
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ControlFlags", None),
        ("ControlFlags", "65536"),
        ("AccessMask", None),
        ("AceType", "3"),
        ("AceType", "300"),
        ("AceFlags", "256"),
        ("Trustee", None),
        ("SID", "2"),
        ("SID", None),
    ],
)
def test_a_descriptor_that_makes_no_sense_is_an_invalid_parameter(
    lab: RunningLab, c01: WSMan, name: str, text: str | None
) -> None:
    before = lab["C01"].controls.share_descriptor("SMS_SITE")
    parameter = changed(descriptor_parameter(SHARE_SETTING, [(0, 0, FULL, ADMINISTRATORS)]), name, text)
    assert return_value(call(c01, SHARE_SETTING, "SetSecurityDescriptor", SHARE, parameter)) == 21
    assert lab["C01"].controls.share_descriptor("SMS_SITE") == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("AccessMask", "0x1F01FF"),
        ("AccessMask", "-1"),
        ("AccessMask", str(1 << 32)),
        ("AccessMask", "٣"),
        ("AccessMask", ""),
        ("SID", "256"),
        ("ControlFlags", "four"),
    ],
)
def test_a_value_of_the_wrong_type_is_a_fault(lab: RunningLab, c01: WSMan, name: str, text: str) -> None:
    before = lab["C01"].controls.share_descriptor("SMS_SITE")
    parameter = changed(descriptor_parameter(SHARE_SETTING, [(0, 0, FULL, ADMINISTRATORS)]), name, text)
    with pytest.raises(WSManFaultError) as error:
        call(c01, SHARE_SETTING, "SetSecurityDescriptor", SHARE, parameter)
    assert error.value.code == 2150858838
    assert lab["C01"].controls.share_descriptor("SMS_SITE") == before


def test_an_element_of_another_namespace_or_name_is_a_fault(c01: WSMan) -> None:
    for tag in (f"{{{WMI}Win32_ACE}}Colour", f"{{{WMI}Win32_Trustee}}TIME_CREATED"):
        parameter = descriptor_parameter(SHARE_SETTING, [(0, 0, FULL, ADMINISTRATORS)])
        ET.SubElement(next(e for e in parameter.iter() if local(e) == "DACL"), tag).text = "1"
        with pytest.raises(WSManFaultError) as error:
            call(c01, SHARE_SETTING, "SetSecurityDescriptor", SHARE, parameter)
        assert error.value.code == 2150858838


@pytest.mark.parametrize("shows", [True, False])
def test_other_ace_types_are_shown_only_where_the_host_shows_them(shows: bool) -> None:
    description = default_hierarchy(1)
    host = description["hosts"][0]
    host["settings"] = {"shows_all_ace_types": shows}
    # An ACCESS_ALLOWED_CALLBACK_ACE (type 9): mask 1, S-1-5-18, no condition.
    body = "01000000" + "010100000000000512000000"
    host["shares"][0]["dacl"] = [{"type": 9, "body": body}, {"principal": ADMINISTRATORS, "access": "read"}]
    with running_lab(description) as lab, connect(lab["C01"]) as wsman:
        output = call(wsman, SHARE_SETTING, "GetSecurityDescriptor", SHARE)
        types = [properties(e)["AceType"] for e in output.iter() if local(e) == "DACL"]
        assert types == (["9", "0"] if shows else ["0"])
        stored = lab["C01"].controls.share_descriptor("SMS_SITE")
        assert stored is not None
        assert base64.b64decode(stored["base64"]).find(bytes.fromhex("09001400" + body)) == 28


def test_a_path_that_is_missing(c01: WSMan) -> None:
    parameter = descriptor_parameter(FILE_SETTING, [])
    with pytest.raises(WSManFaultError) as error:
        call(c01, FILE_SETTING, "SetSecurityDescriptor", {"Path": "D:\\Nowhere"}, parameter)
    assert error.value.code == 2150858752
