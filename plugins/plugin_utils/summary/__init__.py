# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome of each host of a play, in words: pure values, no input or output.

:mod:`.access` is the table of the role `sms_sender_perms`, :mod:`.plan` the summary of the playbook `plan`,
:mod:`.change` that of the playbooks `apply` and `rollback`, and :mod:`.fleet` that of the playbook `fleet`. They read
the results that Ansible has registered. A host without a result never counts as good.
"""

from __future__ import annotations

from .access import AccessSummary, HostOutcome, HostRun, joined_members, not_in_inventory
from .change import ChangeOutcome, ChangeSummary
from .fleet import FleetOutcome, FleetSummary
from .plan import plan_lines

__all__ = [
    "AccessSummary",
    "ChangeOutcome",
    "ChangeSummary",
    "FleetOutcome",
    "FleetSummary",
    "HostOutcome",
    "HostRun",
    "joined_members",
    "not_in_inventory",
    "plan_lines",
]
