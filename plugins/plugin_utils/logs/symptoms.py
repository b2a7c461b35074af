# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""What is looked for in the logs, as data: the messages, what they mean, and where that is written.

To add one, add a value to SYMPTOMS. Its pattern has to hold its word, take linear time, and may name these groups:
`job`, `package`, `site` and `server` of the destination (without backslashes), and `code`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .codes import DESPOOLER, PACKAGE_ACTIONS, WIN32, Code, CodeKind

_NO_CODES: Mapping[str, Code] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Symptom:
    """One message that tells of a failure.

    Attributes:
        id: its name in results.
        products: which products write it, as far as the source says.
        log: which log it stands in: despooler, scheduler or sender.
        word: a part of it that never varies, by which lines are chosen; ASCII.
        pattern: what the message looks like; searched for in a line.
        meaning: what it means, in our words.
        kind: what it is likely a matter of where its code does not say.
        source: the document that quotes it.
        codes: what its code can be.
        confirmed: whether a document was found that quotes the message.
        follows: whether it only reports what another message says the reason of.
    """

    id: str
    products: str
    log: str
    word: str
    pattern: re.Pattern[str]
    meaning: str
    kind: CodeKind
    source: str
    codes: Mapping[str, Code] = field(default_factory=lambda: _NO_CODES)
    confirmed: bool = True
    follows: bool = False


_SERVER = r"\\{1,4}(?P<server>[^\s\\()\"]{1,255})"
_IN_BRACKETS = r"(?:\\[^()\r\n]{0,260}| )?\((?P<code>[0-9]{1,10})\)"
_ID = r"[A-Za-z0-9_]{1,32}"
_NOT_QUOTED = "no document of Microsoft's was found that quotes it; known by hearsay"

