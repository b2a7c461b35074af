# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of audits: a file that cannot be read is a bad value, one that cannot be written is not."""

from __future__ import annotations

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit.errors import AuditError, AuditFileError


def test_who_catches_one_does_not_catch_the_other() -> None:
    assert issubclass(AuditError, ValueError)
    assert not issubclass(AuditFileError, ValueError)
    assert not issubclass(AuditFileError, OSError)
