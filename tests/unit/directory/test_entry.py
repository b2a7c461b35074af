# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Entries of sms_directory, right and wrong, as operators write them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.entry import (
    ControllerEntry,
    DirectoryEntriesError,
    directory_entries,
)

PASSWORD = "no message may have this"


def test_an_entry_has_the_defaults_of_the_documentation():
    assert directory_entries([{"server": "c01.corp.example"}]) == (ControllerEntry("c01.corp.example"),)
    none: dict[str, Any] = dict.fromkeys(ControllerEntry.__dataclass_fields__)
    assert directory_entries([{**none, "server": "c01"}]) == (ControllerEntry("c01"),)


def test_a_whole_entry():
    given = {
        "server": "c01.corp.example",
        "address": "fe80::1%eth0",
        "port": 3890,
        "auth": "kerberos",
        "user": r"CORP\ansible",
        "password": PASSWORD,
        "kerberos_hostname_override": "c01",
        "domains": {"corp.example": "CORP"},
        "timeout": 300,
    }
    (entry,) = directory_entries([given])
    assert {name: getattr(entry, name) for name in given} == given
    assert PASSWORD not in repr(entry)


@pytest.mark.parametrize("value", [None, [], ()])
def test_none(value: object):
    assert directory_entries(value) == ()


@pytest.mark.parametrize("user", [r"CORP\ansible", "ansible@CORP.EXAMPLE", r"corp.example\an sible", "Ä@corp"])
def test_accounts(user: str):
    assert directory_entries([{"server": "c01", "user": user, "password": PASSWORD}])[0].user == user


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"server": None}, "server is missing. Give the name or address of a domain controller."),
        ({"server": ""}, "server is missing."),
        ({"server": "ldap://c01"}, "server 'ldap://c01' is no name or address of a host."),
        ({"server": "c01 c02"}, "server 'c01 c02' is no name"),
        ({"server": ["c01"]}, "server is no text."),
        ({"server": "c" * 256}, "is no name or address of a host."),
        ({"address": "10.0.0.1/24"}, "address '10.0.0.1/24' is no name"),
        ({"kerberos_hostname_override": "ldap/c01"}, "kerberos_hostname_override 'ldap/c01' is no name"),
        ({"user": "ansible"}, "user 'ansible' is not of the form DOMAIN\\name or name@REALM."),
        ({"user": "\\ansible"}, "is not of the form"),
        ({"user": "a\\b\\c"}, "is not of the form"),
        ({"user": "a@b@c"}, "is not of the form"),
        ({"user": "CORP\\a\n"}, "'CORP\\a<U+000A>' is not of the form"),
        ({"password": PASSWORD}, "it has a password and no user. Give both, or neither."),
        ({"user": r"CORP\a", "password": 1234}, "password is no text. Write it in quotation marks."),
        ({"port": 0}, "port '0' is no number from 1 to 65535."),
        ({"port": 65536}, "port '65536' is no number"),
        ({"port": True}, "port 'True' is no number"),
        ({"port": "389"}, "port '389' is no number"),
        ({"timeout": 0}, "timeout '0' is no number from 1 to 300."),
        ({"timeout": 301}, "timeout '301' is no number from 1 to 300."),
        ({"auth": "basic"}, "auth 'basic' is neither ntlm nor kerberos."),
        ({"domains": ["CORP"]}, "domains is no mapping of DNS names to NetBIOS names. Write corp.example: CORP."),
        ({"domains": {"corp.example": None}}, "domains is no mapping of DNS names"),
        ({"host": "c01"}, "'host' is no key; there are server, address, port, auth, user, password, "),
        ({3: "c01"}, "'3' is no key"),
    ],
)
def test_what_is_wrong_with_an_entry(changed: dict[Any, Any], problem: str):
    with pytest.raises(DirectoryEntriesError) as caught:
        directory_entries([{"server": "c01"}, {"server": "c02", **changed}])
    text = str(caught.value)
    assert text.startswith("sms_directory[1]: ")
    assert problem in text
    assert text.endswith(".")
    assert text.isprintable()
    assert PASSWORD not in text


@pytest.mark.parametrize("value", ["c01", b"c01", {"server": "c01"}, 3])
def test_what_is_no_list(value: object):
    with pytest.raises(DirectoryEntriesError, match=r"^sms_directory: it is no list of domain controllers\. Write"):
        directory_entries(value)


def test_all_problems_are_named():
    with pytest.raises(DirectoryEntriesError) as caught:
        directory_entries(["c01", {"server": "c02", "port": 0, "timeout": 0}])
    assert str(caught.value) == (
        "sms_directory[0]: it is no mapping. Write server: NAME. "
        "sms_directory[1]: port '0' is no number from 1 to 65535. "
        "sms_directory[1]: timeout '0' is no number from 1 to 300."
    )
