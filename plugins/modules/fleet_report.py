# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_report
short_description: Write reports from the audit files of a fleet
description:
  - Combines audit files with the description of the hierarchy, and writes a report for people (HTML), for programs
    (JSON), for spreadsheets (CSV) and for CI servers (JUnit XML).
  - The HTML report is one file that needs no network and no JavaScript. It shows the hierarchy as a tree, every site
    with its state, the access of each account with the entries that decided, the planned edits, and findings with
    advice.
  - The same audit gives the same files, byte for byte. A file is written only if its content changes.
  - Works on the controller only; no connection is made.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  audit_files:
    description:
      - The audit files, on the controller.
      - If several have the same host, the run that started last counts. So you can combine the files of job slices, and
        those before and after a remediation.
    type: list
    elements: path
    required: true
  second_readings:
    description:
      - Whether to also read the file with the same name and C(.after) for each of O(audit_files), if it exists. The
        playbook C(sitekeeper.sms.fleet) writes it after a remediation.
    type: bool
    default: false
  sms_sites:
    description:
      - The hierarchy, as in the role P(sitekeeper.sms.sms_sender_perms#role). The report also lists its sites that were
        not audited.
      - Without it, the report has the hosts of the audit and no tree.
    type: raw
  title:
    description:
      - Heading of the HTML report.
    type: str
    default: Access of the Sender accounts
  html:
    description:
      - Path of the HTML report, on the controller.
      - At least one of O(html), O(json), O(csv) and O(junit) is required. Missing directories are created.
    type: path
  json:
    description:
      - Path of the JSON report.
    type: path
  csv:
    description:
      - Path of the CSV table. It has one row for each account of each site. Text that a spreadsheet could read as a
        formula begins with an apostrophe, also after a C(;) or C(|) within a cell.
    type: path
  junit:
    description:
      - Path of the JUnit XML. A site with drift has failures, a site that could not be read is an error, and a site
        that was not read is skipped.
    type: path
extends_documentation_fragment:
  - sitekeeper.sms.fleet
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.controller
notes:
  - The files show who has access to what on the site servers. Only their owner can read them (mode 0600), like the
    audit file. Publish them only where this information may be known.
seealso:
  - module: sitekeeper.sms.fleet_audit
  - module: sitekeeper.sms.sender_access_info
"""

EXAMPLES = r"""
- name: Write the reports
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
  description: Number of site servers in each state.
  returned: success
  type: dict
  sample:
    drifted: 3
    error: 0
    unreachable: 1
    not_read: 0
    in_desired_state: 196
hosts:
  description: Number of site servers in the report.
  returned: success
  type: int
  sample: 200
findings:
  description: Number of findings of each severity.
  returned: success
  type: dict
  sample:
    warning: 2
complete:
  description: Whether the audit was finished. If it was interrupted, the report has the hosts that were read.
  returned: success
  type: bool
  sample: true
unreadable:
  description: Lines of the audit files that were skipped, such as an incomplete last line of an interrupted run.
  returned: success
  type: list
  elements: str
  sample: []
lines:
  description: A line with the number of site servers in each state, and the files; and one if an audit was interrupted.
  returned: success
  type: list
  elements: str
  sample: ["200 site servers: 3 drifted, 1 unreachable, 196 in desired state. See report.html"]
files:
  description: The reports by format.
  returned: success
  type: dict
  sample:
    html:
      path: report.html
      bytes: 1048576
      changed: true
"""
