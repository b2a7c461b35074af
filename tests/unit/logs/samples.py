# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs as documents quote them, each with where it is from. They are quoted without the indent of the document."""

from __future__ import annotations

Q179118 = """\
Cannot find the package file. we'll fail the job (Job ID = M020002D1 Package ID = W_M0200024)
CDeltaSource: InitDeltaFile - couldn't get file name
CDeltaSource: AddObjectAndDeliver - couldn't initialize Delta file
Despooler failed to execute the instruction, error code = C000000b
ERROR: Cannot connect to secondary source. Scheduler will not attempt to transfer jobs from secondary to primary source.
"""
"""The article of SMS 1.2; it breaks the first and the last message to fit its page."""

Q169491 = """\
~Waiting for ready instruction file....
$$<SMS_DESPOOLER><Wed May 21 17:09:02 1997~><thread=DB>
~Found ready instruction sni00000.sni
$$<SMS_DESPOOLER><Wed May 21 17:09:27 1997~><thread=DB>
~Executing instruction of type
MICROSOFT|SMS|DOMAIN_COMMISSAR_WIREMOVE
$$<SMS_DESPOOLER><Wed May 21 17:09:27 1997~><thread=DB>
~Despooler successfully executed one instruction.
$$<SMS_DESPOOLER><Wed May 21 17:09:29 1997~><thread=DB>
~Memory usage: blocks=0 bytes=0
$$<SMS_DESPOOLER><Wed May 21 17:09:29 1997~><thread=DB>
"""
"""Despool.log of SMS 1.2, with the line breaks of the article."""

Q159201 = """\
Size mismatch in RoutingInfo record.  Got 0, expected 544.~
$$<SMS_SCHEDULER><Wed Nov 06 08:49:37 1996~><thread=D7>
"""
"""The Scheduler's log of SMS 1.0 to 1.2."""

Q236052 = """\
Warning - could not read files from site TB1 (#2147942405) $$<CCIM32><Tue Jan 04 15:19:23.375 2000><thread=112 (0x70)>
CCIM32 - Retry in 60 minutes $$<CCIM32><Tue Jan 04 15:19:28.663 2000><thread=112 (0x70)>
"""
"""A log of SMS 2.0."""

Q235753 = r"""
Created sending thread (Thread ID = 205)
Trying the No. 1 address (out of 1)
Error during WNetAddConnection2 to \\\\DSSMS\SMS_SITE (67).
No (more) send requests found to process.
There is no existing connection, Win32 error = 0
Operation is retryable.
Cannot connect to server \\DSSMS at remote site MS1, won't try send requests going to site MS1 for an hour or until there are no active send requests.
Could not establish connection.
Attempt to connect failed.
There is no existing connection, Win32 error = 0
No need to disconnect
Restart time = 03/17/99 10:47:16 Eastern Standard Time
"""  # noqa: E501
"""The Sender's log of SMS 2.0; the article breaks the long line."""

PKGXFERMGR = """\
CSendFileAction::SendContent failed; 0x80041002 $$<SMS_PACKAGE_TRANSFER_MANAGER><06-14-2018 06:26:25.828-60><thread=9112 (0x2398)>
~ Sending failed. Failure count = 24, Restart time = 14/06/2018 06:56:25 GMT Daylight Time $$<SMS_PACKAGE_TRANSFER_MANAGER><06-14-2018 06:26:25.828-60><thread=9112 (0x2398)>
"""  # noqa: E501
"""A site server's log of Configuration Manager, as an administrator quotes it in a post on a renamed distribution
point."""

NETWARE = r"""
NWScanObject for user or group EVERYONE; return: ffff 6/01/97 3:25:15 PM
Failed to set permission on \\Jamal\APPL\SMS\logon.srv\pcmpkg.src\CS100005 6/01/97 3:25:15 PM
"""
"""The Despooler's log of SMS 1.2 with its times at the end, as the article on event 108 and NetWare quotes it."""

CODES = r"""
WIN32 ERROR = 32
There is no existing connection, Win32 error = 1326
~Error during connection to \\P01.corp.example\SMS_SITE (5).
"""
"""Messages of the Sender and the Despooler that end with a code: Q161043, Q235753; the source of the last one is
unknown, see its symptom."""

CMTRACE = (
    '<![LOG[Message text here]LOG]!><time="14:30:00.000+000" date="03-23-2026" component="ComponentName" context="" '
    'type="1" thread="1234" file="source.cpp:100">\r\n'
)
"""As the documentation of CMTrace Open gives it."""

CODE_EACH = "".join(
    f"{text}  $$<SMS_LAN_SENDER><06-20-2018 11:{time}+300><thread=4432 (0x1150)>\n"
    for time, text in (
        ("22:33.001", "~Trying the No. 1 address (out of 1)"),
        ("22:33.002", r"~Error during connection to \\P01.corp.example\SMS_SITE (1326)."),
        ("22:33.003", "~Error is considered fatal."),
        (
            "22:33.004",
            "~Cannot connect to server P01.corp.example at remote site P01, won't try send"
            " requests going to site P01 for an hour or until there are no active send requests.",
        ),
        ("22:33.005", "~Could not establish connection."),
        ("23:33.002", r"~Error during connection to \\P02.corp.example\SMS_SITE (1219)."),
        ("24:33.002", r"~Error during connection to \\P03.corp.example\SMS_SITE (64)."),
        ("25:33.002", r"~Error during connection to \\P04.corp.example\SMS_SITE (1396)."),
        ("26:33.002", r"~Error during connection to \\P01.corp.example\SMS_SITE (5)."),
        ("27:33.002", r"~Error during connection to \\P05.corp.example\SMS_SITE (121)."),
        ("28:33.002", r"~Error during connection to \\P06.corp.example\SMS_SITE (384)."),
    )
)
"""A Sender that fails with one code for each destination."""
