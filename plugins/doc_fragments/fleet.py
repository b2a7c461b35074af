# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a task that runs once for a whole fleet."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `sitekeeper.sms.fleet`."""

    DOCUMENTATION = r"""
options:
  sms_products:
    description:
      - Your own products by name, as in the variable C(sms_products) of the inventory plugin
        P(sitekeeper.sms.hierarchy#inventory).
    type: dict
attributes:
  bypass_host_loop:
    description: Runs once for all hosts of the play. If the play has C(serial), once for each batch.
    support: full
"""
