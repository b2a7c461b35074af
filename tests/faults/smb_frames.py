# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Just enough of SMB to see on the wire what a message asks for ([MS-SMB2] 2.2, [MS-CIFS] 2.2, [MS-RPCE])."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

SMB1, SMB2 = b"\xffSMB", b"\xfeSMB"
_NEGOTIATE, _SESSION_SETUP, _CREATE, _QUERY_INFO, _SET_INFO = 0, 1, 5, 16, 17
_NT_CREATE, _NT_TRANSACT, _SESSION_SETUP_1 = 0xA2, 0xA0, 0x73
_PENDING = 0x00000103
_SECURITY = 3  # SMB2_0_INFO_SECURITY
_SET_SECURITY, _QUERY_SECURITY = 3, 6  # NT_TRANSACT
_RPC_REQUEST = re.compile(rb"\x05\x00\x00[\x00-\x03]\x10\x00\x00\x00")
RPC_RESPONSE = re.compile(rb"\x05\x00\x02[\x00-\x03]\x10\x00\x00\x00")
_GET_INFO, _SET_SHARE = 16, 17  # NetrShareGetInfo, NetrShareSetInfo ([MS-SRVS] 3.1.4)

LOG_ON = "logon"
AUTHENTICATE = b"NTLMSSP\x00\x03\x00\x00\x00"


@dataclass(slots=True)
class Listener:
    """Follows one connection.

    Attributes:
        share: the name of the share whose permissions are of interest.
        folder: the last part of the folder's path.
    """

    share: str
    folder: str
    _opening: set[int] = field(default_factory=set)
    _handles: set[int] = field(default_factory=set)

    def operation(self, message: bytes) -> str | None:
        """What a request asks for: `share.read`, `share.write`, `directory.read`, `directory.write`, `logon`, or None
        for anything else."""
        call = _RPC_REQUEST.search(message)
        if call and len(message) >= call.start() + 24 and self.share.encode("utf-16-le") in message:
            number = struct.unpack_from("<H", message, call.start() + 22)[0]
            if number in (_GET_INFO, _SET_SHARE):
                return "share.write" if number == _SET_SHARE else "share.read"
        if message[:4] == SMB2:
            return self._of_smb2(message)
        return self._of_smb1(message) if message[:4] == SMB1 else None

    def answered(self, message: bytes) -> None:
        """Learn from an answer which handles lead to the folder (SMB 1)."""
        if message[:4] == SMB1 and message[4] == _NT_CREATE and len(message) >= 40 and not any(message[5:9]):
            # Handles are used again.
            handle = struct.unpack_from("<H", message, 38)[0]
            if struct.unpack_from("<H", message, 30)[0] in self._opening:
                self._handles.add(handle)
            else:
                self._handles.discard(handle)

    def _of_smb2(self, message: bytes) -> str | None:
        opens = False
        for command, body in _commands(message):
            if command == _SESSION_SETUP:
                return LOG_ON
            if command == _CREATE and len(body) >= 48:
                at, length = struct.unpack_from("<HH", body, 44)
                opens = self._is_folder(body[at - 64 : at - 64 + length])
            elif opens and command in (_QUERY_INFO, _SET_INFO) and body[2] == _SECURITY:
                return "directory.write" if command == _SET_INFO else "directory.read"
        return None

    def _of_smb1(self, message: bytes) -> str | None:
        command = message[4]
        if command == _SESSION_SETUP_1:
            return LOG_ON
        if command == _NT_CREATE:
            number = struct.unpack_from("<H", message, 30)[0]
            self._opening.discard(number)
            if self._is_folder(message.rstrip(b"\0") + b"\0"):
                self._opening.add(number)
        if command == _NT_TRANSACT and len(message) > 71:
            function = struct.unpack_from("<H", message, 69)[0]
            offset = struct.unpack_from("<L", message, 33 + 23)[0]
            known = len(message) >= offset + 2 and struct.unpack_from("<H", message, offset)[0] in self._handles
            if known and function in (_SET_SECURITY, _QUERY_SECURITY):
                return "directory.write" if function == _SET_SECURITY else "directory.read"
        return None

    def _is_folder(self, name: bytes) -> bool:
        encoded = self.folder.casefold().encode("utf-16-le")
        return name.lower().rstrip(b"\0").endswith((encoded.rstrip(b"\0"), self.folder.casefold().encode()))


def _commands(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The commands of a message, which may be several in one, with their bodies."""
    while len(message) >= 66 and message[:4] == SMB2:
        command, following = struct.unpack_from("<H6xL", message, 12)
        yield command, message[64 : following or None]
        if not following:
            return
        message = message[following:]


def pending(request: bytes) -> bytes:
    """An interim answer to an SMB 2 request: it is being worked on. It is not signed ([MS-SMB2] 3.3.4.1.1)."""
    command, message_id = struct.unpack_from("<H", request, 12)[0], request[24:32]
    header = struct.pack("<4sHHLHHLL", SMB2, 64, 1, _PENDING, command, 1, 0x00000003, 0) + message_id
    return (
        header
        + struct.pack("<QQ16x", 1, struct.unpack_from("<Q", request, 40)[0])
        + struct.pack("<HHL", 9, 0, 0)
        + b"\0"
    )


def is_interim(answer: bytes) -> bool:
    """Whether an SMB 2 server says that it is still working (STATUS_PENDING)."""
    return answer[:4] == SMB2 and struct.unpack_from("<L", answer, 8)[0] == _PENDING


def with_status(message: bytes, status: int) -> bytes:
    """An answer that says something else. The signature stays what it was."""
    if message[:4] == SMB2:
        return message[:8] + struct.pack("<L", status) + message[12:]
    return message[:5] + struct.pack("<L", status) + message[9:]


def rpc_fault(message: bytes, status: int) -> bytes:
    """An answer whose procedure call has failed ([C706] 12.6.4.7): the fault takes the response's place."""
    found = RPC_RESPONSE.search(message)
    if found is None:
        return message
    at = found.start()
    return message[: at + 2] + b"\x03" + message[at + 3 : at + 24] + struct.pack("<L", status) + message[at + 28 :]
