# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shares by WMI: both classes, and how little a converged site server costs."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    assess_sender_access,
    enforce_sender_access,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.assess import Assessment, SenderRequest
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import find_product
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    SecurityDescriptor,
    format_sddl,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import ObjectAce
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import NoAnswer, NotFound, Share
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.shares import read_share
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from tests.functional.site_server.reaching import lab_wmi, operations
from tests.lab.misbehaviour import Kind, Rule
from tests.lab.model import Settings
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab

RECEIVE = r"D:\SMS\Site.srv\Despoolr.box\Receive"
SENDERS = (r"CORP\smssend", r"CORP\smssvc")
CHEAP = ["MSFT_SmbShare.Get", "Win32_LogicalFileSecuritySetting.GetSecurityDescriptor"]
ASKED = [*CHEAP, "Win32_LogicalShareSecuritySetting.GetSecurityDescriptor"]
# Windows Server 2008 R2 and Windows Server 2012 (Microsoft, "Operating System Version").
OLDER, SINCE = Settings(os_version="6.1.7601"), Settings(os_version="6.2.9200")


@pytest.fixture
def lab() -> Iterator[RunningLab]:
    with running_lab(default_hierarchy(2)) as running:
        yield running


@pytest.fixture
def host(lab: RunningLab) -> RunningHost:
    """P01, where nothing is missing."""
    return lab["P01"]


def assess(host: RunningHost) -> Assessment:
    request = SenderRequest(find_product("sms_1_2", None), SENDERS)
    with lab_wmi(host) as wmi:
        return assess_sender_access(WsmanSiteServer(wmi), request)


def share_of(host: RunningHost, name: str = "SMS_SITE") -> Share:
    with lab_wmi(host) as wmi:
        return read_share(wmi, name)


def plant(host: RunningHost, sddl: str) -> None:
    stored = base64.b64encode(parse_sddl(sddl).to_bytes()).decode()
    host.controls.set_share_descriptor("SMS_SITE", {"base64": stored})


def sid_of(host: RunningHost, name: str) -> str:
    return next(account["sid"] for account in host.controls.accounts() if account["name"] == name)


def test_two_requests_tell_that_nothing_is_missing(host: RunningHost) -> None:
    found = assess(host)
    assert found.satisfied
    assert operations(host) == CHEAP


@pytest.mark.parametrize(("settings", "known"), [(OLDER, False), (SINCE, True)], ids=["2008 R2", "2012"])
def test_both_classes_tell_the_same(host: RunningHost, settings: Settings, known: bool) -> None:
    host.controls.host.settings = settings
    share, found = share_of(host), assess(host)
    assert (share.name, share.path, share.is_disk, share.maximum_allowed) == ("SMS_SITE", RECEIVE, True, None)
    assert (share.descriptor is not None) == known
    assert found.satisfied
    # The lab has no name for an operation on a class that is not there.
    assert operations(host) == (CHEAP if known else ["?", "Win32_Share.Get", *ASKED[1:]])


def test_a_share_that_neither_class_knows(host: RunningHost) -> None:
    with pytest.raises(NotFound, match=r"P01: could not read share NO_SUCH: not found .* Check the share's name"):
        share_of(host, "NO_SUCH")


def test_a_server_that_is_too_slow_is_not_asked_again(host: RunningHost) -> None:
    host.controls.host.misbehaviour.rules.append(Rule(Kind.FAULT, "MSFT_SmbShare.Get", value=2150858793))
    with pytest.raises(NoAnswer, match="raise the connection's time-out"):
        share_of(host)
    assert operations(host) == ["MSFT_SmbShare.Get"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        # MSFT_SmbShare has no words for the domain that DA is of; owner and group do not matter.
        (lambda host: plant(host, "O:BAG:S-1-5-21-1-2-3-513D:(A;;FA;;;BA)"), "D:(A;;FA;;;BA)"),
        (lambda host: plant(host, "D:P(D;;0x1301bf;;;NU)(A;;FR;;;WD)"), "D:P(D;;0x1301bf;;;NU)(A;;FR;;;WD)"),
        (lambda host: plant(host, "D:(A;;FA;;;BA)S:(AU;SAFA;FA;;;WD)"), "D:(A;;FA;;;BA)"),
        (lambda host: plant(host, "D:(A;;FA;;;S-1-5-21-1-2-3-512)"), None),
        (lambda host: host.controls.set_share_descriptor("SMS_SITE", {}), None),
    ],
    ids=["owner and group", "protected", "a SACL", "an alias of a domain", "no descriptor"],
)
def test_what_the_settings_tell_of_the_permissions(
    host: RunningHost, change: Callable[[RunningHost], Any], told: str | None
) -> None:
    change(host)
    found = share_of(host).descriptor
    assert (None if found is None else format_sddl(found)) == told


def test_what_is_told_along_is_what_is_held(host: RunningHost) -> None:
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        share = server.share("SMS_SITE")
        assert share.descriptor == server.share_descriptor(share).descriptor
    assert isinstance(share.descriptor, SecurityDescriptor)
    assert len(share.descriptor.dacl or ()) == 3


def test_names_that_only_the_share_has_are_asked_for(host: RunningHost) -> None:
    stranger, sender, service = (sid_of(host, f"CORP\\{name}") for name in ("backup", "smssend", "smssvc"))
    plant(host, f"D:(A;;FA;;;{sender})(A;;FA;;;{service})(A;;FR;;;{stranger})")
    found = assess(host)
    assert operations(host) == ASKED
    assert r"CORP\backup" in found.share_reading.names.values()


def test_an_entry_that_wmi_hides_is_seen_and_kept_from_being_lost(host: RunningHost) -> None:
    sender, service = (sid_of(host, f"CORP\\{name}") for name in ("smssend", "smssvc"))
    hidden = f"(OD;;FA;bf967aba-0de6-11d0-a285-00aa003049e2;;{sender})"
    plant(host, f"D:{hidden}(A;;FA;;;{sender})(A;;FA;;;{service})")
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        shown = server.share_descriptor(server.share("SMS_SITE")).descriptor.dacl or ()
    assert all(isinstance(ace, Ace) for ace in shown)
    reading = assess(host).share_reading
    assert isinstance(next(iter(reading.descriptor.dacl or ())), ObjectAce)
    assert reading.unwritable == ("an entry of type 6, which this connection does not show",)


def test_a_share_that_the_classes_disagree_about_is_not_taken_for_one_without_permissions(host: RunningHost) -> None:
    plant(host, "D:(A;;FA;;;BA)(A;;0x1200a9;;;AU)")
    held = host.controls.share_descriptor("SMS_SITE")
    setting = "Win32_LogicalShareSecuritySetting.*"
    host.controls.host.misbehaviour.rules.append(Rule(Kind.FAULT, setting, value=2150858752))
    request = SenderRequest(find_product("sms_1_2", None), SENDERS)
    with (
        lab_wmi(host) as wmi,
        pytest.raises(NoAnswer, match=r"permissions of share SMS_SITE.*MSFT_SmbShare returns permissions"),
    ):
        enforce_sender_access(WsmanSiteServer(wmi), request)
    assert host.controls.share_descriptor("SMS_SITE") == held
