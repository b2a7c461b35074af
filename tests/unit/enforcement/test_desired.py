# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desired state: values that modules spell as their options do."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.desired import (
    DesiredEntry,
    DesiredState,
    Inheritance,
    Presence,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import ACCESS_ALLOWED


def test_options_are_values() -> None:
    assert [Presence(word) for word in ("present", "absent", "exact")] == list(Presence)
    assert [Inheritance(word) for word in ("unchanged", "enabled", "disabled")] == list(Inheritance)
    with pytest.raises(ValueError, match="gone"):
        Presence("gone")


def test_nothing_dangerous_is_allowed_unless_it_is_asked_for() -> None:
    state = DesiredState((DesiredEntry("CORP\\a", ACCESS_ALLOWED, 1),))
    assert (state.state, state.inheritance) == (Presence.PRESENT, Inheritance.UNCHANGED)
    assert not any((state.remove_blocking_denies, state.allow_lockout, state.narrow_null_dacl, state.groups))


def test_it_is_frozen() -> None:
    entry = DesiredEntry("CORP\\a", ACCESS_ALLOWED, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.mask = 2  # type: ignore[misc]
    assert entry == DesiredEntry("CORP\\a", ACCESS_ALLOWED, 1)
