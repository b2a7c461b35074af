# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that permit changes of a DACL which are refused by default."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `sitekeeper.sms.permissions`."""

    DOCUMENTATION = r"""
options:
  remove_blocking_denies:
    description:
      - Whether to remove a deny entry of the same account that blocks a requested permission.
      - With V(false), such an entry is an error. Deny entries of groups and of other accounts are never removed.
    type: bool
    default: false
  narrow_null_dacl:
    description:
      - Whether to permit that a NULL DACL is replaced by entries.
      - A NULL DACL gives everyone full control. With V(false), its replacement is refused.
    type: bool
    default: false
notes:
  - A DACL that is not in canonical order is reordered, with a warning.
"""