SYMPTOMS: tuple[Symptom, ...] = (
    Symptom(
        id="despooler_package_file_missing",
        products="SMS 1.2",
        log="despooler",
        word="Cannot find the package file",
        pattern=re.compile(
            rf"Cannot find the package file\.\s{{0,8}}we'll fail the job"
            rf"(?: \(Job ID = (?P<job>{_ID})\s{{1,8}}Package ID = (?P<package>{_ID})\))?"
        ),
        meaning="The Despooler could not read the package of a job in Despoolr.box\\Receive, and fails the job.",
        kind=CodeKind.ACCESS_DENIED,
        source="Q179118",
    ),
    Symptom(
        id="despooler_delta_file_name",
        products="SMS 1.2",
        log="despooler",
        word="InitDeltaFile - couldn't get file name",
        pattern=re.compile(r"CDeltaSource: InitDeltaFile - couldn't get file name"),
        meaning="The Despooler could not make a file in the directory that the Sender account is used for.",
        kind=CodeKind.ACCESS_DENIED,
        source="Q179118",
    ),
    Symptom(
        id="despooler_delta_file_init",
        products="SMS 1.2",
        log="despooler",
        word="AddObjectAndDeliver - couldn't initialize Delta file",
        pattern=re.compile(r"CDeltaSource: AddObjectAndDeliver - couldn't initialize Delta file"),
        meaning="What InitDeltaFile reported ended the delivery.",
        kind=CodeKind.ACCESS_DENIED,
        source="Q179118",
    ),
    Symptom(
        id="despooler_instruction_failed",
        products="SMS 1.0 to Configuration Manager",
        log="despooler",
        word="Despooler failed to execute the instruction",
        pattern=re.compile(
            r"Despooler failed to execute the instruction(?:, error code = (?:0x)?(?P<code>[0-9A-Fa-f]{1,8}))?"
        ),
        meaning="The Despooler gave up on an instruction.",
        kind=CodeKind.OTHER,
        source="Q179118, Q190135, Q264945",
        codes=DESPOOLER,
    ),
    Symptom(
        id="despooler_public_key_missing",
        products="SMS 2003 to Configuration Manager",
        log="despooler",
        word="public key for",
        pattern=re.compile(
            r"Cannot find (?:a|valid) public key for (?:key exchange )?instruction"
            r"(?:[^\r\n]{0,300}?(?:incoming|coming) from site (?P<site>[A-Za-z0-9]{3})\b)?"
        ),
        meaning="The sending site's public key is not known here, so what it sends is refused. Permissions are fine.",
        kind=CodeKind.OTHER,
        source="System Center Configuration Manager 2007 Unleashed, 'Troubleshooting Secondary Site Installation'",
    ),
    Symptom(
        id="despooler_package_not_announced",
        products="Configuration Manager",
        log="despooler",
        word="information hasn't arrived yet",
        pattern=re.compile(rf"[Pp]ackage ?\[(?P<package>{_ID})\]'s information hasn't arrived yet for this version"),
        meaning="The package came before what describes it; it is tried again after five minutes. No fault by itself.",
        kind=CodeKind.OTHER,
        source=PACKAGE_ACTIONS,
    ),
    Symptom(
        id="despooler_win32_error",
        products="SMS 1.x",
        log="despooler",
        word="WIN32 ERROR = ",
        pattern=re.compile(r"WIN32 ERROR = (?P<code>[1-9][0-9]{0,9})"),
        meaning="An operation on a file failed.",
        kind=CodeKind.OTHER,
        source="Q161043",
        codes=WIN32,
    ),
    Symptom(
        id="scheduler_secondary_source",
        products="SMS 1.2",
        log="scheduler",
        word="Cannot connect to secondary source",
        pattern=re.compile(r"ERROR: Cannot connect to secondary source"),
        meaning="The Scheduler cannot reach Despoolr.box\\Receive with the Sender account, and no job gets past it.",
        kind=CodeKind.ACCESS_DENIED,
        source="Q179118",
    ),
    Symptom(
        id="sender_connect_error",
        products="SMS 2.0",
        log="sender",
        word="Error during WNetAddConnection2",
        pattern=re.compile(rf"Error during WNetAddConnection2(?: to {_SERVER})?{_IN_BRACKETS}"),
        meaning="The Sender could not connect to the share of the destination.",
        kind=CodeKind.OTHER,
        source="Q235753, Q221951, Q261874",
        codes=WIN32,
    ),
    Symptom(
        id="sender_connection_error",
        products="SMS 2003 to Configuration Manager",
        log="sender",
        word="Error during connection to",
        pattern=re.compile(rf"Error during connection to {_SERVER}{_IN_BRACKETS}"),
        meaning="The Sender could not connect to the share of the destination.",
        kind=CodeKind.OTHER,
        source=_NOT_QUOTED,
        codes=WIN32,
        confirmed=False,
    ),
    Symptom(
        id="sender_no_connection",
        products="SMS 2.0 to Configuration Manager",
        log="sender",
        word="There is no existing connection",
        pattern=re.compile(r"There is no existing connection, Win32 error = (?P<code>[1-9][0-9]{0,9})"),
        meaning="The Sender has no connection to the destination; the code tells why. With code 0 it is no failure.",
        kind=CodeKind.OTHER,
        source="Q235753 quotes it with code 0",
        codes=WIN32,
    ),
    Symptom(
        id="sender_site_put_off",
        products="SMS 2.0 to Configuration Manager",
        log="sender",
        word="at remote site",
        pattern=re.compile(
            r"Cannot connect to server (?:\\{1,4})?(?P<server>[^\s\\()\"]{1,255})"
            r" at remote site (?P<site>[A-Za-z0-9]{3})\b"
        ),
        meaning="The Sender will not try this destination again for an hour. The error before it tells why.",
        kind=CodeKind.OTHER,
        source="Q235753",
        follows=True,
    ),
    Symptom(
        id="sender_attempt_failed",
        products="SMS 2.0 to Configuration Manager",
        log="sender",
        word="Attempt to connect failed",
        pattern=re.compile(r"Attempt to connect failed\."),
        meaning="The Sender could not connect. The error before it tells why.",
        kind=CodeKind.OTHER,
        source="Q235753",
        follows=True,
    ),
    Symptom(
        id="sender_no_capacity",
        products="SMS 1.1, SMS 1.2",
        log="sender",
        word="no sending capacity",
        pattern=re.compile(r"Used 0 out of 0, no sending capacity"),
        meaning="The Sender's number of concurrent sendings is set to 0, so it sends nothing. Permissions are fine.",
        kind=CodeKind.OTHER,
        source="Q163379",
    ),
)
