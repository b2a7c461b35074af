# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the directories that the option `sms_directory` names, with its accounts or with that of the connection.

The LDAP adapter is imported with the first directory, as the adapters of site servers are.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..module_utils.smb_settings import split_account
from .credentials import Credentials, NoCredentials
from .directory import Directories, Directory, DirectoryLogonFailed, RememberedDirectory
from .directory.entry import ControllerEntry, directory_entries
from .directory.memory import PATIENCE, RunMemory
from .directory.unusable import UnusableDirectory
from .site_server.wires import credentials_of, find_wire

if TYPE_CHECKING:
    from .directory.ldap import LdapSettings

_ADAPTER = ".directory.ldap"
_MOST_OPEN = 64
_LOGGING_ON = "log on to the directory"
_GIVE = "Give user and password in its entry of sms_directory."

_open: dict[tuple[LdapSettings, Path | None], RememberedDirectory] = {}
"""The directories of this process. The hosts of a sweep use the same ones, each with one connection."""


def load_directories() -> None:
    """Import what directories need: before a fork, so that no process does it again."""
    import_module(_ADAPTER, __package__)


def open_directories(
    entries: Sequence[Mapping[str, Any]] | None, connection: Any, host: str, memory: Path | None
) -> Directories:
    r"""The directories of a task. Nothing is sent before the first question.

    A directory that has no account to log on with is among them, and answers with the reason.

    Args:
        entries: the option `sms_directory`, as Ansible checked it.
        connection: the connection plugin of the host, options set. Its account is used for entries without `user`.
        host: the host as the inventory names it.
        memory: a folder that only the user of this run can read, which all its processes share, and which is removed
            at its end (`ansible.constants.DEFAULT_LOCAL_TMP`). None: each process remembers for itself.

    Raises:
        DirectoryEntriesError: an entry is wrong; the text has all that is to be corrected.
        ConnectionUnsupported: the connection leads to no site server.
    """
    found = directory_entries(entries)
    if not found:
        return Directories()
    own: Credentials | NoCredentials
    try:
        own = credentials_of(host, connection)
    except NoCredentials as reason:
        own = reason
    return Directories([_directory(entry, own, connection, host, memory) for entry in found])


def close_directories() -> None:
    """Close the connections of this process. The next question opens a new one."""
    for directory in list(_open.values()):
        directory.close()
    _open.clear()


def _directory(
    entry: ControllerEntry, own: Credentials | NoCredentials, connection: Any, host: str, memory: Path | None
) -> Directory:
    try:
        credentials = _credentials(entry, own, connection, host)
    except NoCredentials as error:
        return UnusableDirectory(DirectoryLogonFailed(entry.server, _LOGGING_ON, str(error), _GIVE))
    name = entry.kerberos_hostname_override or entry.server
    if credentials.kerberos and _is_address(name):
        reason = f"Kerberos needs the full name of the domain controller, not {name}"
        advice = "Give it as server, and the address as address, in its entry of sms_directory."
        return UnusableDirectory(DirectoryLogonFailed(entry.server, _LOGGING_ON, reason, advice))
    domain, user = split_account(credentials.user, kerberos=credentials.kerberos)
    settings: LdapSettings = import_module(_ADAPTER, __package__).LdapSettings(
        host=entry.server,
        address=entry.address or entry.server,
        user=user,
        domain=domain,
        password=credentials.password,
        kerberos=credentials.kerberos,
        kerberos_name=entry.kerberos_hostname_override,
        domains=credentials.domains if entry.domains is None else entry.domains,
        port=entry.port,
        timeout=entry.timeout,
    )
    return _remembered(settings, memory)


def _credentials(entry: ControllerEntry, own: Credentials | NoCredentials, connection: Any, host: str) -> Credentials:
    """The account to log on with: that of the entry, or that of the connection.

    Raises:
        NoCredentials: there is none.
    """
    by_default = isinstance(own, Credentials) and own.kerberos
    kerberos = entry.auth == "kerberos" if entry.auth else by_default
    domains = own.domains if isinstance(own, Credentials) else {}
    if entry.user:
        return Credentials(entry.user, entry.password, kerberos, domains)
    which = f"the account of {host}'s connection ({connection.transport}) cannot be used"
    if isinstance(own, NoCredentials):
        raise NoCredentials(f"{which}: {own}")
    if not own.user and kerberos:
        return Credentials(own.user, own.password, kerberos, domains)
    domain = own.user.rpartition("\\")[0]
    is_of_realm = "@" in own.user or kerberos
    if not domain and not is_of_realm:
        raise NoCredentials(f"{which}: {own.user} is no account of a domain (DOMAIN\\name or name@REALM)")
    if domain == "." or domain.casefold() in _names(host, connection):
        # A domain controller can take it for an account of its domain, and count the wrong password there.
        raise NoCredentials(f"{which}: {own.user} is an account of the host itself")
    if not kerberos and not own.password:
        raise NoCredentials(f"{which}: NTLM needs a password, and it logs on with a ticket")
    return Credentials(own.user, own.password, kerberos, domains)


def _names(host: str, connection: Any) -> set[str]:
    """The names of a host: that of the inventory, its address, and its NetBIOS name if that is the usual one."""
    wire = find_wire(connection)
    known = {host.casefold()} | ({wire.address(connection).casefold()} if wire else set())
    return known | {name.partition(".")[0] for name in known}


def _is_address(name: str) -> bool:
    with suppress(ValueError):
        ipaddress.ip_address(name)
        return True
    return False


def _remembered(settings: LdapSettings, memory: Path | None) -> RememberedDirectory:
    patience = max(PATIENCE, 3 * settings.timeout)
    files = None if memory is None else RunMemory(memory, *_identities(settings), patience)
    made = RememberedDirectory(import_module(_ADAPTER, __package__).LdapDirectory(settings), files, patience)
    found = _open.setdefault((settings, memory), made)
    for key in list(_open)[:-_MOST_OPEN]:
        with suppress(KeyError, TimeoutError):
            _open.pop(key).close()
    return found


def _identities(settings: LdapSettings) -> tuple[str, str]:
    """Texts that only this domain controller with this account has, and only this account. No password is in them."""
    account = [settings.account.casefold(), settings.kerberos]
    where = [settings.host, settings.address, settings.port, settings.kerberos_name]
    return json.dumps([*where, *account]), json.dumps(account)
