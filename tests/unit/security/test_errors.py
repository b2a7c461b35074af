# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error class, by which callers recognize malformed input."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Acl,
    SecurityDescriptor,
    SecurityDescriptorError,
    Sid,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import ace_from_bytes
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.rights import parse_ntfs_rights


@pytest.mark.parametrize(
    ("read", "malformed"),
    [
        (Sid.parse, "S-1"),
        (Sid.from_bytes, b""),
        (ace_from_bytes, b""),
        (Acl.from_bytes, b""),
        (SecurityDescriptor.from_bytes, b""),
        (parse_sddl, "D:("),
        (parse_ntfs_rights, ["everything"]),
    ],
)
def test_every_reader_refuses_malformed_input_with_the_same_error(read, malformed) -> None:
    with pytest.raises(SecurityDescriptorError) as caught:
        read(malformed)
    # Callers outside of the package catch ValueError.
    assert isinstance(caught.value, ValueError)
    assert str(caught.value)
