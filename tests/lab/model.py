# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab host is made of: accounts, services, settings. Values; the state that changes lives in a back end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class SidType(IntEnum):
    """SID_NAME_USE ([MS-SAMR] 2.2.2.3), as WMI's SIDType shows it."""

    USER = 1
    GROUP = 2
    DOMAIN = 3
    ALIAS = 4
    WELL_KNOWN = 5
    COMPUTER = 9


@dataclass(frozen=True, slots=True)
class Account:
    """A security principal as its host names it.

    ``domain`` is what LookupAccountSid reports: ``CORP``, ``BUILTIN``, the computer's name for a local account,
    empty for ``Everyone``.
    """

    domain: str
    name: str
    sid: str
    type: SidType
    local: bool

    @property
    def full_name(self) -> str:
        return f"{self.domain}\\{self.name}" if self.domain else self.name


@dataclass(frozen=True, slots=True)
class Logon:
    """Someone who may try to log on to WinRM: ``CORP\\ansible`` or ``.\\name`` for an account of the host itself."""

    user: str
    password: str = field(repr=False)
    administrator: bool = True


@dataclass(frozen=True, slots=True)
class Share:
    """A share as Win32_Share shows it; its security descriptor is kept apart."""

    name: str
    path: str
    description: str = ""
    type: int = 0  # 0: a disk share ([MS-SRVS] 2.2.2.4)
    maximum_allowed: int | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A Windows service."""

    name: str
    display_name: str
    start_name: str
    state: str = "Running"


@dataclass(frozen=True, slots=True)
class AccountState:
    """What Win32_UserAccount shows of a user beside the identity (learn.microsoft.com, "Win32_UserAccount class").

    It has no date on which the account expires, and does not show that a password has expired.
    """

    disabled: bool = False
    lockout: bool = False
    password_changeable: bool = True
    password_expires: bool = True
    """Whether the password is one that expires some day."""
    password_required: bool = True
    status: str = ""
    """Empty: OK, or Degraded for an account that is disabled or locked."""


@dataclass(frozen=True, slots=True)
class PolicyRight:
    """A user right as a group policy object sets it, one line of the Resultant Set of Policy.

    Attributes:
        right: its constant, such as SeNetworkLogonRight.
        accounts: names or SIDs of those who get it, as RSoP shows them.
        precedence: 1 for the setting that wins over the others of this right.
        gpo: the object's name.
        status: 1 if Windows has applied it (learn.microsoft.com, "RSOP_SecuritySettings class").
        error: the system error code if not.
    """

    right: str
    accounts: tuple[str, ...]
    precedence: int = 1
    gpo: str = "Default Domain Policy"
    status: int = 1
    error: int = 0


@dataclass(frozen=True, slots=True)
class SmsProvider:
    """The SMS Provider of a site: what it shows, and to whom."""

    site: str
    machine: str
    """Where it runs; a host that names another knows it and has none of its data."""
    administrators: tuple[str, ...]
    sites: tuple[Mapping[str, Any], ...]
    distribution_points: Mapping[str, tuple[str, ...]]
    """Names of computers, by the code of the site that sends to them."""
    others: Mapping[str, str]
    """Where the Providers of other sites run, by the sites' codes, as far as this one knows."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a host's WinRM is configured and what its WMI shows."""

    allow_unencrypted: bool = False
    basic_over_http: bool = False
    basic_over_https: bool = True
    shows_all_ace_types: bool = False
    shows_sacl: bool = True
    """Whether the logons have SeSecurityPrivilege, without which WMI shows a descriptor as if it had no SACL."""
    children_follow: str = "always"
    """Whether the children of a directory are brought in line when its DACL is written over WMI: `always`, `asked` (if
    ControlFlags have SE_DACL_AUTO_INHERIT_REQ) or `never`."""
    prefixed_instances: bool = False
    """Whether a method with elements in a default namespace is refused, as if only the prefixed form were known."""
    domain_controller: bool = False
    """Whether it is a domain controller of its domain. See `providers.accounts` for what its WMI is assumed to show."""
    controller_domain: str = "domain"
    """Which Domain WMI shows for the built-in accounts of a domain controller: the `domain`'s or the `computer`'s."""
    part_of_domain: bool = True
    shows_lost_members: str = "never"
    """How Win32_GroupUser shows a member whose account is gone: `never`, `by_name` (its last one) or `by_sid`."""
    unreadable_endpoints: tuple[str, ...] = ()
    """SIDs of accounts that ASSOCIATORS OF leaves out, although a request for each of them finds it."""
    associators: bool = True
    """Whether ASSOCIATORS OF is understood; else it is an invalid query."""
    language: str = "en"
    os_version: str = "10.0.20348"
    os_caption: str = "Microsoft Windows Server 2022 Standard"
    max_envelope_size: int = 512_000
    """MaxEnvelopeSizekb in bytes: how long a request and an answer may be."""
    runs_modules: bool = False
    """Whether shells open, and answer every module at once that nothing changed."""


_NAMES: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "S-1-1-0": ("", "Everyone"),
        "S-1-3-0": ("", "CREATOR OWNER"),
        "S-1-3-1": ("", "CREATOR GROUP"),
        "S-1-5-2": ("NT AUTHORITY", "NETWORK"),
        "S-1-5-4": ("NT AUTHORITY", "INTERACTIVE"),
        "S-1-5-11": ("NT AUTHORITY", "Authenticated Users"),
        "S-1-5-18": ("NT AUTHORITY", "SYSTEM"),
        "S-1-5-19": ("NT AUTHORITY", "LOCAL SERVICE"),
        "S-1-5-20": ("NT AUTHORITY", "NETWORK SERVICE"),
        "S-1-5-32-544": ("BUILTIN", "Administrators"),
        "S-1-5-32-545": ("BUILTIN", "Users"),
        "S-1-5-32-551": ("BUILTIN", "Backup Operators"),
    },
    "de": {
        "S-1-1-0": ("", "Jeder"),
        "S-1-3-0": ("", "ERSTELLER-BESITZER"),
        "S-1-3-1": ("", "ERSTELLERGRUPPE"),
        "S-1-5-2": ("NT-AUTORITÄT", "NETZWERK"),
        "S-1-5-4": ("NT-AUTORITÄT", "INTERAKTIV"),
        "S-1-5-11": ("NT-AUTORITÄT", "Authentifizierte Benutzer"),
        "S-1-5-18": ("NT-AUTORITÄT", "SYSTEM"),
        "S-1-5-19": ("NT-AUTORITÄT", "LOKALER DIENST"),
        "S-1-5-20": ("NT-AUTORITÄT", "NETZWERKDIENST"),
        "S-1-5-32-544": ("VORDEFINIERT", "Administratoren"),
        "S-1-5-32-545": ("VORDEFINIERT", "Benutzer"),
        "S-1-5-32-551": ("VORDEFINIERT", "Sicherungs-Operatoren"),
    },
}

LANGUAGES = tuple(_NAMES)


def built_in_accounts(language: str) -> tuple[Account, ...]:
    """The accounts every Windows host has, named in its language (SIDs: [MS-DTYP] 2.4.2.4)."""
    return tuple(
        Account(
            domain,
            name,
            sid,
            SidType.ALIAS if sid.startswith("S-1-5-32-") else SidType.WELL_KNOWN,
            local=True,
        )
        for sid, (domain, name) in _NAMES[language].items()
    )
