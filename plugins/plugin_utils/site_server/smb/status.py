# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error status of SMB or of a remote procedure call shows about the request that it answers.

One table. Sources: [MS-ERREF] 2.2 (Windows error codes) and 2.3.1 (NT statuses); [C706] appendix E for the statuses of
remote procedure calls (1C0xxxxxh). The table has those that a server returns before it executes anything.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import AccessDenied, NoAnswer, NotFound, Rejected, ServerFault, SiteServerError

_DENIED = (
    5,  # ERROR_ACCESS_DENIED
    1314,  # ERROR_PRIVILEGE_NOT_HELD
    0xC0000022,  # STATUS_ACCESS_DENIED
    0xC0000061,  # STATUS_PRIVILEGE_NOT_HELD
    0xC00000CA,  # STATUS_NETWORK_ACCESS_DENIED
)
_NOT_FOUND = (
    2,  # ERROR_FILE_NOT_FOUND
    3,  # ERROR_PATH_NOT_FOUND
    123,  # ERROR_INVALID_NAME
    1060,  # ERROR_SERVICE_DOES_NOT_EXIST
    2310,  # NERR_NetNameNotFound
    0xC000000F,  # STATUS_NO_SUCH_FILE
    0xC0000033,  # STATUS_OBJECT_NAME_INVALID
    0xC0000034,  # STATUS_OBJECT_NAME_NOT_FOUND
    0xC000003A,  # STATUS_OBJECT_PATH_NOT_FOUND
    0xC000003B,  # STATUS_OBJECT_PATH_SYNTAX_BAD
    0xC0000064,  # STATUS_NO_SUCH_USER
    0xC0000066,  # STATUS_NO_SUCH_GROUP
    0xC00000CC,  # STATUS_BAD_NETWORK_NAME
    0xC00000DF,  # STATUS_NO_SUCH_DOMAIN
    0xC0000151,  # STATUS_NO_SUCH_ALIAS
)
_REFUSED = (
    1,  # ERROR_INVALID_FUNCTION
    19,  # ERROR_WRITE_PROTECT
    32,  # ERROR_SHARING_VIOLATION
    50,  # ERROR_NOT_SUPPORTED
    87,  # ERROR_INVALID_PARAMETER
    120,  # ERROR_CALL_NOT_IMPLEMENTED
    124,  # ERROR_INVALID_LEVEL
    1307,  # ERROR_INVALID_OWNER
    1308,  # ERROR_INVALID_PRIMARY_GROUP
    1336,  # ERROR_INVALID_ACL
    1337,  # ERROR_INVALID_SID
    1338,  # ERROR_INVALID_SECURITY_DESCR
    1377,  # ERROR_MEMBER_NOT_IN_ALIAS
    1378,  # ERROR_MEMBER_IN_ALIAS
    1387,  # ERROR_NO_SUCH_MEMBER
    1388,  # ERROR_INVALID_MEMBER
    1717,  # RPC_S_UNKNOWN_IF
    1723,  # RPC_S_SERVER_TOO_BUSY
    1727,  # RPC_S_CALL_FAILED_DNE: it did not execute
    1745,  # RPC_S_PROCNUM_OUT_OF_RANGE
    0xC0000002,  # STATUS_NOT_IMPLEMENTED
    0xC0000003,  # STATUS_INVALID_INFO_CLASS
    0xC000000D,  # STATUS_INVALID_PARAMETER
    0xC0000010,  # STATUS_INVALID_DEVICE_REQUEST
    0xC0000023,  # STATUS_BUFFER_TOO_SMALL
    0xC0000024,  # STATUS_OBJECT_TYPE_MISMATCH
    0xC0000043,  # STATUS_SHARING_VIOLATION
    0xC0000056,  # STATUS_DELETE_PENDING
    0xC0000058,  # STATUS_UNKNOWN_REVISION
    0xC000005A,  # STATUS_INVALID_OWNER
    0xC000005B,  # STATUS_INVALID_PRIMARY_GROUP
    0xC0000077,  # STATUS_INVALID_ACL
    0xC0000078,  # STATUS_INVALID_SID
    0xC0000079,  # STATUS_INVALID_SECURITY_DESCR
    0xC00000A2,  # STATUS_MEDIA_WRITE_PROTECTED
    0xC00000BA,  # STATUS_FILE_IS_A_DIRECTORY
    0xC00000BB,  # STATUS_NOT_SUPPORTED
    0xC0000101,  # STATUS_DIRECTORY_NOT_EMPTY
    0xC0000103,  # STATUS_NOT_A_DIRECTORY
    0xC0000121,  # STATUS_CANNOT_DELETE
    0xC0000152,  # STATUS_MEMBER_NOT_IN_ALIAS
    0xC0000153,  # STATUS_MEMBER_IN_ALIAS
    0xC000017A,  # STATUS_NO_SUCH_MEMBER
    0xC000017B,  # STATUS_INVALID_MEMBER
    0xC002001C,  # RPC_NT_CALL_FAILED_DNE
    0xC002001D,  # RPC_NT_SERVER_TOO_BUSY
    0x1C000008,  # nca_s_rpc_version_mismatch
    0x1C00000C,  # nca_s_manager_not_entered
    0x1C00001C,  # nca_s_invalid_pres_context_id
    0x1C010002,  # nca_s_op_rng_error
    0x1C010003,  # nca_s_unk_if
    0x1C010014,  # nca_s_server_too_busy
)
_BROKEN = (
    64,  # ERROR_NETNAME_DELETED
    109,  # ERROR_BROKEN_PIPE
    121,  # ERROR_SEM_TIMEOUT
    232,  # ERROR_NO_DATA
    233,  # ERROR_PIPE_NOT_CONNECTED
    1236,  # ERROR_CONNECTION_ABORTED
    1722,  # RPC_S_SERVER_UNAVAILABLE
    1726,  # RPC_S_CALL_FAILED
    1820,  # RPC_S_COMM_FAILURE
    0xC00000B0,  # STATUS_PIPE_DISCONNECTED
    0xC00000B1,  # STATUS_PIPE_CLOSING
    0xC000014B,  # STATUS_PIPE_BROKEN
    0xC0020017,  # RPC_NT_SERVER_UNAVAILABLE
    0xC002001B,  # RPC_NT_CALL_FAILED
    0x1C010001,  # nca_s_comm_failure
)
_OUTCOMES: Mapping[int, type[SiteServerError]] = {
    **dict.fromkeys(_DENIED, AccessDenied),
    **dict.fromkeys(_NOT_FOUND, NotFound),
    **dict.fromkeys(_REFUSED, Rejected),
    **dict.fromkeys(_BROKEN, NoAnswer),
}


def outcome_of(status: int | None) -> type[SiteServerError]:
    """The class of error for a status: `Rejected` and its subclasses if the status shows that nothing was done.

    `NoAnswer` means that the connection to the service behind the server broke, and `ServerFault` is any other error.

    Args:
        status: the NT status or Windows error code; None if our own rules refuse before anything is sent.
    """
    return Rejected if status is None else _OUTCOMES.get(status, ServerFault)
