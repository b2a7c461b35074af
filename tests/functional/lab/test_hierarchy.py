# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The default hierarchy: its shape, its addresses, and the article's fault in it; and scenario files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.lab.descriptors import parse
from tests.lab.hierarchy import default_hierarchy
from tests.lab.host import Host
from tests.lab.scenario import BadScenario, build, load

FULL_CONTROL, READ_WRITE = 0x1F01FF, 0x12019F


@pytest.mark.parametrize("count", [1, 2, 3, 6, 50, 200, 6000])
def test_any_size_is_a_tree_of_three_tiers(count: int) -> None:
    sites = default_hierarchy(count)["sites"]
    codes = [site["code"] for site in sites]
    assert len(codes) == len(set(codes)) == count
    assert all(re.fullmatch("[A-Z0-9]{3}", code) for code in codes)
    assert not {"AUX", "CON", "NUL", "PRN", "SMS"} & set(codes)
    by_code = {site["code"]: site for site in sites}
    assert [site["code"] for site in sites if "parent" not in site] == ["C01"]
    for site in sites:
        children = [other["code"] for other in sites if other.get("parent") == site["code"]] if count < 1000 else None
        targets = [address["to"] for address in site["addresses"]]
        assert len(targets) == len(set(targets))
        if children is not None:
            assert set(targets) == {site["code"], *children} | ({site["parent"]} if "parent" in site else set())
        if "parent" in site:
            assert by_code[site["parent"]].get("parent", "C01") == "C01"


def test_the_six_of_the_default() -> None:
    sites = {site["code"]: site for site in default_hierarchy(6)["sites"]}
    assert {code: site.get("parent") for code, site in sites.items()} == {
        "C01": None,
        "P01": "C01",
        "P02": "C01",
        "S01": "P01",
        "S02": "P01",
        "S03": "P02",
    }
    senders = {
        (code, address["to"]): address["sender_account"]
        for code, site in sites.items()
        for address in site["addresses"]
    }
    assert senders["P02", "C01"] == "CORP\\smssend-p02"
    assert senders["P01", "C01"] == "CORP\\smssend"
    assert all(senders[code, code] == site["service_account"] for code, site in sites.items())


def missing(host: Host, sites: list[dict[str, Any]]) -> dict[str, set[str]]:
    """For each account that sends to the host, which of share and directory lack what Q179118 asks for."""
    share = host.backend.share("SMS_SITE")
    descriptors = {
        "share": (parse(host.backend.share_descriptor("SMS_SITE") or b""), FULL_CONTROL),
        "directory": (parse(host.backend.file_descriptor(share.path)), READ_WRITE),
    }
    found: dict[str, set[str]] = {}
    for site in sites:
        for address in site["addresses"]:
            if address["to"] != host.site:
                continue
            account = host.find_account(address["sender_account"])
            assert account
            lacks = found.setdefault(account.name, set())
            for name, (descriptor, needed) in descriptors.items():
                granted = 0
                for ace in descriptor.dacl or ():
                    assert ace.type == 0
                    granted |= ace.mask if ace.sid in (account.sid, "S-1-1-0") and not ace.flags & 8 else 0
                if needed & ~granted:
                    lacks.add(name)
    return found


def test_the_article_s_fault_is_spread_over_the_hosts() -> None:
    description = default_hierarchy(6)
    hosts = build(description).hosts
    both, nothing = {"share", "directory"}, set[str]()
    assert {host.name: missing(host, description["sites"]) for host in hosts} == {
        "C01": {"smssvc": both, "smssend": both, "smssend-p02": both},
        "P01": {"smssend": nothing, "smssvc": nothing},
        "P02": {"smssvc": both, "smssend": both},
        "S01": {"smssvc": {"directory"}, "smssend": {"directory"}},
        "S02": {"smssvc": {"share"}, "smssend": {"share"}},
        "S03": {"smssvc": both, "smssend-p02": both},
    }
    assert [host.backend.share("SMS_SITE").path[:2] for host in hosts] == ["D:", "D:", "E:", "D:", "D:", "D:"]


def test_a_scenario_file(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yml"
    file.write_text(
        r"""
domain: LAB
accounts: [{name: sender}]
logons: [{user: 'LAB\root', password: secret}]
hosts:
  - name: H1
    local_accounts: [{name: own, type: group, rid: 1500}]
    directories:
      - {path: 'D:\', dacl: [{principal: Everyone, access: read, flags: OI CI}]}
      - {path: 'D:\x', raw: true, dacl: [{principal: '.\own', mask: 0x10000000, flags: 3}]}
    shares:
      - {name: plain, path: 'D:\'}
      - {name: raw, path: 'D:\x', dacl: [{principal: 'LAB\sender', type: deny, mask: 0x80000000}]}
      - {name: open, path: 'D:\x', null_dacl: true}
""",
        encoding="utf-8",
    )
    (host,) = load(file).hosts
    assert host.dns_name == "h1.corp.example"
    assert host.backend.share_descriptor("plain") is None
    raw = parse(host.backend.share_descriptor("raw") or b"").dacl
    sender, own = host.find_account("LAB\\sender"), host.find_account(".\\own")
    assert sender
    assert own
    assert [(a.type, a.mask, a.sid) for a in raw or ()] == [(1, 0x80000000, sender.sid)]
    planted = parse(host.backend.file_descriptor("D:\\x")).dacl
    assert [(a.flags, a.mask, a.sid) for a in planted or ()] == [(3, 0x10000000, own.sid)]
    assert own.sid.endswith("-1500")
    opened = parse(host.backend.share_descriptor("open") or b"")
    assert opened.dacl_present
    assert opened.dacl is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "not a mapping"),
        ("hosts: 1", "a list was expected"),
        ("{hosts: [], colour: red}", "no colour"),
        ("hosts: [{}]", "needs name"),
        ("hosts: [{name: A}, {name: a}]", "one name"),
        ("hosts: [{name: A, settings: {language: fr}}]", "language 'fr'"),
        ("hosts: [{name: A, shares: [{name: S}]}]", "needs path"),
        ("hosts: [{name: A, directories: [{path: 'D:\\x'}]}]", "path"),
        (
            "hosts: [{name: A, shares: [{name: S, path: x, dacl: [{principal: 'CORP\\no', access: read}]}]}]",
            "no account CORP",
        ),
        ("hosts: [{name: A, shares: [{name: S, path: x, dacl: [{principal: Everyone}]}]}]", "access"),
        ("hosts: [{name: A, members: {Nobody: []}}]", "no account Nobody"),
        ("hosts: [", "scenario.yml"),
    ],
)
def test_a_bad_scenario_says_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "scenario.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadScenario, match=re.escape(words)):
        load(file)
