# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: change_summary
short_description: Summarize a change on the site servers of a play
description:
  - Returns the summary of the playbooks C(sitekeeper.sms.apply) and C(sitekeeper.sms.rollback) from the registered
    results of M(sitekeeper.sms.change_apply) or M(sitekeeper.sms.change_rollback), and the hosts that fail. Run it
    once.
  - A host without a result fails, and so does a host whose result has C(uncertain). If the plan has nothing for any
    host of the play, all of them fail.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  change_id:
    description: The number of the change.
    type: str
    required: true
  results:
    description: The name of the variable with the registered results.
    type: str
    required: true
  record:
    description: The path of the record.
    type: path
    required: true
  max_fail_percentage:
    description: The C(max_fail_percentage) of the play.
    type: float
    default: 100
  planned:
    description: The hosts that the plan changes. Without C(--limit), those that are not in the play are listed.
    type: list
    elements: str
  rolls_back:
    description:
      - Whether the play rolls the change back. If so, and without C(--limit), the play fails if the record has hosts
        that are not rolled back and not in the play. They are listed.
    type: bool
    default: false
extends_documentation_fragment:
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.controller
seealso:
  - module: sitekeeper.sms.change_apply
  - module: sitekeeper.sms.change_rollback
"""

EXAMPLES = r"""
- name: Summarize the change
  sitekeeper.sms.change_summary:
    change_id: CHG0012345
    results: applied
    record: CHG0012345.record.jsonl
  run_once: true
  register: summary
"""

RETURN = r"""
last:
  description: Whether this is the last batch of the play.
  returned: success
  type: bool
  sample: true
lines:
  description: The counts, and the names of the hosts that failed or were not changed as planned. Empty before the last batch.
  returned: success
  type: list
  elements: str
  sample: ["Change CHG0012345, 1 site server: 1 applied"]
failures:
  description: The reason why a host of the batch fails, by host.
  returned: success
  type: dict
  sample: {}
"""
