# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: change_apply
short_description: Apply the approved plan of a change to a site server
description:
  - Writes exactly the security descriptors that the plan has for this host, if the plan is approved, and only if the
    directory and the share still hold exactly what they held when it was made. What counts is the DACL with all its
    entries, inherited ones included, their order, the control bits that SDDL has, and owner and group as read.
  - A host that has changed since is refused, named and left as it is. What is in place already is not written again, so
    that a run that broke off is taken up by running it again.
  - The directory is written before the share, each in one write that is read back and compared. If one fails, what was
    written before it is restored, members of a group included. Each is read again right before it is written, and
    refused if it has changed since.
  - Members of a group cannot be changed over WinRM. Where the plan has any to add, the host fails before anything is
    written, in check mode too, and the error says which task of C(ansible.windows) adds them.
  - Two runs with the same O(record) do not work on the same host at the same time; the second one fails there.
  - Every write is on disk in the O(record) before it is done, and its outcome after that.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  record:
    description:
      - The record, on the controller, a file of JSON lines that is only ever appended to. It is made if it is not there.
      - Nothing is written on a site server that could not be recorded. Not used in check mode.
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
- name: Carry out what was approved
  sitekeeper.sms.change_apply:
    path: CHG0012345.plan.json
    approved_digest: "{{ approved_digest }}"
    approver: Change Advisory Board, 2026-11-23
    record: CHG0012345.record.jsonl
"""

RETURN = r"""
outcome:
  description:
    - V(applied), or V(in_place) if everything was there already.
    - V(nothing_owed) if nobody is owed access on this host. V(not_planned) if the plan lacks it, or could not read it.
    - V(refused) if it has changed since, so that nothing was written. The task fails then.
  returned: success, or if the host is refused
  type: str
  sample: applied
added:
  description: Accounts that became members of the local group; in check mode that would.
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
      description: Whether it was written; in check mode whether it would be.
      type: bool
      sample: true
    before_sddl:
      description: Its security descriptor before, in SDDL.
      type: str
      sample: "D:(A;;FA;;;BA)"
    after_sddl:
      description: The same afterwards, as read back; in check mode as planned.
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
uncertain:
  description:
    - V(true) if an object may or may not have been written, since the server did not acknowledge the write and reading the
      object again does not settle it. The write may still arrive. Run the task again, which reads what the object holds.
  returned: failure, if it is so
  type: bool
  sample: true
steps:
  description: How each step ended that was run.
  returned: failure, if something was or may have been written
  type: list
  elements: dict
  contains:
    object:
      description: The share, folder or file, or the account and its group.
      type: str
      sample: share SMS_SITE
    status:
      description:
        - V(unchanged), it held the goal already. V(done), it holds the goal. V(not_done), nothing was written.
        - V(undone), it was written and restored. V(uncertain), see RV(uncertain).
      type: str
      sample: uncertain
"""
