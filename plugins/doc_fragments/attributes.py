# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes of the modules of this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `sitekeeper.sms.attributes`, with a variant for each kind of module."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode. Then it returns whether it would change something, and changes nothing.
  diff_mode:
    description: Returns the details of the changes in diff mode. In check mode, of the changes that it would make.
"""

    SITE_SERVER = r"""
options: {}
attributes:
  platform:
    description: Operating systems of the target.
    support: full
    platforms: windows
  connection:
    description: >-
      Runs on the controller and connects to the target with the connection settings of the host, over WS-Management
      with those of P(ansible.builtin.winrm#connection) or P(ansible.builtin.psrp#connection), over SMB with those of
      P(sitekeeper.sms.smb#connection). Copies nothing to the target, and starts no shell and no PowerShell there.
    support: full
"""

    CONTROLLER = r"""
options: {}
attributes:
  action:
    description: Runs on the controller and makes no connection.
    support: full
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    description: Operating systems of the target.
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
    details: The plan of the change shows each entry that changes.
"""
