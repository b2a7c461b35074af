# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: change_rollback
short_description: Roll back a change on a site server
description:
  - Restores the security descriptors that the share and the directory held before the change, from the record of the
    change. It does so only if they still hold exactly what the change left.
  - A host that has changed since is refused, named and left unchanged, unless O(force) is set.
  - Members that the change added to a local group are removed from it, if they still are members. Over WinRM members
    cannot be removed, so the task fails before anything is written, also in check mode, and the error has the task that
    removes them.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  record:
    description:
      - The record of the change, on the controller. The events of the rollback are appended to it.
    type: path
    required: true
  change_id:
    description:
      - The number of the change to roll back. Required if the record has several changes.
    type: str
  approver:
    description:
      - Who requested the rollback, for the record. Nothing checks it.
    type: str
  force:
    description:
      - Whether to restore objects that have changed since, too. The changes of others to them are lost.
    type: bool
    default: false
extends_documentation_fragment:
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.site_server
  - sitekeeper.sms.attributes.planned
seealso:
  - module: sitekeeper.sms.change_apply
"""

EXAMPLES = r"""
- name: Roll back the change
  sitekeeper.sms.change_rollback:
    record: CHG0012345.record.jsonl
    approver: Change board, incident 4711
"""

RETURN = r"""
outcome:
  description:
    - V(restored), V(in_place) if everything was already restored, or V(nothing_to_restore).
    - V(refused) if the host has changed since. Then nothing was written, and the task fails.
  returned: success, or if the host is refused
  type: str
  sample: restored
removed:
  description: Accounts that were removed from the local group. In check mode, that would be removed.
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
      description: Its security descriptor after the task, as read back. In check mode, as it would be.
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
