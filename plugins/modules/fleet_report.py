# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_report
short_description: Make reports of what an audit of the fleet found
description:
  - Puts the file that an audit left beside the description of the hierarchy, and writes a report for people (HTML), for
    programs (JSON), for spreadsheets (CSV) and for CI servers (JUnit XML).
  - The HTML report is one file that needs no network and no JavaScript. It shows the hierarchy as a tree, every site with
    its state, the access of each Sender account with the entries that decided about it, planned edits, and findings with
    advice.
  - The same audit gives the same files, byte for byte, so a file is only written when something in it is new.
  - Works on the controller only; no connection is made.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  audit_files:
    description:
      - The files that audits left, on the controller.
      - Where several have the same host, the run that began last counts. So the files of job slices make one report, and
        so do those before and after a correction.
    type: list
    elements: path
    required: true
  second_readings:
    description:
      - Whether to add, for each of O(audit_files), the file of the same name with C(.after) at its end, if there is one. The
        playbook C(sitekeeper.sms.fleet) writes it after it has remediated hosts.
    type: bool
    default: false
  sms_sites:
    description:
      - The hierarchy, as the role P(sitekeeper.sms.sms_sender_perms#role) takes it. Sites of it that no audit came to are in
        the report as such.
      - Without it, the report has the hosts of the audit and no tree.
    type: raw
  title:
    description:
      - Heading of the HTML report.
    type: str
    default: Access of the Sender accounts
  html:
    description:
      - Where to write the HTML report, on the controller.
      - At least one of O(html), O(json), O(csv) and O(junit) is needed. Directories that are missing are made.
    type: path
  json:
    description:
      - Where to write the JSON report.
    type: path
  csv:
    description:
      - Where to write the CSV table, a row for each Sender account of each site. Text that a spreadsheet would take for a
        formula has an apostrophe in front, also behind a C(;) or C(|) within a cell.
    type: path
  junit:
    description:
      - Where to write the JUnit XML. A site that drifted has failures, one that could not be read is an error, and one
        that was not read is skipped.
    type: path
extends_documentation_fragment:
  - sitekeeper.sms.fleet
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.controller
notes:
  - The files tell who may do what on the site servers. Like the audit file they are made for their owner alone
    (mode 0600); publish them where they may be read.
seealso:
  - module: sitekeeper.sms.fleet_audit
  - module: sitekeeper.sms.sender_access_info
"""

EXAMPLES = r"""
- name: Show what the audit found
  sitekeeper.sms.fleet_report:
    audit_files:
      - fleet.jsonl
    sms_sites: "{{ sms_sites }}"
    html: report.html
    junit: report.xml
  run_once: true
  register: report

- name: Show drift
  ansible.builtin.debug:
    msg: "{{ report.counts.drifted }} of {{ report.hosts }} site servers drifted"
"""

RETURN = r"""
counts:
  description: How many site servers are in each state.
  returned: success
  type: dict
  sample:
    drifted: 3
    error: 0
    unreachable: 1
    not_read: 0
    in_desired_state: 196
hosts:
  description: How many site servers the report has.
  returned: success
  type: int
  sample: 200
findings:
  description: How many findings of each severity there are.
  returned: success
  type: dict
  sample:
    warning: 2
complete:
  description: Whether the audit came to its end. If it was interrupted, the report has what it came to.
  returned: success
  type: bool
  sample: true
unreadable:
  description: Lines of the audit files that were passed over, as an interrupted run leaves them behind.
  returned: success
  type: list
  elements: str
  sample: []
lines:
  description: The number of site servers in each state, and the files, for people.
  returned: success
  type: list
  elements: str
  sample: ["200 site servers: 3 drifted, 1 unreachable, 196 in desired state. See report.html"]
files:
  description: The reports by their formats.
  returned: success
  type: dict
  sample:
    html:
      path: report.html
      bytes: 1048576
      changed: true
"""
