# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: change_rollback
short_description: Take back what a change has written on a site server
description:
  - Gives the share and the directory the security descriptors that they held before the change, as its record has them,
    and only if they still hold exactly what the change has left.
  - A host that has changed since is refused, named and left as it is, unless O(force) is set.
  - Members that the change has added to a local group are removed from it, if they still are members. Over WinRM nothing
    can remove them, so the task fails before anything is written, in check mode too, and says what removes them.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  record:
    description:
      - The record of the change, on the controller. What is done here is appended to it.
    type: path
    required: true
  change_id:
    description:
      - The change to take back. Required if the record is of several.
    type: str
  approver:
    description:
      - Who wanted the change taken back, for the record. Nothing checks it.
    type: str
  force:
    description:
      - Restore also what has changed since. What others have changed there is lost.
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
- name: Take it back
  sitekeeper.sms.change_rollback:
    record: CHG0012345.record.jsonl
    approver: Change board, incident 4711
"""

RETURN = r"""
outcome:
  description:
    - V(restored), V(in_place) if everything was restored already, or V(nothing_to_restore).
    - V(refused) if it has changed since, so that nothing was written. The task fails then.
  returned: success, or if the host is refused
  type: str
  sample: restored
removed:
  description: Accounts that were removed from the local group; in check mode that would be.
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
      description: The same afterwards, as read back; in check mode as it would be.
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
