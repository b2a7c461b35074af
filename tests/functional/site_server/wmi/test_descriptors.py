# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Descriptors over WMI: what is read of them, and what is written."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.desired import DesiredEntry, DesiredState
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.permissions import (
    set_path_permissions,
    set_share_permissions,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    ACCESS_ALLOWED,
    SecurityDescriptor,
    format_sddl,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Rejected
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.descriptors import (
    SACL_NOT_SHOWN,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from tests.functional.site_server.reaching import lab_wmi, operations
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab
from tests.unit.site_server.wmi.test_descriptors import EVERYONE

RECEIVE = r"D:\SMS\Site.srv\Despoolr.box\Receive"
AUDIT = {"principal": EVERYONE, "mask": 0x1F01FF, "flags": "OI CI SA FA"}
AUDITED = "S:(AU;OICISAFA;FA;;;WD)"
SHARE_AUDITED = "S:(AU;SAFA;FA;;;WD)"


# -- in the lab


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    scenario = default_hierarchy(2)
    for host in scenario["hosts"]:
        (directory,) = (item for item in host["directories"] if item["path"] == RECEIVE)
        (share,) = (item for item in host["shares"] if item["name"] == "SMS_SITE")
        directory["sacl"], share["sacl"] = [AUDIT], [AUDIT | {"flags": "SA FA"}]
    with running_lab(scenario) as running:
        yield running


@pytest.fixture
def host(lab: RunningLab) -> Iterator[RunningHost]:
    found = lab["P01"]
    settings = found.controls.host.settings
    held = found.controls.file_descriptor(RECEIVE)["base64"], found.controls.share_descriptor("SMS_SITE")
    yield found
    found.controls.host.settings = settings
    found.controls.set_file_descriptor(RECEIVE, {"base64": held[0]})
    assert held[1] is not None
    found.controls.set_share_descriptor("SMS_SITE", {"base64": held[1]["base64"]})


def tell(host: RunningHost, **settings: Any) -> None:
    host.controls.host.settings = replace(host.controls.host.settings, **settings)


def held(host: RunningHost, what: str) -> SecurityDescriptor:
    found = host.controls.share_descriptor("SMS_SITE") if what == "share" else host.controls.file_descriptor(RECEIVE)
    assert found is not None
    return SecurityDescriptor.from_bytes(base64.b64decode(found["base64"]))


def sacl(descriptor: SecurityDescriptor) -> str:
    text = format_sddl(replace(descriptor, owner=None, group=None))
    return text[text.index("S:") :] if "S:" in text else ""


def desired() -> DesiredState:
    return DesiredState((DesiredEntry("CORP\\backup", ACCESS_ALLOWED, 0x1200A9),))


@pytest.mark.parametrize("what", ["folder", "share"])
def test_a_write_keeps_the_sacl(host: RunningHost, what: str) -> None:
    expected = AUDITED if what == "folder" else SHARE_AUDITED
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        if what == "folder":
            outcome = set_path_permissions(server, RECEIVE, lambda _unused: desired())
        else:
            outcome = set_share_permissions(server, "SMS_SITE", desired())
    assert outcome.changed
    assert [sacl(descriptor) for descriptor in (outcome.plan.after, outcome.after, held(host, what))] == [expected] * 3
    assert not [warning for warning in outcome.warnings if "SACL" in warning]


@pytest.mark.parametrize("what", ["folder", "share"])
@pytest.mark.parametrize("read_first", [False, True])
def test_a_descriptor_that_says_nothing_of_the_sacl_keeps_it(host: RunningHost, what: str, read_first: bool) -> None:
    # As a plan that was made over a wire that does not show it.
    descriptor = parse_sddl("D:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)")
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        share = server.share("SMS_SITE")
        if read_first:
            server.share_descriptor(share)
            server.path_descriptor(RECEIVE)
        before = len(operations(host))
        if what == "folder":
            server.set_path_descriptor(RECEIVE, descriptor)
        else:
            server.set_share_descriptor(share, descriptor)
    assert sacl(held(host, what)) == (AUDITED if what == "folder" else SHARE_AUDITED)
    assert len(operations(host)) == before + (1 if read_first else 2)


def test_a_sacl_is_changed_if_the_descriptor_has_another(host: RunningHost) -> None:
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        before = server.path_descriptor(RECEIVE).descriptor
        server.set_path_descriptor(RECEIVE, replace(before, sacl=parse_sddl("S:(AU;FA;0x2;;;BA)").sacl))
        assert sacl(server.path_descriptor(RECEIVE).descriptor) == "S:(AU;FA;0x2;;;BA)"


def test_a_sacl_that_was_changed_meanwhile_is_not_put_back(host: RunningHost) -> None:
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        before = server.path_descriptor(RECEIVE).descriptor
        server.set_path_descriptor(RECEIVE, replace(before, sacl=parse_sddl("S:(AU;FA;0x2;;;BA)").sacl))
        server.set_path_descriptor(RECEIVE, parse_sddl("D:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)"))
    assert sacl(held(host, "folder")) == "S:(AU;FA;0x2;;;BA)"


def test_a_sacl_that_is_hidden_is_cautioned_of(host: RunningHost) -> None:
    tell(host, shows_sacl=False)
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        (caution,) = server.path_descriptor(RECEIVE).cautions
        assert server.share_descriptor(server.share("SMS_SITE")).cautions == (caution,)
        server.set_path_descriptor(RECEIVE, server.path_descriptor(RECEIVE).descriptor)
    # What the caution is about.
    assert sacl(held(host, "folder")) == ""


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_plan_that_writes_warns_of_a_hidden_sacl(host: RunningHost, check_mode: bool) -> None:
    tell(host, shows_sacl=False)
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        outcome = set_path_permissions(server, RECEIVE, lambda _unused: desired(), check_mode=check_mode)
        assert outcome.plan.warnings == (SACL_NOT_SHOWN,)
        in_place = DesiredState((DesiredEntry("S-1-5-18", ACCESS_ALLOWED, 0x1F01FF, 3),))
        outcome = set_path_permissions(server, RECEIVE, lambda _unused: in_place, check_mode=check_mode)
        assert (outcome.changed, outcome.warnings) == (False, ())


def test_a_sacl_that_wmi_cannot_carry_is_not_lost(host: RunningHost) -> None:
    # A central access policy ([MS-DTYP] 2.4.4.16) in the SACL, which this host shows.
    tell(host, shows_all_ace_types=True)
    planted = parse_sddl("O:BAG:SYD:(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)S:(AU;SA;FA;;;WD)(SP;;;;;S-1-17-1)")
    encoded = base64.b64encode(planted.to_bytes()).decode()
    host.controls.set_file_descriptor(RECEIVE, {"base64": encoded})
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        reading = server.path_descriptor(RECEIVE)
        assert len(reading.unwritable) == 1
        for descriptor in (reading.descriptor, parse_sddl("D:(A;OICI;FA;;;BA)")):
            with pytest.raises(Rejected, match=r"P01: could not set .*nothing was sent: an entry of type 19 cannot be"):
                server.set_path_descriptor(RECEIVE, descriptor)
    assert host.controls.file_descriptor(RECEIVE)["base64"] == encoded
