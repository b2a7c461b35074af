# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMB and RPC to a host's smbd, with impacket: what a Windows server would answer about its shares and files."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from impacket.dcerpc.v5 import srvs, transport  # type: ignore[import-untyped, unused-ignore]
from impacket.dcerpc.v5.rpcrt import DCERPCException  # type: ignore[import-untyped, unused-ignore]
from impacket.nmb import NetBIOSError, NetBIOSTimeout  # type: ignore[import-untyped, unused-ignore]
from impacket.smb import SessionError as Smb1Error  # type: ignore[import-untyped, unused-ignore]
from impacket.smb3 import SMB3  # type: ignore[import-untyped, unused-ignore]
from impacket.smb3 import SessionError as Smb3Error  # type: ignore[import-untyped, unused-ignore]
from impacket.smbconnection import SessionError, SMBConnection  # type: ignore[import-untyped, unused-ignore]

from ...waiting import PATIENCE
from ..backend import Missing, Unavailable
from ..model import Logon, Share
from .configuration import ADMINISTRATIVE, SMB_PORT

T = TypeVar("T")

_INFO_SECURITY = 3  # [MS-SMB2] 2.2.37, SMB2_0_INFO_SECURITY
_OWNER_GROUP_DACL = 0x7
_DACL = 0x4
_READ_CONTROL, _WRITE_DAC, _SHARE_ALL, _FILE_OPEN = 0x00020000, 0x00040000, 0x7, 0x1
_NO_SUCH_NAME = {
    0xC000000F,  # STATUS_NO_SUCH_FILE
    0xC0000034,  # STATUS_OBJECT_NAME_NOT_FOUND
    0xC000003A,  # STATUS_OBJECT_PATH_NOT_FOUND
    0xC0000033,  # STATUS_OBJECT_NAME_INVALID
}
_NO_SUCH_SHARE = (
    0x906,  # NERR_NetNameNotFound
    0x7B,  # ERROR_INVALID_NAME, what NetrShareGetInfo of Samba says then
)
_FAILURES = (SessionError, Smb1Error, Smb3Error, DCERPCException, NetBIOSError, NetBIOSTimeout, OSError)
_UNLIMITED = 0xFFFFFFFF


