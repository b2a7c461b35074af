# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_audit
short_description: Tell which site servers of a fleet have drifted, all of them in one task
description:
  - Reads the access of the Sender accounts on every site server of the play, many of them at once, and keeps what was
    read in one file. Changes nothing on any of them.
  - Runs once, on the controller, for all hosts of the play. Each host is reached by its own connection variables, over
    C(winrm), C(psrp) or P(sitekeeper.sms.smb#connection).
  - What is asked of each host follows from O(sms_sites), and from the host's variables C(sms_sender_perms_site_code),
    C(sms_site_code), C(sms_sender_perms_share), C(sms_sender_perms_directory), C(sms_sender_perms_group),
    C(sms_sender_perms_allow_unexpected_path) and C(sms_sender_perms_remove_blocking_denies), as the role
    P(sitekeeper.sms.sms_sender_perms#role) takes them.
  - A host that cannot be reached, or answers strangely, fails nothing but its own line.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  path:
    description:
      - The audit file on the controller. JSON, one object a line, written as hosts answer, readable by its owner only.
      - A file that an interrupted run has left behind is gone on with, if it is about the same O(sms_sites),
        O(sms_products) and extra variables of the role, by the same versions of the collection and of Ansible, and not
        older than O(max_age). Hosts that could not be read are asked again. Any other audit file is written anew.
      - Variables of single hosts are not compared. After changing them, delete the file.
    type: path
    required: true
  sms_sites:
    description:
      - The hierarchy, as the role P(sitekeeper.sms.sms_sender_perms#role) takes it. Required without O(senders).
    type: raw
  senders:
    description:
      - The Sender accounts that every host owes access, instead of what follows from O(sms_sites).
    type: list
    elements: str
  product:
    description:
      - What runs on every host, with O(senders).
    type: str
    default: sms_1_2
  hosts:
    description:
      - The hosts to read. If not given, all hosts of the play.
    type: list
    elements: str
  max_age:
    description:
      - Seconds after its begin that the answers in an unfinished file count. With V(0) the file is always written anew.
      - A file that began later than the controller's clock is written anew as well, with a warning.
    type: int
    default: 3600
  at_once:
    description:
      - Hosts that are read at the same time.
    type: int
    default: 64
  processes:
    description:
      - Processes that share the work. If not given, as many as the controller has processor cores.
    type: int
  timeout:
    description:
      - Seconds that one host may take. One that takes longer is V(unreachable), whatever it may still say.
    type: int
    default: 120
  retries:
    description:
      - How often a host is asked again that could not be reached or did not answer. A host that refuses the password is
        never asked again, since that could lock the account.
    type: int
    default: 1
  progress:
    description:
      - Seconds between two lines that say how far it is. V(0) for none.
    type: int
    default: 10
  findings:
    description:
      - Whether the file holds what P(sitekeeper.sms.hierarchy_findings#filter) finds about the sites.
    type: bool
    default: true
extends_documentation_fragment:
  - sitekeeper.sms.fleet
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.site_server
  - sitekeeper.sms.attributes.info
notes:
  - Register it with C(run_once), so that all hosts of the play have the result.
  - Hosts over C(winrm) with Kerberos and a password are read one at a time in each process, since the name of the ticket
    is of the whole process; one that uses the operator's own ticket waits meanwhile. C(psrp) with a password has no such
    limit.
seealso:
  - module: sitekeeper.sms.sender_access_info
  - module: sitekeeper.sms.sender_access
"""

EXAMPLES = r"""
- name: Which site servers have drifted?
  sitekeeper.sms.fleet_audit:
    sms_sites: "{{ sms_sites }}"
    path: fleet.jsonl
  run_once: true
  register: fleet

- name: Say it
  ansible.builtin.debug:
    msg: "{{ fleet.drifted | length }} of {{ fleet.counts.hosts }} have drifted: {{ fleet.drifted | join(', ') }}"
  run_once: true

- name: The same question for every host, without a hierarchy
  sitekeeper.sms.fleet_audit:
    senders:
      - CORP\smssend
    path: smssend.jsonl
  run_once: true
"""

RETURN = r"""
path:
  description: The audit file.
  returned: success
  type: str
  sample: /home/operator/fleet.jsonl
counts:
  description: How many hosts there are, and how many of each status.
  returned: success
  type: dict
  sample: {"hosts": 6, "in_desired_state": 3, "drifted": 2, "unreachable": 1, "error": 0}
resumed:
  description: How many of them an interrupted run had read already.
  returned: success
  type: int
  sample: 0
drifted:
  description: The hosts that have drifted, in the order of the play.
  returned: success
  type: list
  elements: str
  sample: ["p01.corp.example", "s01.corp.example"]
hosts:
  description: The status of each host, and a message where there is something to say.
  returned: success
  type: dict
  contains:
    status:
      description: V(in_desired_state), V(drifted), V(unreachable) or V(error).
      type: str
      sample: unreachable
    message:
      description: What is the matter.
      returned: if there is something to say
      type: str
      sample: "p02.corp.example: could not read share SMS_SITE: ConnectionRefusedError: Connection refused"
"""
