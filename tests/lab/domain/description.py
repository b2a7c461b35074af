# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a domain holds: accounts, nested groups, member servers with their shares. Values only; nothing runs here.

Names are those of Active Directory: ``P01$`` is a computer. ``CORP\\name`` is an account of the domain,
``BUILTIN\\name`` and ``P01\\name`` are local groups of a member server, and a SID is itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

FULL_CONTROL, CHANGE, READ = 0x1F01FF, 0x1301BF, 0x1200A9
FILES_AND_DIRECTORIES = 0x3
"""The flags OBJECT_INHERIT and CONTAINER_INHERIT ([MS-DTYP] 2.4.4.1)."""


class Kind(Enum):
    """What an account is."""

    USER = "user"
    COMPUTER = "computer"
    GROUP_MANAGED_SERVICE = "group managed service account"


class State(Enum):
    """Whether an account may log on, and why not."""

    OK = "ok"
    DISABLED = "disabled"
    LOCKED_OUT = "locked out"
    EXPIRED = "account expired"
    PASSWORD_EXPIRED = "password expired"
    MUST_CHANGE = "must change its password"
    WRONG_WORKSTATION = "may log on at another workstation only"
    WRONG_HOURS = "may log on at no hour"


class Scope(Enum):
    """The scope of a domain's group, with its groupType ([MS-ADTS] 2.2.12)."""

    GLOBAL = -0x80000000 + 0x2
    DOMAIN_LOCAL = -0x80000000 + 0x4
    UNIVERSAL = -0x80000000 + 0x8


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the domain; passwords are made at the start."""

    name: str
    kind: Kind = Kind.USER
    state: State = State.OK
    common_name: str = ""
    """The name of its directory object, if it is not ``name``."""
    sid_history: tuple[int, ...] = ()
    """The RIDs that it had in a domain of the past (``OLD_DOMAIN``)."""

    def __post_init__(self) -> None:
        if set(self.name) & set('"/\\[]:;|=,+*?<>'):
            raise ValueError(f"no account can have the name {self.name!r}")


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the domain. A group that exists (Domain Admins) needs no scope."""

    name: str
    members: tuple[str, ...] = ()
    scope: Scope | None = Scope.GLOBAL
    common_name: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a DACL."""

    principal: str
    mask: int
    allow: bool = True
    flags: int = 0


@dataclass(frozen=True, slots=True)
class SharedDirectory:
    r"""A share on a directory ``D:\…``, and the DACLs of both.

    The directory inherits full control for Administrators and SYSTEM beside its own entries; ``files`` inherit all.
    """

    name: str
    path: str
    share_entries: tuple[Entry, ...]
    directory_entries: tuple[Entry, ...]
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Right:
    """A user right of a server, and the principals that have it."""

    name: str
    principals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Server:
    """A server of the domain: its computer account is ``name`` and a dollar sign.

    On a domain controller local groups are those of the domain, so they are made in the directory.
    """

    name: str
    shares: tuple[SharedDirectory, ...] = ()
    local_groups: tuple[Group, ...] = ()
    """``Administrators`` and ``Users`` are the built-in ones, all others are of the server itself."""
    local_users: tuple[str, ...] = ()
    rights: tuple[Right, ...] = ()
    services: tuple[str, ...] = ("SMS_EXECUTIVE",)


@dataclass(frozen=True, slots=True)
class DomainDescription:
    """A domain with one controller and member servers. Computer accounts of servers need no mention."""

    realm: str = "CORP.EXAMPLE"
    netbios: str = "CORP"
    controller: Server = Server("DC1")
    members: tuple[Server, ...] = ()
    accounts: tuple[Account, ...] = ()
    groups: tuple[Group, ...] = ()
    """Their members may be of a trusted domain, ``PARTNER\\\\name``: then they are foreign security principals."""
    trusted: tuple[DomainDescription, ...] = ()
    """Domains with external trusts in both directions. They have a controller and no member servers."""

    @property
    def servers(self) -> tuple[Server, ...]:
        """The controller and the member servers."""
        return (self.controller, *self.members)

    @property
    def dns_domain(self) -> str:
        return self.realm.lower()

    def dns_name(self, computer: str) -> str:
        """The DNS name of a computer of the domain."""
        return f"{computer.lower()}.{self.dns_domain}"


OLD_DOMAIN = "S-1-5-21-1004336348-1177238915-682003330"
"""The domain that accounts were migrated from: it is in no directory, only in SID histories."""

ADMINISTRATORS, USERS, SYSTEM, EVERYONE = "S-1-5-32-544", "S-1-5-32-545", "S-1-5-18", "S-1-1-0"

BUILT_IN = {"Administrators": ADMINISTRATORS, "Users": USERS}
"""The built-in groups that a description may give members."""

OLD_RID = 1111
"""An account there; site servers still name it in their DACLs."""

SITE_SHARE = "SMS_SITE"


def site_server(
    name: str, *, group: tuple[str, ...] = (), administrators: tuple[str, ...] = (), rights: tuple[Right, ...] = ()
) -> Server:
    """A site server as Configuration Manager sets one up: its share, and the group that may write to it."""
    connection = f"SMS_SiteToSiteConnection_{name}"
    share = SharedDirectory(
        SITE_SHARE,
        r"D:\SMS\inboxes\despoolr.box\receive",
        share_entries=(
            Entry(r"CORP\Blocked Senders", FULL_CONTROL, allow=False),
            Entry(ADMINISTRATORS, FULL_CONTROL),
            Entry(rf"{name}\{connection}", CHANGE),
            Entry(f"{OLD_DOMAIN}-{OLD_RID}", CHANGE),
        ),
        directory_entries=(
            Entry(rf"{name}\{connection}", FULL_CONTROL, flags=FILES_AND_DIRECTORIES),
            Entry(f"{OLD_DOMAIN}-{OLD_RID}", CHANGE, flags=FILES_AND_DIRECTORIES),
        ),
        files=("W_M00001.1S1",),
    )
    return Server(
        name,
        shares=(share,),
        local_groups=(
            Group("Administrators", (r"CORP\Domain Admins", *administrators)),
            Group("Users", (r"CORP\Domain Users",)),
            Group(connection, group),
        ),
        local_users=("localsend",),
        rights=rights,
    )


STATES = {state: f"sms{state.name.lower().replace('_', '')}" for state in State if state is not State.OK}
"""The accounts of ``SITES`` that may not log on now. Groups give each of them access."""

PARTNER = DomainDescription(
    realm="PARTNER.EXAMPLE",
    netbios="PARTNER",
    controller=Server("DC2"),
    accounts=(Account("smssend"), Account("bystander"), Account("X02$", Kind.COMPUTER)),
    groups=(Group("Partner Servers", ("X02$", "smssend")),),
)
"""A domain that trusts and is trusted; two of its accounts have names that are in CORP too."""

_DENIED = (Right("SeDenyNetworkLogonRight", (r"CORP\No Network",)),)

SITES = DomainDescription(
    accounts=(
        Account("ansible"),
        Account("smssend"),
        Account("bystander"),
        Account("blocked"),
        Account("nonetwork"),
        Account("migrated", sid_history=(OLD_RID,)),
        Account("smssend (old)", common_name=r"Sender, SMS (old) \ *"),
        Account("P02$", Kind.COMPUTER),
        Account("X01$", Kind.COMPUTER),
        Account("gmsa_sms$", Kind.GROUP_MANAGED_SERVICE),
        *(Account(name, state=state) for state, name in STATES.items()),
    ),
    groups=(
        Group(
            "SCCM Servers",
            ("C01$", "P01$", "P02$", "S01$", "gmsa_sms$", "smssend", "blocked", "nonetwork", *STATES.values()),
        ),
        Group("SCCM Servers Everywhere", ("SCCM Servers", "smssend (old)"), Scope.UNIVERSAL),
        Group("SCCM Senders", ("SCCM Servers Everywhere", r"PARTNER\Partner Servers"), Scope.DOMAIN_LOCAL),
        Group("Blocked Senders", ("blocked",), Scope.DOMAIN_LOCAL),
        Group("No Network", ("nonetwork",)),
        Group("Loop A", ("X01$", "Loop B"), Scope.UNIVERSAL),
        Group("Loop B", ("Loop A",), Scope.UNIVERSAL),
        Group("Domain Admins", ("ansible",), scope=None),
    ),
    controller=site_server(
        "C01",
        group=(r"CORP\SCCM Servers",),
        rights=(
            Right("SeNetworkLogonRight", ("S-1-1-0", "S-1-5-11")),
            Right("SeDenyNetworkLogonRight", (r"CORP\No Network",)),
        ),
    ),
    members=(
        site_server("P01", group=(r"CORP\SCCM Senders",), rights=_DENIED),
        site_server("S01", administrators=(r"CORP\SCCM Servers",), rights=_DENIED),
    ),
    trusted=(PARTNER,),
)
"""Three site servers. Senders get into P01 through three nested groups and its site-to-site group, into S01 through its
Administrators, into C01, the domain controller, through its site-to-site group, which is a group of the domain. Senders
of PARTNER get into P01 alone, through a domain local group of CORP."""