class Session:
    """A connection to smbd, made when it is needed and made again when it was lost. One caller at a time."""

    def __init__(self, address: str, logon: Logon) -> None:
        self._address = address
        self._logon = logon
        self._lock = threading.Lock()
        self._connection: SMBConnection | None = None
        self._tree = 0
        self._srvsvc: Any = None

    def close(self) -> None:
        with self._lock:
            self._forget()

    def shares(self) -> tuple[Share, ...]:
        """NetrShareEnum ([MS-SRVS] 3.1.4.8), level 2."""
        answer = self._do(lambda: srvs.hNetrShareEnum(self._srvsvc, 2))
        return tuple(_share(item, "shi2") for item in answer["InfoStruct"]["ShareInfo"]["Level2"]["Buffer"])

    def share(self, name: str) -> Share:
        """A share by its name; raises Missing."""
        return _share(self._info(name), "shi502")

    def share_descriptor(self, name: str) -> bytes:
        """A share's descriptor; for one that was never given any, what Samba says then: Everyone may do all."""
        return b"".join(self._info(name)["shi502_security_descriptor"])

    def set_share_descriptor(self, name: str, descriptor: bytes) -> None:
        """NetrShareSetInfo, level 502, all else as it was."""

        def work() -> None:
            info = self._get_info(name)
            info["shi502_security_descriptor"] = list(descriptor)
            info["shi502_reserved"] = len(descriptor)
            srvs.hNetrShareSetInfo(self._srvsvc, f"{name}\0", 502, info)

        self._do(work, f"share {name!r}")

    def file_descriptor(self, path: str) -> bytes:
        """Owner, group and DACL of a path relative to C$; raises Missing."""

        def work() -> bytes:
            server = self._smb2()
            file = server.create(self._tree, path, _READ_CONTROL, _SHARE_ALL, 0, _FILE_OPEN, 0)
            try:
                return bytes(
                    server.queryInfo(
                        self._tree,
                        file,
                        infoType=_INFO_SECURITY,
                        fileInfoClass=0,
                        additionalInformation=_OWNER_GROUP_DACL,
                        flags=0,
                    )
                )
            finally:
                server.close(self._tree, file)

        return self._do(work, f"path {path!r}")

    def write_dacl(self, path: str, descriptor: bytes) -> None:
        """Write the DACL of a path relative to C$, as a client does; raises Missing."""

        def work() -> None:
            server = self._smb2()
            file = server.create(self._tree, path, _WRITE_DAC, _SHARE_ALL, 0, _FILE_OPEN, 0)
            try:
                server.setInfo(
                    self._tree,
                    file,
                    infoType=_INFO_SECURITY,
                    fileInfoClass=0,
                    inputBlob=descriptor,
                    additionalInformation=_DACL,
                )
            finally:
                server.close(self._tree, file)

        self._do(work, f"path {path!r}")

    def _smb2(self) -> SMB3:
        server = self._connection.getSMBServer() if self._connection else None
        if not isinstance(server, SMB3):
            raise Unavailable(f"{self._address} speaks SMB 1 only; the lab needs SMB 2 for descriptors")
        return server

    def _info(self, name: str) -> Any:
        return self._do(lambda: self._get_info(name), f"share {name!r}")

    def _get_info(self, name: str) -> Any:
        return srvs.hNetrShareGetInfo(self._srvsvc, f"{name}\0", 502)["InfoStruct"]["ShareInfo502"]

    def _do(self, work: Callable[[], T], what: str = "") -> T:
        """Do it, on a new connection if the one at hand is lost; raises Missing or Unavailable."""
        with self._lock:
            for last in (False, True):
                try:
                    if self._connection is None:
                        self._connect()
                    return work()
                except _FAILURES as error:
                    code = _code(error)
                    if code in _NO_SUCH_NAME or code in _NO_SUCH_SHARE:
                        raise Missing(what) from None
                    self._forget()
                    if last:
                        raise Unavailable(f"{self._address}: {error}") from None
        raise AssertionError  # the second round returned or raised

    def _connect(self) -> None:
        # impacket forgets to close the socket of an attempt that fails, so a first one is made without it.
        socket.create_connection((self._address, SMB_PORT), PATIENCE).close()
        domain, _unused, user = self._logon.user.rpartition("\\")
        self._connection = connection = SMBConnection(self._address, self._address, timeout=PATIENCE)
        connection.login(user, self._logon.password, domain)
        self._tree = connection.connectTree(ADMINISTRATIVE)
        pipe = transport.SMBTransport(self._address, self._address, filename=r"\srvsvc", smb_connection=connection)
        self._srvsvc = pipe.get_dce_rpc()
        self._srvsvc.connect()
        self._srvsvc.bind(srvs.MSRPC_UUID_SRVS)

    def _forget(self) -> None:
        connection, self._connection, self._srvsvc = self._connection, None, None
        if connection:
            try:
                # Not logoff: that would wait for a server that may be gone.
                connection.getSMBServer().close_session()
            except Exception:  # a lost connection fails to close in as many ways
                return


def _code(error: Exception) -> int | None:
    if isinstance(error, SessionError):
        return int(error.getErrorCode())
    if isinstance(error, (DCERPCException, Smb3Error)):
        code = error.get_error_code()
        return None if code is None else int(code)
    return None


def _share(info: Any, prefix: str) -> Share:
    maximum = int(info[f"{prefix}_max_uses"])
    return Share(
        _text(info[f"{prefix}_netname"]),
        _text(info[f"{prefix}_path"]),
        _text(info[f"{prefix}_remark"]),
        type=int(info[f"{prefix}_type"]),
        maximum_allowed=None if maximum == _UNLIMITED else maximum,
    )


def _text(value: str) -> str:
    return value.rstrip("\0")
