# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of SMB, in words for operators: `SmbError`, with the kind of failure and the name of the status.

Needs impacket and the standard library only, as `smb_session` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

with suppress(ImportError):  # smb_session reports what is missing.
    from impacket import smb, smb3
    from impacket.dcerpc.v5.rpcrt import DCERPCException, rpc_status_codes
    from impacket.nt_errors import ERROR_MESSAGES
    from impacket.smbconnection import SessionError
    from impacket.system_errors import ERROR_MESSAGES as SYSTEM_ERROR_MESSAGES

_LOGON = {
    0xC000005E: ("no domain controller is available to check the password", "Check the domain's controllers."),
    0xC0000064: ("the user name does not exist", "Check the account's name and domain."),
    0xC000006A: ("the password is wrong", "Check the password."),
    0xC000006D: ("the user name or the password is wrong", "Check the account's name, domain and password."),
    0xC000006E: (
        "the account is restricted",
        "Windows does not let accounts without a password log on over the network.",
    ),
    0xC000006F: ("the account may not log on at this time", "Check its logon hours."),
    0xC0000070: ("the account may not log on from this computer", "Check the workstations that it is limited to."),
    0xC0000071: ("the account's password has expired", "Set a new password."),
    0xC0000072: ("the account is disabled", "Enable it."),
    0xC000015B: (
        "the account lacks the right to log on over the network",
        "Check the server's policies 'Access this computer from the network' and 'Deny access …'.",
    ),
    0xC000018C: ("the trust to the account's domain is broken", "Check the domain's name and its trust."),
    0xC000018D: ("the server's trust to its domain is broken", "Check the server's computer account."),
    0xC0000192: ("the server's Netlogon service is not running", "Start it."),
    0xC0000193: ("the account has expired", "Check the date on which it expires."),
    0xC0000224: ("the account's password must be changed before the first logon", "Change it."),
    0xC0000234: ("the account is locked out", "Unlock it, and find out what tries wrong passwords."),
    0xC0000388: (
        "the server detected an attempt to weaken the logon",
        "Check the network between the controller and the server.",
    ),
    0xC0000413: ("the account may not log on to this server", "Check 'Allowed to authenticate' of its trust."),
    0xC0000418: ("the server takes no NTLM", "Use Kerberos."),
}


_CONNECTION_LOST = frozenset(
    {
        0xC00000B5,  # STATUS_IO_TIMEOUT
        0xC00000C4,  # STATUS_UNEXPECTED_NETWORK_ERROR
        0xC00000C9,  # STATUS_NETWORK_NAME_DELETED
        0xC00000D6,  # STATUS_VIRTUAL_CIRCUIT_CLOSED
        0xC000013B,  # STATUS_LOCAL_DISCONNECT
        0xC000013C,  # STATUS_REMOTE_DISCONNECT
        0xC000013E,  # STATUS_LINK_FAILED
        0xC000013F,  # STATUS_LINK_TIMEOUT
        0xC0000203,  # STATUS_USER_SESSION_DELETED
        0xC000020C,  # STATUS_CONNECTION_DISCONNECTED
        0xC000020D,  # STATUS_CONNECTION_RESET
        0xC0000241,  # STATUS_CONNECTION_ABORTED
        0xC000035C,  # STATUS_NETWORK_SESSION_EXPIRED
        0x00050002,  # STATUS_SMB_BAD_TID
        0x005B0002,  # STATUS_SMB_BAD_UID
    }
)
"""Statuses of a session that is of no more use ([MS-ERREF] 2.3.1, [MS-CIFS] 2.2.2.4)."""


