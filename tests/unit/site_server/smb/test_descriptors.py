# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security descriptors as a file server takes and returns them."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    SecurityDescriptor,
    SecurityDescriptorError,
    format_sddl,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.descriptors import (
    SE_DACL_AUTO_INHERIT_REQ,
    descriptor_to_write,
    read_descriptor,
)


def written(sddl: str) -> SecurityDescriptor:
    return SecurityDescriptor.from_bytes(descriptor_to_write(parse_sddl(sddl)))


def test_what_concerns_the_sacl_was_not_asked_for() -> None:
    found = read_descriptor(parse_sddl("O:BAG:SYD:PAI(A;;FA;;;BA)S:PAI(AU;SA;FA;;;WD)").to_bytes())
    assert found.sacl is None
    assert format_sddl(found) == "O:BAG:SYD:PAI(A;;FA;;;BA)"


def test_only_the_dacl_is_written() -> None:
    found = written("O:BAG:SYD:P(A;;FA;;;BA)S:(AU;SA;FA;;;WD)")
    assert (found.owner, found.group, found.sacl) == (None, None, None)
    assert format_sddl(found) == "D:P(A;;FA;;;BA)"


@pytest.mark.parametrize(("sddl", "asked"), [("D:AI(A;;FA;;;BA)", True), ("D:(A;;FA;;;BA)", False)])
def test_what_inherits_automatically_is_asked_to_go_on_with_it(sddl: str, asked: bool) -> None:
    assert bool(written(sddl).control & SE_DACL_AUTO_INHERIT_REQ) is asked


def test_a_null_dacl_stays_one() -> None:
    found = written("D:NO_ACCESS_CONTROL")
    assert found.dacl is None
    assert found.control & 0x4


def test_what_is_no_descriptor_is_refused() -> None:
    with pytest.raises(SecurityDescriptorError):
        read_descriptor(b"\0" * 7)
