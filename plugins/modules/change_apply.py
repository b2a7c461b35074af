# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: change_apply
short_description: Apply the approved plan of a change to a site server
description:
  - Writes exactly the security descriptors that the plan has for this host. The plan must be approved, and the
    directory and the share must hold exactly what they held when the plan was made. The comparison covers the DACL with
    all its entries and their order, inherited entries included, the control bits that SDDL has, and owner and group as
    read.
  - A host that has changed since is refused, named and left unchanged. An object that already holds the planned state
    is not written again. So run it again to continue an interrupted run.
  - The directory is written before the share. Each is read again right before its write and refused if it has changed.
    Each is written once, read back and compared. If a write fails, everything written before it is restored, members of
    a group included.
  - Members of a group cannot be changed over WinRM. If the plan adds any, the host fails before anything is written,
    also in check mode, and the error has the task of C(ansible.windows) that adds them.
  - Two runs with the same O(record) do not work on the same host at the same time. The second one fails there.
  - Every write is in the O(record) on disk before it is sent, and its result afterwards.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  record:
    description:
      - The record, on the controller. A file of JSON lines to which events are appended. It is created if it does not
        exist.
      - Nothing is written on a site server if it cannot be recorded. Not used in check mode.
    type: path
    required: true
extends_documentation_fragment:
  - sitekeeper.sms.approval
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.site_server
  - sitekeeper.sms.attributes.planned
seealso:
  - module: sitekeeper.sms.change_plan_file
  - module: sitekeeper.sms.change_rollback
"""

EXAMPLES = r"""
- name: Apply the approved plan
  sitekeeper.sms.change_apply:
    path: CHG0012345.plan.json
    approved_digest: "{{ approved_digest }}"
    approver: Change Advisory Board, 2026-11-23
    record: CHG0012345.record.jsonl
"""

RETURN = r"""
outcome:
  description:
    - V(applied), or V(in_place) if the host already held the planned state.
    - V(nothing_owed) if no account needs access on this host. V(not_planned) if the host is not in the plan, or could
      not be read for it.
    - V(refused) if the host has changed since. Then nothing was written, and the task fails.
  returned: success, or if the host is refused
  type: str
  sample: applied
added:
  description: Accounts that were added to the local group. In check mode, that would be added.
  returned: success
  type: list
  elements: str
  sample: []
objects:
  description: The directory and the share.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: V(directory) or V(share).
      type: str
      sample: share
    name:
      description: The share's name, or the directory's path.
      type: str
      sample: SMS_SITE
    changed:
      description: Whether it was written. In check mode, whether it would be.
      type: bool
      sample: true
    before_sddl:
      description: Its security descriptor before the task, in SDDL.
      type: str
      sample: "D:(A;;FA;;;BA)"
    after_sddl:
      description: Its security descriptor after the task, as read back. In check mode, as planned.
      type: str
      sample: "D:(A;;FA;;;BA)(A;;FA;;;S-1-5-21-1004336348-1177238915-682003330-1104)"
change_id:
  description: The number of the change.
  returned: success
  type: str
  sample: CHG0012345
digest:
  description: The digest of the plan.
  returned: success
  type: str
  sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
play:
  description: What identifies this play within the run. M(sitekeeper.sms.change_summary) counts the results of its play only.
  returned: success, or if the host is refused
  type: str
  sample: 0242ac11-0002-3c1d-9d4a-000000000006
uncertain:
  description:
    - V(true) if an object may or may not have been written. The server did not acknowledge the write, and reading the
      object again did not settle it. The write may still arrive. Run the task again. It reads the object first.
  returned: failure, if a write is uncertain
  type: bool
  sample: true
steps:
  description: The result of each step that was run.
  returned: failure, if something was or may have been written
  type: list
  elements: dict
  contains:
    object:
      description: The share, folder or file, or the account and the group.
      type: str
      sample: share SMS_SITE
    status:
      description:
        - V(unchanged), no change was needed. V(done), the object holds the goal. V(not_done), nothing was written.
        - V(undone), the object was written and then restored. V(uncertain), see RV(uncertain).
      type: str
      sample: uncertain
"""
