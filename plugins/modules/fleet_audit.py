# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_audit
short_description: Find drift on all site servers of a fleet in one task
description:
  - Reads the access of the site-to-site accounts on every site server of the play, many at once, and writes it into one
    file. Changes nothing on any server.
  - Runs once, on the controller, for all hosts of the play. Each host is reached with its own connection variables,
    over C(winrm), C(psrp) or P(sitekeeper.sms.smb#connection).
  - The requirements of each host follow from O(sms_sites) and from the variables of the host,
    C(sms_sender_perms_site_code), C(sms_site_code), C(sms_sender_perms_share), C(sms_sender_perms_directory),
    C(sms_sender_perms_group), C(sms_sender_perms_allow_unexpected_path), C(sms_sender_perms_remove_blocking_denies),
    C(sms_sender_perms_own_entry) and C(sms_sender_perms_logon), as in the role P(sitekeeper.sms.sms_sender_perms#role).
  - A host that cannot be reached, or whose answer is unusable, affects only its own line.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  path:
    description:
      - The audit file on the controller. It has one JSON object on each line, written when a host answers. Only its
        owner can read it. C(audit.schema.json) in C(plugins/plugin_utils/audit) of this collection describes a line.
      - The file of an interrupted run is continued if it has the same O(sms_sites), O(sms_products), O(sms_directory)
        (without passwords and times), extra variables of the role, and versions of the collection and of Ansible, and
        is not older than O(max_age). Hosts that could not be read are tried again. Any other audit file is replaced.
      - Variables of single hosts are not compared. Delete the file after you change them.
    type: path
    required: true
  sms_sites:
    description:
      - The hierarchy, as in the role P(sitekeeper.sms.sms_sender_perms#role). Required without O(senders).
    type: raw
  senders:
    description:
      - The accounts that need access on every host, instead of those that follow from O(sms_sites).
    type: list
    elements: str
  product:
    description:
      - The product on every host. Used with O(senders) only.
    type: str
    default: sms_1_2
  hosts:
    description:
      - The hosts to read. The default is all hosts of the play.
    type: list
    elements: str
  max_age:
    description:
      - Seconds after the start of an interrupted run during which its file is continued. With V(0) the file is always
        replaced.
      - A file with a start time in the future is also replaced, with a warning.
    type: int
    default: 3600
  at_once:
    description:
      - Number of hosts that are read at the same time.
    type: int
    default: 64
  processes:
    description:
      - Number of processes. The default is the number of processor cores of the controller.
    type: int
  timeout:
    description:
      - Longest time for one host, in seconds. A host that takes longer is V(unreachable).
    type: int
    default: 120
  retries:
    description:
      - Number of retries for a host that could not be reached or did not answer. There is no retry if a host refuses
        the password, because that could lock the account.
    type: int
    default: 1
  progress:
    description:
      - Seconds between two lines of progress. V(0) for none.
    type: int
    default: 10
  findings:
    description:
      - Whether to write the findings of P(sitekeeper.sms.hierarchy_findings#filter) into the file.
    type: bool
    default: true
extends_documentation_fragment:
  - sitekeeper.sms.fleet
  - sitekeeper.sms.directory
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.site_server
  - sitekeeper.sms.attributes.info
notes:
  - Use C(run_once) with C(register), so that all hosts of the play have the result.
  - Hosts over C(winrm) with Kerberos and a password are read one at a time in each process, because the ticket cache is
    set for the whole process. A host that uses the operator's own ticket waits during that time. C(psrp) with a
    password has no such limit.
seealso:
  - module: sitekeeper.sms.sender_access_info
  - module: sitekeeper.sms.sender_access
"""

EXAMPLES = r"""
- name: Find site servers with drift
  sitekeeper.sms.fleet_audit:
    sms_sites: "{{ sms_sites }}"
    path: fleet.jsonl
  run_once: true
  register: fleet

- name: Show the result
  ansible.builtin.debug:
    msg: "{{ fleet.drifted | length }} of {{ fleet.counts.hosts }} have drifted: {{ fleet.drifted | join(', ') }}"
  run_once: true

- name: Check one account on every host, without a hierarchy
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
  description: Number of hosts, in total and for each status.
  returned: success
  type: dict
  sample: {"hosts": 6, "in_desired_state": 3, "drifted": 2, "unreachable": 1, "error": 0}
resumed:
  description: Number of hosts that an interrupted run had already read.
  returned: success
  type: int
  sample: 0
drifted:
  description: The hosts with drift, in the order of the play.
  returned: success
  type: list
  elements: str
  sample: ["p01.corp.example", "s01.corp.example"]
hosts:
  description: The status of each host, and a message if there is one.
  returned: success
  type: dict
  contains:
    status:
      description: V(in_desired_state), V(drifted), V(unreachable) or V(error).
      type: str
      sample: unreachable
    message:
      description: The error, or a remark.
      returned: if there is a message
      type: str
      sample: "p02.corp.example: could not read share SMS_SITE: ConnectionRefusedError: Connection refused"
"""
