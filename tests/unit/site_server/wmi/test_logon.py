# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""User rights, states of accounts and the domain, from answers that a test wrote."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    Account,
    AccountNotFound,
    JoinedDomain,
    NoAnswer,
    NotFound,
    Unreachable,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.logon import (
    MAX_LOOK_UPS,
    joined_domain,
    local_account_state,
    network_logon,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.names_seen import Known, NamesSeen, Place
from tests.unit.site_server.wmi.scripted_wmi import Scripted, enumerated, fragment
from tests.unit.wsman.server_side import body, fault_reply

ALLOW, DENY = "SeNetworkLogonRight", "SeDenyNetworkLogonRight"
SENDER = Sid.parse("S-1-5-21-1-2-3-1004")
COURIER = Sid.parse("S-1-5-21-7-8-9-1001")
ADMINISTRATORS, EVERYONE = Sid.parse("S-1-5-32-544"), Sid.parse("S-1-1-0")
NOT_SET = "group policy does not set it, and WMI does not show the local security policy"


def right(name: str, *accounts: str, precedence: int = 1, status: str = "<Status>1</Status>", error: int = 0) -> str:
    listed = "".join(f"<AccountList>{account}</AccountList>" for account in accounts)
    return (
        f"<w:XmlFragment><UserRight>{name}</UserRight>{listed}<precedence>{precedence}</precedence>{status}"
        f"<ErrorCode>{error}</ErrorCode></w:XmlFragment>"
    )


def nobody(name: str) -> Account:
    raise AccountNotFound("C01", f"look up account {name}", "the server finds no such account", "Check it.")


def knows(**known: Sid) -> Callable[[str], Account]:
    """Finds these accounts, and counts nothing."""

    def resolve(name: str) -> Account:
        sid = known.get(name.rpartition("\\")[2])
        return nobody(name) if sid is None else Account(sid, name)

    return resolve


def test_both_rights_by_one_query_of_the_resultant_set_of_policy() -> None:
    script = Scripted(enumerated(right(ALLOW, "Administrators", "CORP\\smssend"), right(DENY, "Guests")))
    found = network_logon(script.wmi, NamesSeen("C01"), knows(smssend=SENDER))
    assert dict(found.allowed.holders) == {ADMINISTRATORS: "BUILTIN\\Administrators", SENDER: "CORP\\smssend"}
    assert dict(found.denied.holders) == {Sid.parse("S-1-5-32-546"): "BUILTIN\\Guests"}
    assert [(each.name, each.unread, each.source) for each in (found.allowed, found.denied)] == [
        (ALLOW, "", "group policy"),
        (DENY, "", "group policy"),
    ]
    (request,) = script.requests
    assert b"/wmi/root/rsop/computer/*<" in request
    (asked,) = body(request)
    assert [child.text for child in asked if child.tag.endswith("}Filter")] == [
        "SELECT UserRight, AccountList, precedence, Status, ErrorCode FROM RSOP_UserPrivilegeRight WHERE "
        "UserRight='SeNetworkLogonRight' OR UserRight='SeDenyNetworkLogonRight'"
    ]


def test_a_right_that_group_policy_does_not_set_is_not_read() -> None:
    found = network_logon(Scripted(enumerated(right(DENY))).wmi, NamesSeen("C01"), nobody)
    assert (dict(found.allowed.holders), found.allowed.unread, found.allowed.source) == ({}, NOT_SET, "")
    # Set, and given to nobody.
    assert (dict(found.denied.holders), found.denied.unread, found.denied.source) == ({}, "", "group policy")


def test_precedence_one_wins() -> None:
    losing = right(DENY, "Everyone", precedence=2)
    found = network_logon(Scripted(enumerated(losing, right(DENY, "Guests"))).wmi, NamesSeen("C01"), nobody)
    assert list(map(str, found.denied.holders)) == ["S-1-5-32-546"]


@pytest.mark.parametrize("precedences", [(2,), (1, 1), (0, 2)])
def test_settings_of_which_none_wins_are_not_read(precedences: tuple[int, ...]) -> None:
    items = [right(DENY, "Everyone", precedence=number) for number in precedences]
    denied = network_logon(Scripted(enumerated(*items)).wmi, NamesSeen("C01"), nobody).denied
    assert dict(denied.holders) == {}
    assert denied.unread.endswith("in group policy")


@pytest.mark.parametrize("status", [0, 3, 4])
def test_a_setting_that_was_not_applied_is_not_read(status: int) -> None:
    # Microsoft, "RSOP_SecuritySettings class": 1 is the only status of a setting that was applied.
    item = right(ALLOW, "Everyone", status=f"<Status>{status}</Status>", error=1332)
    allowed = network_logon(Scripted(enumerated(item)).wmi, NamesSeen("C01"), nobody).allowed
    assert dict(allowed.holders) == {}
    assert allowed.unread == (
        f"group policy sets it, and Windows has not applied that (Status {status}, ErrorCode 1332)"
    )


@pytest.mark.parametrize("status", ["", '<Status xsi:nil="true"/>'])
def test_a_status_that_is_not_shown_is_no_failure(status: str) -> None:
    found = network_logon(Scripted(enumerated(right(ALLOW, "Everyone", status=status))).wmi, NamesSeen("C01"), nobody)
    assert list(found.allowed.holders) == [EVERYONE]


@pytest.mark.parametrize(
    ("name", "sid", "shown"),
    [
        ("S-1-5-32-544", "S-1-5-32-544", "BUILTIN\\Administrators"),
        ("*S-1-5-21-1-2-3-1004", "S-1-5-21-1-2-3-1004", "S-1-5-21-1-2-3-1004"),
        ("*S-1-5-21-7-8-9-1001", "S-1-5-21-7-8-9-1001", "C01\\courier"),
        ("everyone", "S-1-1-0", "Everyone"),
        ("NT AUTHORITY\\Local account", "S-1-5-113", "NT AUTHORITY\\Local account"),
        ("ENTERPRISE DOMAIN CONTROLLERS", "S-1-5-9", "NT AUTHORITY\\ENTERPRISE DOMAIN CONTROLLERS"),
        ("Administratoren", "S-1-5-32-544", "BUILTIN\\Administrators"),
        ("c01\\COURIER", "S-1-5-21-7-8-9-1001", "c01\\COURIER"),
        (" CORP\\P02$ ", "S-1-5-21-1-2-3-1005", "CORP\\P02$"),
    ],
)
def test_names_that_cost_nothing(name: str, sid: str, shown: str) -> None:
    names = NamesSeen("C01")
    names.see(
        {
            ADMINISTRATORS: "VORDEFINIERT\\Administratoren",
            COURIER: "C01\\courier",
            Sid.parse("S-1-5-21-1-2-3-1005"): "CORP\\P02$",
        }
    )
    found = network_logon(Scripted(enumerated(right(DENY, name))).wmi, names, nobody)
    assert {str(holder): text for holder, text in found.denied.holders.items()} == {sid: shown}
    assert found.denied.unread == ""


def test_other_names_are_looked_up_once() -> None:
    asked = []

    def resolve(name: str) -> Account:
        asked.append(name)
        return knows(smssend=SENDER, courier=COURIER)(name)

    items = (right(ALLOW, "CORP\\smssend", "courier", "CORP\\gone"), right(DENY, "CORP\\smssend", "CORP\\gone"))
    found = network_logon(Scripted(enumerated(*items)).wmi, NamesSeen("C01"), resolve)
    assert asked == ["CORP\\smssend", ".\\courier", "CORP\\gone"]
    assert dict(found.allowed.holders) == {SENDER: "CORP\\smssend", COURIER: "courier"}
    assert found.denied.unread == "these names in group policy could not be resolved: CORP\\gone"
    assert found.denied.source == "group policy"


def test_a_policy_with_a_thousand_names_does_not_cost_thousands_of_requests() -> None:
    asked = []

    def resolve(name: str) -> Account:
        asked.append(name)
        return nobody(name)

    names = [f"CORP\\gone{number}" for number in range(1000)]
    found = network_logon(Scripted(enumerated(right(DENY, *names))).wmi, NamesSeen("C01"), resolve)
    assert len(asked) == MAX_LOOK_UPS
    assert found.denied.unread.endswith("CORP\\gone9 and 990 more")


@pytest.mark.parametrize(
    ("code", "says"),
    [(0x8004100E, "2147749902"), (2150858778, "2150858778"), (5, "5"), (0x80041001, "2147749889")],
    ids=["no namespace", "no class", "access denied", "failed"],
)
def test_a_server_that_shows_no_policy_is_no_error(code: int, says: str) -> None:
    fault = fault_reply(
        "<s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text>Not for you.</s:Text></s:Reason>"
        f'<s:Detail><f:WSManFault Code="{code}"/></s:Detail>'
    )
    found = network_logon(Scripted(fault).wmi, NamesSeen("C01"), nobody)
    assert found.allowed.unread == found.denied.unread
    assert found.allowed.unread.startswith("the server does not show what group policy sets (")
    assert "Not for you" in found.allowed.unread
    assert found.allowed.unread.endswith("and WMI does not show the local security policy")


def test_a_server_that_is_gone_is_an_error() -> None:
    def resolve(name: str) -> Account:
        raise Unreachable("C01", f"look up account {name}", "connection refused", "Check that the server is up.")

    with pytest.raises(Unreachable):
        network_logon(Scripted(enumerated(right(DENY, "CORP\\smssend"))).wmi, NamesSeen("C01"), resolve)


@pytest.mark.parametrize(
    "item",
    [
        right(DENY, "<a>x</a>"),
        right(DENY, " "),
        right(DENY).replace("<precedence>1<", "<precedence>first<"),
        right("<a>x</a>"),
        right(DENY, status="<Status>fine</Status>"),
    ],
    ids=["an instance", "blank", "no number", "no name", "no status"],
)
def test_a_policy_that_makes_no_sense(item: str) -> None:
    with pytest.raises(NoAnswer, match="read the user rights that group policy sets"):
        network_logon(Scripted(enumerated(item)).wmi, NamesSeen("C01"), nobody)


# -- the state of a local account


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        ({"Disabled": "true", "Lockout": "false", "PasswordExpires": "true"}, AccountState(True, False)),
        ({"Disabled": "false", "Lockout": "true", "PasswordExpires": "false"}, AccountState(False, True, None, False)),
        ({"Disabled": "false"}, AccountState(disabled=False)),
        ({}, AccountState()),
    ],
)
def test_the_state_of_an_account(shown: dict[str, str], state: AccountState) -> None:
    script = Scripted(enumerated(fragment(**shown)))
    assert local_account_state(script.wmi, COURIER) == state
    assert b"LocalAccount=TRUE AND SID='S-1-5-21-7-8-9-1001'" in script.requests[0]


