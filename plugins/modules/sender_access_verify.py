# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: sender_access_verify
short_description: Fail if site-to-site accounts still lack access
description:
  - Fails with the reason if accounts still lack access after the role P(sitekeeper.sms.sms_sender_perms#role) has added
    missing members to the group. The error has the task that adds the members that are still missing.
  - Succeeds only if members were the only thing that was missing, and the second reading shows the access. In check mode,
    it succeeds if the role would add them.
  - The role runs it on a host where M(sitekeeper.sms.sender_access) has failed, after it has read the access again.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  add_group_members:
    description: Whether the role adds missing members by C(ansible.windows.win_group_membership).
    type: bool
    default: false
extends_documentation_fragment:
  - sitekeeper.sms.scope
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.controller
seealso:
  - module: sitekeeper.sms.sender_access_summary
"""

EXAMPLES = r"""
- name: Verify access
  sitekeeper.sms.sender_access_verify:
    scope: "{{ scope }}"
    add_group_members: true
"""

RETURN = r"""
joined:
  description: The accounts that were added to the group. In check mode, that would be added.
  returned: success
  type: list
  elements: str
  sample: ["CORP\\smssend"]
"""
