# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security descriptors as WMI shows and takes them, without a server."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    SecurityDescriptorError,
    Sid,
    format_sddl,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.descriptors import (
    instance_of,
    reading_of,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.wsman import Instance, Value

EVERYONE = "S-1-1-0"


# winnt.h
SE_SELF_RELATIVE, SE_DACL_PRESENT, SE_SACL_PRESENT = 0x8000, 0x0004, 0x0010


SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERITED = 0x0100, 0x0400


SE_SACL_AUTO_INHERIT_REQ, SE_SACL_AUTO_INHERITED, SE_SACL_PROTECTED = 0x0200, 0x0800, 0x2000


def entry(kind: int, flags: int, mask: int = 0x1F01FF, guid: str | None = None) -> Instance:
    trustee = Instance("Win32_Trustee", {"SID": tuple(Sid.parse(EVERYONE).to_bytes())})
    known: dict[str, Value] = {"AceType": kind, "AceFlags": flags, "AccessMask": mask, "Trustee": trustee}
    return Instance("Win32_ACE", known | {"GuidObjectType": guid})


def shown(control: int, **lists: Value) -> Instance:
    return Instance("Win32_SecurityDescriptor", {"ControlFlags": control, "DACL": entry(0, 0)} | lists)


def test_a_sacl_is_read_with_its_control_bits() -> None:
    bits = SE_SACL_PRESENT | SE_SACL_AUTO_INHERITED | SE_SACL_PROTECTED
    reading = reading_of(shown(SE_SELF_RELATIVE | SE_DACL_PRESENT | bits, SACL=(entry(2, 0x40), entry(2, 0x90))))
    assert format_sddl(reading.descriptor) == "D:(A;;FA;;;WD)S:PAI(AU;SA;FA;;;WD)(AU;IDFA;FA;;;WD)"
    assert (reading.unwritable, reading.cautions) == ((), ())


@pytest.mark.parametrize(
    ("control", "lists"),
    [
        (SE_DACL_PRESENT, {"SACL": None}),
        (SE_DACL_PRESENT, {}),
        # A NULL SACL and one that is hidden look alike; nothing is sent that would clear it for certain.
        (SE_DACL_PRESENT | SE_SACL_PRESENT, {"SACL": None}),
        (SE_DACL_PRESENT | SE_SACL_AUTO_INHERITED | SE_SACL_PROTECTED, {"SACL": None}),
    ],
)
def test_without_a_sacl_a_write_may_lose_one(control: int, lists: dict[str, Value]) -> None:
    reading = reading_of(shown(control, **lists))
    assert (reading.descriptor.control, reading.descriptor.sacl) == (SE_DACL_PRESENT, None)
    (caution,) = reading.cautions
    assert "SeSecurityPrivilege" in caution


def test_an_empty_sacl_is_one() -> None:
    reading = reading_of(shown(SE_DACL_PRESENT | SE_SACL_PRESENT))
    assert format_sddl(reading.descriptor) == "D:(A;;FA;;;WD)S:"
    assert reading.cautions == ()


@pytest.mark.parametrize(
    ("ace", "kind"),
    [(entry(2, 0x40, guid="{bf967aba-0de6-11d0-a285-00aa003049e2}"), 7), (entry(0x13, 0), 0x13), (entry(0, 0), 0)],
    ids=["an object's", "a central policy", "an allow entry"],
)
def test_audit_entries_that_cannot_be_written_back(ace: Instance, kind: int) -> None:
    reading = reading_of(shown(SE_DACL_PRESENT | SE_SACL_PRESENT, SACL=(entry(2, 0x40), ace)))
    assert reading.unwritable == (f"an entry of type {kind} for {EVERYONE}, which WMI cannot write back whole",)
    with pytest.raises(SecurityDescriptorError, match=f"type {kind} cannot be written over WMI"):
        instance_of(reading.descriptor, follows_parent=True)


@pytest.mark.parametrize(
    ("sddl", "requests"),
    [
        ("D:(A;;FA;;;WD)", 0),
        ("D:P(A;;FA;;;WD)", 0),
        ("D:AI(A;;FA;;;WD)", SE_DACL_AUTO_INHERIT_REQ),
        ("D:PAI(A;;FA;;;WD)", SE_DACL_AUTO_INHERIT_REQ),
        ("D:(A;;FA;;;WD)S:AI(AU;SA;FA;;;WD)", SE_SACL_AUTO_INHERIT_REQ),
        ("D:AI(A;;FA;;;WD)S:AI(AU;SA;FA;;;WD)", SE_DACL_AUTO_INHERIT_REQ | SE_SACL_AUTO_INHERIT_REQ),
    ],
)
def test_what_inherits_automatically_is_asked_to_go_on_with_it(sddl: str, requests: int) -> None:
    descriptor = parse_sddl(sddl)
    sent = instance_of(descriptor, follows_parent=True)
    assert sent.integer("ControlFlags") == descriptor.control | SE_SELF_RELATIVE | requests
    assert (
        instance_of(descriptor, follows_parent=False).integer("ControlFlags") == descriptor.control | SE_SELF_RELATIVE
    )
    # A server that shows the request again does not look as if it held something else.
    assert reading_of(sent).descriptor == descriptor


def test_lists_are_sent_as_they_were_read() -> None:
    for sddl in ("D:NO_ACCESS_CONTROL", "D:(D;OI;0x2;;;WD)(A;CIIO;GA;;;CO)S:P(AU;SAFA;FA;;;WD)"):
        descriptor = parse_sddl(sddl)
        sent = instance_of(descriptor, follows_parent=False)
        assert reading_of(sent).descriptor == descriptor
        assert ("SACL" in sent) == (descriptor.sacl is not None)
