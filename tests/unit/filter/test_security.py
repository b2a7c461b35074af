# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters for SIDs and security descriptors."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from impacket.ldap.ldaptypes import LDAP_SID

from ansible_collections.sitekeeper.sms.plugins.filter.security import FilterModule

SID = FilterModule().filters()["sid"]
DESCRIBE = FilterModule().filters()["sddl_describe"]
FOLDER = Path(__file__).resolve().parents[3] / "plugins" / "filter"
SMSSEND = "S-1-5-21-1004336348-1177238915-682003330-1104"


def bytes_of(text):
    """As an independent implementation writes them."""
    value = LDAP_SID()
    value.fromCanonical(text)
    return value.getData()


@pytest.mark.parametrize("text", [SMSSEND, "S-1-1-0", "S-1-5-32-544", "S-1-5-18"])
def test_every_form_of_a_sid(text):
    data = bytes_of(text)
    forms = [text, text.lower(), data.hex(), f"0x{data.hex().upper()}", base64.b64encode(data).decode()]
    for form in forms:
        assert SID(form) == text
        assert SID(form, "hex") == data.hex()
        assert SID(form, form="base64") == base64.b64encode(data).decode()


def test_names():
    assert SID("builtin\\administrators") == "S-1-5-32-544"
    assert SID("Everyone", "hex") == "010100000000000100000000"
    assert SID("S-1-5-18", "name") == "NT AUTHORITY\\SYSTEM"
    assert SID(SMSSEND, "name") == SMSSEND


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "sid takes text: a SID as a string, in hexadecimal or in base64, or a well-known name"),
        (7, "sid takes text: a SID as a string, in hexadecimal or in base64, or a well-known name"),
        ("a" * 2000, "sid takes text: a SID as a string, in hexadecimal or in base64, or a well-known name"),
        ("S-1-5-x", "sid: 'S-1-5-x' is not a SID of the form S-1-5-21-…"),
        (
            "CORP\\smssend",
            "sid: 'CORP\\smssend' is no SID, neither as a string nor in hexadecimal or base64, and no well-known name; "
            "the SID of any other account must be looked up on a server of its domain",
        ),
        ("01020000000000052000000020", "sid: a SID with 2 subauthorities has more than 13 bytes"),
        ("01010000000000010000000000", "sid: the SID S-1-1-0 takes 12 bytes, here are 13"),
        ("AAAA", "sid: a SID has at least 8 bytes, not 3"),
    ],
)
def test_what_is_no_sid(value, message):
    with pytest.raises(AnsibleFilterError) as caught:
        SID(value)
    assert str(caught.value) == message


def test_an_unknown_form():
    with pytest.raises(AnsibleFilterError, match="form is one of string, base64, hex, name, not 'guid'"):
        SID("S-1-1-0", "guid")


def test_the_example_of_sid_is_true():
    (task,) = yaml.safe_load(yaml.safe_load((FOLDER / "sid.yml").read_text())["EXAMPLES"])
    for line in task["ansible.builtin.assert"]["that"]:
        call, _equals, expected = line.partition(" == ")
        value, _bar, rest = call.partition(" | sitekeeper.sms.sid")
        arguments = rest.strip("()").replace("form=", "").strip("'")
        unquoted = [text.strip("'").replace("\\\\", "\\") for text in (value, expected)]
        assert SID(unquoted[0], arguments or "string") == unquoted[1]


def test_synchronize_is_named_in_entries_that_deny():
    described = DESCRIBE("D:(D;;0x10000;;;WD)(D;;0x110000;;;WD)(A;;0x1200a9;;;WD)(A;;0x100001;;;WD)", "directory")
    assert described["dacl"] == [
        "deny Everyone  Delete  (this folder only)",
        "deny Everyone  Delete, Synchronize  (this folder only)",
        "allow Everyone  Read & execute  (this folder only)",
        "allow Everyone  List folder / read data, Synchronize  (this folder only)",
    ]


def test_a_share_is_described_in_its_own_words():
    assert DESCRIBE("D:(A;;FA;;;BA)(A;;0x1301bf;;;WD)(D;;FR;;;AN)", "share") == {
        "owner": None,
        "group": None,
        "dacl": [
            r"allow BUILTIN\Administrators  Full Control",
            "allow Everyone  Change",
            r"deny NT AUTHORITY\ANONYMOUS LOGON  Special (Read, Synchronize)",
        ],
    }


def test_descriptors_without_entries():
    assert DESCRIBE("O:SY")["dacl"] == ["no DACL: everyone has every right"]
    assert DESCRIBE("D:NO_ACCESS_CONTROL")["dacl"] == ["NULL DACL: everyone has every right"]
    assert DESCRIBE("D:")["dacl"] == ["empty DACL: nobody has any right"]


def test_aliases_of_a_domain():
    domain = SMSSEND.rpartition("-")[0]
    described = DESCRIBE("O:DAD:", names={f"{domain}-512": "CORP\\Domain Admins"}, domain_sid=domain)
    assert described["owner"] == "CORP\\Domain Admins"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((7,), "sddl_describe takes text, a security descriptor in SDDL"),
        (("D:(A;;FA;;;DA)",), "sddl_describe: the SID alias 'DA' is relative to a domain"),
        (("D:(A;;FA",), "sddl_describe: "),
        (("D:", "registry"), "kind is one of directory, share, not 'registry'"),
        (("D:", "share", ["x"]), "names must be a dictionary of names by SIDs"),
        (("D:", "share", {"smssend": "x"}), "sddl_describe: 'smssend' is not a SID"),
        (("D:", "share", None, "CORP"), "sddl_describe: 'CORP' is not a SID"),
    ],
)
def test_what_cannot_be_described(arguments, message):
    with pytest.raises(AnsibleFilterError) as caught:
        DESCRIBE(*arguments)
    assert str(caught.value).startswith(message)