def test_an_account_that_is_not_the_servers() -> None:
    with pytest.raises(NotFound, match=r"the server has no account of this SID\. Check that it is an account of this"):
        local_account_state(Scripted(enumerated()).wmi, SENDER)


def test_a_state_that_makes_no_sense() -> None:
    with pytest.raises(NoAnswer):
        local_account_state(Scripted(enumerated(fragment(Disabled="perhaps"))).wmi, COURIER)


# -- the domain


def computer(**shown: str) -> Scripted:
    return Scripted(enumerated(fragment(**shown)))


@pytest.mark.parametrize(
    ("role", "joined", "found"),
    [
        ("3", "true", JoinedDomain("corp.example", False)),
        ("1", "true", JoinedDomain("corp.example", False)),
        ("4", "true", JoinedDomain("corp.example", True)),
        ("5", "true", JoinedDomain("corp.example", True)),
        ("2", "false", None),
        ("0", "false", None),
    ],
)
def test_the_domain_of_a_server(role: str, joined: str, found: JoinedDomain | None) -> None:
    # Roles: Microsoft, "Win32_ComputerSystem class".
    script = computer(Name="C01", Domain="corp.example", DomainRole=role, PartOfDomain=joined)
    assert joined_domain(script.wmi, NamesSeen("C01")) == found


