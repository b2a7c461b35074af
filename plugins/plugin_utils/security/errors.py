# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error class of this package."""

from __future__ import annotations


class SecurityDescriptorError(ValueError):
    """Text or bytes are not a valid SID, ACE, ACL or security descriptor, or a right is unknown."""
