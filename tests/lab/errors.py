# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab raises when it cannot go on."""

from __future__ import annotations


class LabError(Exception):
    """The lab cannot start, or cannot do what it was told; says why."""
