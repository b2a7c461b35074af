# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules of this collection can do, and where."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `sitekeeper.sms.attributes`, and for each sort of module a variant beside it."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying the target.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check mode), when in diff mode.
"""

    SITE_SERVER = r"""
options: {}
attributes:
  platform:
    description: Target operating systems that can be operated against.
    support: full
    platforms: windows
  connection:
    description: >-
      Runs on the controller and speaks to the target through the connection settings of the host, WS-Management with
      those of P(ansible.builtin.winrm#connection) or P(ansible.builtin.psrp#connection), SMB with those of
      P(sitekeeper.sms.smb#connection). Nothing is copied to the target, and neither a shell nor PowerShell is started
      there.
    support: full
"""

    CONTROLLER = r"""
options: {}
attributes:
  action:
    description: Runs on the controller, and connects to nothing.
    support: full
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    description: Target operating systems that can be operated against.
    support: full
    platforms: posix
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details: Reads only.
  diff_mode:
    support: none
    details: Changes nothing.
"""

    PLANNED = r"""
options: {}
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: The plan of the change says what changes, entry by entry.
"""
