# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""The symptoms to search for in logs, as data: messages, their meaning and the source.

To add a symptom, add a value to SYMPTOMS and a sample to the tests. Its pattern must contain its word and take linear
time. It may have these groups: `job`, `package`, `site` and `server` of the destination (without backslashes), `code`.
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
    """One log message about a failure.

    Attributes:
        id: its name in results.
        products: the products that write it, according to the source.
        log: the log that contains it: despooler, scheduler or sender.
        word: a constant part of the message, used to select lines; ASCII.
        pattern: the pattern of the message, searched in a line.
        meaning: its meaning in plain words.
        kind: the likely kind of failure if the code does not decide.
        source: the document that quotes it.
        codes: the known codes.
        confirmed: whether a document that quotes the message was found.
        follows: whether another message contains the reason.
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
_NOT_QUOTED = "no Microsoft document that quotes it was found; reported by users"

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
        meaning="The Despooler could not read the package of a job in Despoolr.box\\Receive. The job fails.",
        kind=CodeKind.ACCESS_DENIED,
        source="Q179118",
    ),
    Symptom(
        id="despooler_delta_file_name",
        products="SMS 1.2",
        log="despooler",
        word="InitDeltaFile - couldn't get file name",
        pattern=re.compile(r"CDeltaSource: InitDeltaFile - couldn't get file name"),
        meaning="The Despooler could not create a file in the directory that the Sender account must access.",
        kind=CodeKind.ACCESS_DENIED,
        source="Q179118",
    ),
    Symptom(
        id="despooler_delta_file_init",
        products="SMS 1.2",
        log="despooler",
        word="AddObjectAndDeliver - couldn't initialize Delta file",
        pattern=re.compile(r"CDeltaSource: AddObjectAndDeliver - couldn't initialize Delta file"),
        meaning="The error of InitDeltaFile stopped the delivery.",
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
        meaning="The Despooler could not execute an instruction.",
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
        meaning=(
            "This site does not have the public key of the sending site and refuses its data. Permissions are not the "
            "cause."
        ),
        kind=CodeKind.OTHER,
        source="System Center Configuration Manager 2007 Unleashed, 'Troubleshooting Secondary Site Installation'",
    ),
    Symptom(
        id="despooler_package_not_announced",
        products="Configuration Manager",
        log="despooler",
        word="information hasn't arrived yet",
        pattern=re.compile(rf"[Pp]ackage ?\[(?P<package>{_ID})\]'s information hasn't arrived yet for this version"),
        meaning=(
            "The package arrived before its description. The Despooler tries again after five minutes. This is not a "
            "failure."
        ),
        kind=CodeKind.OTHER,
        source=PACKAGE_ACTIONS,
    ),
    Symptom(
        id="despooler_win32_error",
        products="SMS 1.x",
        log="despooler",
        word="WIN32 ERROR = ",
        pattern=re.compile(r"WIN32 ERROR = (?P<code>[1-9][0-9]{0,9})"),
        meaning="A file operation failed.",
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
        meaning="The Scheduler cannot access Despoolr.box\\Receive with the Sender account. No job is sent.",
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
        meaning="The Sender has no connection to the destination. The code is the reason. Code 0 is not a failure.",
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
        meaning="The Sender does not try this destination again for an hour. The previous error is the reason.",
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
        meaning="The Sender could not connect. The previous error is the reason.",
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
        meaning="The Sender's number of concurrent sendings is 0, so it sends nothing. Permissions are not the cause.",
        kind=CodeKind.OTHER,
        source="Q163379",
    ),
)
