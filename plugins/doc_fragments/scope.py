# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option for the result of `hierarchy_scope`."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `sitekeeper.sms.scope`."""

    DOCUMENTATION = r"""
options:
  scope:
    description: The result of M(sitekeeper.sms.hierarchy_scope) in this play.
    type: dict
    required: true
"""
