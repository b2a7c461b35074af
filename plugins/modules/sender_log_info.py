# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: sender_log_info
short_description: Tell what the logs of a site server say about failed sending
description:
  - Reads logs of the Despooler, the Scheduler and the Senders, and finds the messages of KB article Q179118 and others
    that tell of failed sending, with the jobs, packages and destinations that they name.
  - Says what likely caused them, beside the access that the Sender accounts have now, if that is given as O(access).
  - Reads all formats from SMS 1.x to Configuration Manager, CMTrace's included, in UTF-8, UTF-16 and ANSI. Logs are
    streamed, so their size does not matter. What is malformed is counted and passed over.
  - Changes nothing.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  files:
    description:
      - Logs on the controller, as M(ansible.builtin.fetch) brings them there.
      - At least one of these or of O(paths) is needed. With none of O(paths), no connection is made.
    type: list
    elements: path
  paths:
    description:
      - Logs on the site server, as local paths there. That needs a connection which can read files, as the connection
        plugin P(sitekeeper.sms.smb#connection) does; WinRM's WS-Management cannot.
    type: list
    elements: str
  access:
    description:
      - What access the Sender accounts have, on the server that wrote the logs and on the destinations.
      - Despooler and Scheduler use the access to their own site server; a Sender that to the destination.
    type: list
    elements: dict
    suboptions:
      host:
        description:
          - The destination, by the name that the Sender's log calls it by. Only what stands before the first dot counts.
          - Leave it out for the site server that wrote the logs.
        type: str
      result:
        description: What M(sitekeeper.sms.sender_access_info) returned.
        type: dict
        required: true
extends_documentation_fragment:
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.info
attributes:
  platform:
    description: Target operating systems that can be operated against.
    support: full
    platforms: windows
notes:
  - Times are those of the server's own clock, with the offset from UTC where the log tells it.
  - No message that is known names the account. That is what O(access) is for.
  - Of a group of lines, up to 1000 different jobs, packages and sites are told, and of a symptom up to 1000 groups.
seealso:
  - module: sitekeeper.sms.sender_access_info
"""

EXAMPLES = r"""
- name: What do the logs tell that were fetched from the site server?
  sitekeeper.sms.sender_log_info:
    files:
      - logs/despool.log
      - logs/sched.log
  register: found

- name: Show the likely causes
  ansible.builtin.debug:
    msg: "{{ found.causes | map(attribute='statement') | list }}"

- name: What access do the senders have now?
  sitekeeper.sms.sender_access_info:
    senders:
      - CORP\smssend
  register: now

- name: Put both together
  sitekeeper.sms.sender_log_info:
    files:
      - logs/despool.log
    access:
      - result: "{{ now }}"
"""

RETURN = r"""
causes:
  description: The likely causes, missing access first. Messages that tell no reason, or a harmless one, have none.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: >-
        What it is a matter of: V(access_denied), permissions; V(logon), the account; V(name), the server or share is not
        found; V(path), a file or directory is not found.
      type: str
      sample: access_denied
    evidence:
      description: >-
        What that rests on: V(confirmed), an account lacks access now; V(not_confirmed), the accounts given have it;
        V(unknown), no access was given for this server; V(log), the error code in the log.
      type: str
      sample: confirmed
    statement:
      description: It in one sentence.
      type: str
      sample: >-
        14 jobs failed because CORP\smssend lacks access to the directory D:\SMS\Site.srv\Despoolr.box\Receive (no entry
        grants Read, Write)
    server:
      description: The destination, if a Sender failed to reach it.
      type: str
      sample: P01
    accounts:
      description: The accounts that lack access.
      type: list
      elements: str
      sample: ["CORP\\smssend"]
    symptoms:
      description: Identifiers of the symptoms.
      type: list
      elements: str
      sample: [despooler_package_file_missing]
    jobs:
      description: The jobs that the messages name.
      type: list
      elements: str
      sample: [M020002D1]
    packages:
      description: The packages that the messages name.
      type: list
      elements: str
      sample: [W_M0200024]
    count:
      description: How many messages there are.
      type: int
      sample: 14
    last:
      description: Time of the latest of them.
      type: str
      sample: "1997-05-21T17:09:29"
symptoms:
  description: The messages that were found, grouped by symptom, error code and destination.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Name of the symptom.
      type: str
      sample: despooler_package_file_missing
    log:
      description: Which log writes it, V(despooler), V(scheduler) or V(sender).
      type: str
      sample: despooler
    products:
      description: Which products write it, as far as the source says.
      type: str
      sample: SMS 1.2
    meaning:
      description: What it means.
      type: str
      sample: The Despooler could not read the package of a job in Despoolr.box\Receive, and fails the job.
    code:
      description: The error code, as it is written; empty if there is none.
      type: str
      sample: "5"
    code_meaning:
      description: What the code means; empty if that is not known.
      type: str
      sample: "ERROR_ACCESS_DENIED: access is denied"
    server:
      description: The destination server, if the message names one.
      type: str
      sample: P01
    kind:
      description: As of the causes, or V(other).
      type: str
      sample: access_denied
    source:
      description: The document that this is from.
      type: str
      sample: Q179118
    confirmed:
      description: Whether a document was found that quotes the message.
      type: bool
      sample: true
    follows:
      description: Whether the message only follows from another.
      type: bool
      sample: false
    count:
      description: How many there are.
      type: int
      sample: 14
    undated:
      description: How many of them have no time.
      type: int
      sample: 0
    first:
      description: Time of the earliest.
      type: str
      sample: "1997-05-21T17:09:02"
    last:
      description: Time of the latest.
      type: str
      sample: "1997-05-21T17:09:29"
    jobs:
      description: The jobs that they name.
      type: list
      elements: str
      sample: [M020002D1]
    packages:
      description: The packages that they name.
      type: list
      elements: str
      sample: [W_M0200024]
    sites:
      description: The site codes that they name.
      type: list
      elements: str
      sample: [P01]
    ids_complete:
      description: Whether all that they name is listed.
      type: bool
      sample: true
    logs:
      description: The logs they are in.
      type: list
      elements: str
      sample: [logs/despool.log]
    examples:
      description: The first of them.
      type: list
      elements: dict
      contains: &example
        log:
          description: Name of the log.
          type: str
          sample: logs/despool.log
        line:
          description: Number of the line.
          type: int
          sample: 4711
        text:
          description: What the line says, at most 400 characters, control characters escaped.
          type: str
          sample: "Cannot find the package file. we'll fail the job (Job ID = M020002D1 Package ID = W_M0200024)"
logs:
  description: What each log is like.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its path.
      type: str
      sample: logs/despool.log
    encoding:
      description: Its encoding.
      type: str
      sample: ansi or utf-8
    bytes:
      description: Its size.
      type: int
      sample: 2097152
    lines:
      description: Its lines.
      type: int
      sample: 20000
    entries:
      description: Entries that have the fields of one of the formats.
      type: int
      sample: 19990
    malformed:
      description: Entries whose fields are broken, or whose end is missing.
      type: int
      sample: 1
    plain:
      description: Lines without fields.
      type: int
      sample: 9
    too_long:
      description: Lines longer than 64 KiB, of which only the beginning was looked at.
      type: int
      sample: 0
    matched:
      description: Lines that show a symptom.
      type: int
      sample: 14
    other_errors:
      description: Lines that speak of an error that is none of the symptoms.
      type: int
      sample: 2
    other_examples:
      description: The first of those.
      type: list
      elements: dict
      contains: *example
    first:
      description: Time of its first entry.
      type: str
      sample: "1997-05-20T08:00:00"
    last:
      description: Time of its last entry.
      type: str
      sample: "1997-05-21T18:00:00"
"""
