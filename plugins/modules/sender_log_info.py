# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: sender_log_info
short_description: Find failed sending and its likely cause in the logs of a site server
description:
  - Finds the messages of KB article Q179118, and other messages about failed sending, in the logs of Despooler,
    Scheduler and Senders. Returns them with the jobs, packages and destinations that they name.
  - Returns the likely causes. Pass the current access of the accounts as O(access) to compare it with the messages.
  - Reads all formats from SMS 1.x to Configuration Manager, CMTrace included, in UTF-8, UTF-16 and ANSI. Logs are
    streamed, so they can have any size. Malformed entries are counted and skipped.
  - Changes nothing.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  files:
    description:
      - Logs on the controller, for example from M(ansible.builtin.fetch).
      - At least one of O(files) and O(paths) is required. Without O(paths), no connection is made.
    type: list
    elements: path
  paths:
    description:
      - Logs on the site server, as local paths of the server. This needs a connection that can read files, such as
        P(sitekeeper.sms.smb#connection). WinRM cannot.
    type: list
    elements: str
  access:
    description:
      - The current access of the accounts, on the server that wrote the logs and on the destinations.
      - Despooler and Scheduler use the access to their own site server. A Sender uses the access to the destination.
      - The answer of each account in the results decides, so access through groups counts. If a group that was not read
        could change the answer, the cause is unknown. Domain groups are read with
        O(sitekeeper.sms.sender_access_info#module:sms_directory).
      - An error code of a logon is confirmed if an account cannot log on for that reason now. These are 1385 (no right to
        log on from the network), 1909 (locked), 1331 (disabled), 1793 (expired), 1330 and 1907 (password expired).
    type: list
    elements: dict
    suboptions:
      host:
        description:
          - The destination, with its name in the Sender's log. Only the part before the first dot is compared.
          - Omit it for the site server that wrote the logs.
        type: str
      result:
        description:
          - The result of M(sitekeeper.sms.sender_access_info) or M(sitekeeper.sms.sender_access). Results of older
            versions without C(answer) are accepted.
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
  - Times are from the clock of the server, with the offset from UTC if the log has it.
  - The logs do not name the account. Pass the result of M(sitekeeper.sms.sender_access_info) as O(access) to match it.
  - For a group of lines, up to 1000 different jobs, packages and sites are returned. For a symptom, up to 1000 groups
    are returned.
seealso:
  - module: sitekeeper.sms.sender_access_info
"""

EXAMPLES = r"""
- name: Analyze logs that were fetched from the site server
  sitekeeper.sms.sender_log_info:
    files:
      - logs/despool.log
      - logs/sched.log
  register: found

- name: Show the likely causes
  ansible.builtin.debug:
    msg: "{{ found.causes | map(attribute='statement') | list }}"

- name: Read the current access of the accounts
  sitekeeper.sms.sender_access_info:
    senders:
      - CORP\smssend
  register: now

- name: Compare the logs with the access
  sitekeeper.sms.sender_log_info:
    files:
      - logs/despool.log
    access:
      - result: "{{ now }}"
"""

RETURN = r"""
causes:
  description: >-
    The likely causes, missing access first, each with one advice. Messages without a reason, or with a harmless one,
    have no cause.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: >-
        The kind of cause. V(access_denied), permissions. V(logon), the account. V(name), the server or share is not
        found. V(path), a file or directory is not found. V(connection), the server is found, and the connection to it is
        refused or breaks. V(other), none of these.
      type: str
      sample: access_denied
    evidence:
      description: >-
        The evidence. V(confirmed), an account lacks access now, or cannot log on for the reason of the error code.
        V(not_confirmed), the accounts in O(access) have access. V(unknown), O(access) has nothing for this server, or
        something that was not looked at could change the answer. V(log), the error code in the log.
      type: str
      sample: confirmed
    statement:
      description: >-
        The cause, and what to do about it. If it is confirmed, also what decides: the entry, the user right or the state
        of the account. If it is unknown, what was not looked at.
      type: str
      sample: >-
        14 jobs failed because CORP\smssend lacks access to the directory D:\SMS\Site.srv\Despoolr.box\Receive (folder: no
        entry grants Read, Write)
    server:
      description: The destination, if a Sender failed to reach it.
      type: str
      sample: P01
    accounts:
      description: The accounts that lack access, or that cannot log on for the reason of the error code.
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
      description: Number of messages.
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
      description: The log that has it, V(despooler), V(scheduler) or V(sender).
      type: str
      sample: despooler
    products:
      description: The products that write it, according to the source.
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
      description: As of the causes.
      type: str
      sample: access_denied
    source:
      description: The documents that describe the symptom, its code and what to do about the code.
      type: str
      sample: Q179118
    confirmed:
      description: Whether a known document quotes the message.
      type: bool
      sample: true
    follows:
      description: Whether the message is only a consequence of another one.
      type: bool
      sample: false
    count:
      description: Number of messages.
      type: int
      sample: 14
    undated:
      description: Number of messages without a time.
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
      description: Whether all names in the messages are listed.
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
          description: Text of the line, at most 400 characters, control characters escaped.
          type: str
          sample: "Cannot find the package file. we'll fail the job (Job ID = M020002D1 Package ID = W_M0200024)"
logs:
  description: Properties of each log.
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
      description: Number of its lines.
      type: int
      sample: 20000
    entries:
      description: Number of entries that have the fields of one of the formats.
      type: int
      sample: 19990
    malformed:
      description: Number of entries with broken fields or without an end.
      type: int
      sample: 1
    plain:
      description: Number of lines without fields.
      type: int
      sample: 9
    too_long:
      description: Number of lines longer than 64 KiB. Only their beginning was examined.
      type: int
      sample: 0
    matched:
      description: Number of lines with a symptom.
      type: int
      sample: 14
    other_errors:
      description: Number of lines with an error that is none of the symptoms.
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