class SmbError(Exception):
    """An SMB server refused, or did not answer.

    Attributes:
        kind: `unreachable` (no connection, or none that stayed up), `logon` (the account is not let in), `refused`
            (any other error that the server answered with, or that our own rules make of it; the connection is as good
            as before), `garbled` (an answer that cannot be used).
        reason: what happened, without a full stop.
        advice: what to do about it; may be empty.
        status: the NT status, or the Windows error code of a remote procedure call, or None.
        status_name: its name, such as `STATUS_ACCESS_DENIED`, or an empty string.
    """

    LOST = ("unreachable", "garbled")
    """The kinds after which a connection is of no more use."""

    def __init__(self, kind: str, reason: str, advice: str = "", status: int | None = None) -> None:
        self.kind = kind
        self.reason = reason
        self.advice = advice
        self.status = status
        self.status_name = status_name(status)
        super().__init__(f"{reason}. {advice}".strip())


@contextmanager
def smb_errors(*, logon: str | None = None) -> Iterator[None]:
    """Translate exceptions of impacket and the operating system into `SmbError`.

    Args:
        logon: the account, while it logs on.
    """
    try:
        yield
    except SmbError:
        raise
    except Exception as error:
        # impacket has no exception of its own for an answer of the wrong shape: struct.error, IndexError, KeyError,
        # UnicodeDecodeError, AssertionError, plain Exception and others come as its parsers raise them.
        raise _translate(error, logon) from None


def status_name(status: int | None) -> str:
    """The name of an NT status or Windows error code; empty for None, hexadecimal for one without a name."""
    if status is None:
        return ""
    known = _known(status)
    return known[0] if known else f"0x{status:08X}"


def status_words(status: int) -> str:
    """Name and meaning of an NT status or Windows error code, in one line."""
    known = _known(status)
    if not known:
        return f"0x{status:08X}"
    return f"{known[0]}: {' '.join(known[1].split())}".rstrip(". ")


def reason_of(error: Exception) -> str:
    """The innermost reason, in one line of bounded length."""
    inner = error.args[-1] if error.args and isinstance(error.args[-1], Exception) else error
    text = " ".join((getattr(inner, "strerror", None) or str(inner) or type(inner).__name__).split())
    return text[:300]


def _translate(error: Exception, logon: str | None) -> SmbError:
    if isinstance(error, (SessionError, smb.SessionError, smb3.SessionError)):
        status = int(getattr(error, "error", 0) or error.get_error_code()) & 0xFFFFFFFF
        if logon is not None:
            reason, advice = _LOGON.get(status, ("the server refuses the logon", "Look the status up."))
            return SmbError("logon", f"{logon}: {reason} ({status_name(status)})", advice, status)
        return answered(status)
    if isinstance(error, DCERPCException):
        code = error.get_error_code()
        if isinstance(code, int) and code:
            return answered(code & 0xFFFFFFFF)
        return SmbError("garbled", f"the remote procedure call failed: {reason_of(error)}")
    if isinstance(error, TimeoutError):
        advice = "Check that the server is up. If it is slow, raise ansible_smb_timeout."
        return SmbError("unreachable", reason_of(error), advice)
    if isinstance(error, OSError):
        return SmbError("unreachable", f"the connection broke: {reason_of(error)}", "Check that the server is up.")
    return SmbError("garbled", f"the answer cannot be used ({reason_of(error)})", "Is this really an SMB server?")


def answered(status: int) -> SmbError:
    """The error for a status that the server answered with. A Windows error code may come as an HRESULT."""
    if status & 0xFFFF0000 == 0x80070000:
        status &= 0xFFFF
    return SmbError("unreachable" if status in _CONNECTION_LOST else "refused", status_words(status), status=status)


def _known(status: int) -> tuple[str, str] | None:
    """Name and text of a code; remote procedure calls on Windows' own functions fail with the codes of those."""
    found = ERROR_MESSAGES.get(status) or SYSTEM_ERROR_MESSAGES.get(status)
    if found:
        return str(found[0]), str(found[1])
    fault = rpc_status_codes.get(status)
    return (fault.partition(":")[0].strip(), "the remote procedure call failed") if fault else None