@pytest.mark.parametrize(("role", "joined"), [("3", True), ("5", True), ("2", False)])
def test_a_server_that_shows_its_role_only(role: str, joined: bool) -> None:
    script = computer(Name="C01", Domain="corp.example", DomainRole=role)
    assert (joined_domain(script.wmi, NamesSeen("C01")) is not None) is joined


@pytest.mark.parametrize(("role", "known"), [("3", Known.SHOWN), ("5", None)])
def test_the_name_of_the_computer_comes_with_it_unless_it_has_no_accounts_of_its_own(
    role: str, known: Known | None
) -> None:
    names = NamesSeen("192.0.2.7")
    names.see({ADMINISTRATORS: "BUILTIN\\Administrators"})
    joined_domain(computer(Name="C01", Domain="corp.example", DomainRole=role, PartOfDomain="true").wmi, names)
    assert names.place(ADMINISTRATORS) == (known and Place("C01", "Administrators", known))


@pytest.mark.parametrize(
    "items",
    [
        (),
        (fragment(Name="C01", Domain="x", DomainRole="3", PartOfDomain="true"),) * 2,
        (fragment(Name="C01", Domain="", DomainRole="3", PartOfDomain="true"),),
        (fragment(Name="C01", Domain="x", DomainRole="member", PartOfDomain="true"),),
    ],
    ids=["none", "two", "no name", "no role"],
)
def test_a_computer_that_makes_no_sense(items: tuple[str, ...]) -> None:
    with pytest.raises(NoAnswer, match="read the domain of the server"):
        joined_domain(Scripted(enumerated(*items)).wmi, NamesSeen("C01"))
