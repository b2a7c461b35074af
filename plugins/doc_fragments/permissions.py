# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused on any list of permissions unless it is asked for."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `sitekeeper.sms.permissions`."""

    DOCUMENTATION = r"""
options:
  remove_blocking_denies:
    description:
      - A deny entry of the same account that blocks a permission asked for is an error.
      - With V(true) it is removed instead. Deny entries of groups and other accounts are never removed.
    type: bool
    default: false
  narrow_null_dacl:
    description:
      - A NULL DACL gives everyone full control. Replacing it by a list of entries is refused.
      - V(true) permits it.
    type: bool
    default: false
notes:
  - A DACL that is not in canonical order is put in order, with a warning.
"""
