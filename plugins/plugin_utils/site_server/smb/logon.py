# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may log on over the network, from the server's local security authority (LSA)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ....module_utils.smb_errors import SmbError
from ...security import Sid
from ...smb import MAX_NAMES, PipeClient
from ..port import DENY_NETWORK_LOGON, NETWORK_LOGON, NetworkLogon, UserRight

RIGHTS = (NETWORK_LOGON, DENY_NETWORK_LOGON)
LOCAL_POLICY = "local security policy"
"""The LSA has what the server applies: group policy overwrites its user rights (Microsoft, "User Rights
Assignment")."""
MAX_ACCOUNTS = 256
"""Most accounts that are asked for their rights one by one."""
_NO_SUCH_PRIVILEGE = 0xC0000060


def network_logon(pipes: PipeClient, names_for: Callable[[Iterable[Sid]], Mapping[Sid, str]]) -> NetworkLogon:
    """Who may log on over the network. A refusal is no error: what it leaves open is in `UserRight.unread`.

    Args:
        pipes: calls to the server.
        names_for: looks up the names of accounts, as far as the server has them.

    Raises:
        SmbError: the connection broke, or an answer cannot be used.
    """
    held: dict[str, tuple[Sid, ...]] = {}
    refusals: dict[str, SmbError] = {}
    for right in RIGHTS:
        try:
            held[right] = pipes.accounts_with_right(right)
        except SmbError as error:
            if error.kind != "refused":
                raise
            refusals[right] = error
    unknown = [right for right, error in refusals.items() if error.status == _NO_SUCH_PRIVILEGE]
    if unknown:
        held.update(_asked_one_by_one(pipes, unknown))
    names = names_for(sid for right in RIGHTS for sid in held.get(right, ())[:MAX_NAMES])

    def shown(right: str) -> UserRight:
        holders = {sid: names.get(sid, str(sid)) for sid in held.get(right, ())[:MAX_NAMES]}
        unread = ""
        if right not in held:
            unread = f"the server does not list who holds it ({refusals[right].reason})"
        elif len(held[right]) > MAX_NAMES:
            unread = f"only {MAX_NAMES} of {len(held[right])} holders were read"
        return UserRight(right, holders, unread, LOCAL_POLICY)

    allowed, denied = map(shown, RIGHTS)
    return NetworkLogon(allowed, denied)


def _asked_one_by_one(pipes: PipeClient, rights: Iterable[str]) -> dict[str, tuple[Sid, ...]]:
    """The holders of rights that the server does not list by right.

    Samba's domain controller keeps rights for each account that it does not list in this way. If no account has the
    right, the server may not have it at all, and the right is left out.
    """
    try:
        accounts = pipes.accounts_with_rights()
        if len(accounts) > MAX_ACCOUNTS:
            return {}
        rights_of = {account: pipes.rights_of(account) for account in accounts}
    except SmbError as error:
        if error.kind != "refused":
            raise
        return {}
    held = {right: tuple(account for account in accounts if right in rights_of[account]) for right in rights}
    return {right: accounts for right, accounts in held.items() if accounts}
