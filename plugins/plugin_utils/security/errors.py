# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error of this package."""

from __future__ import annotations


class SecurityDescriptorError(ValueError):
    """Text or bytes that are no SID, ACE, ACL or security descriptor, or rights that nobody knows."""
