# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each product requires on a destination site server, as data. Each fact has its source.

If the source of a fact leaves something open, the product's ``gaps`` contains a note. Facts without a source are left
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from ..security.rights import DELETE, FULL_CONTROL, MODIFY, READ_AND_WRITE


class Holder(Enum):
    """The kind of account that the ACE is for."""

    ACCOUNT = "account"
    """Each Sender account."""
    GROUP = "group"
    """The site server's local group; each Sender account must be a member."""


class DefaultSender(Enum):
    """The account that a Sender uses if its address names none."""

    SERVICE_ACCOUNT = "service_account"
    """The logon account of the sending site's ``SMS_EXECUTIVE`` service."""
    COMPUTER_ACCOUNT = "computer_account"
    r"""The sending site server's computer account, ``DOMAIN\COMPUTER$``."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """An access mask ([MS-DTYP] 2.4.3) and the kind of account that must have it."""

    holder: Holder
    mask: int


@dataclass(frozen=True, slots=True)
class Logs:
    """File names of the logs that can show a failed transfer, by component."""

    despooler: tuple[str, ...] = ()
    scheduler: tuple[str, ...] = ()
    sender: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """One product's requirements on the site server that a Sender writes to.

    Attributes:
        name: name in descriptions.
        title: full name.
        share: name of the site share.
        directory: the directory of the share, relative to the installation root.
        share_access: required share permissions.
        directory_access: required NTFS permissions of the directory.
        group: name of the local group on the site server, with ``{code}`` for the site code; None if no group is used.
        default_senders: the accounts that a Sender uses if its address has none; the first known one applies.
        self_address: whether a site usually has an address to itself.
        secondary_uses_computer_account: whether the Sender of a secondary site always uses its computer account.
        computer_account_stays_in_forest: whether a computer account cannot send to another forest.
        secondary_stays_in_forest: whether a secondary site must be in the forest of its parent.
        single_route: whether a site has only one address to each destination.
        tries_service_account_first: whether a Sender first tries to log on to the parent's share with the service
            account, before it uses the account of the address.
        services: names of the services whose logon account matters; the service that runs the Senders comes first.
        logs: names of the logs.
        sources: the document for each of these facts, by the attribute's name.
        gaps: what the source leaves open, by the attribute's name.
    """

    name: str
    title: str
    share: str
    directory: str
    share_access: Requirement
    directory_access: Requirement
    group: str | None = None
    default_senders: tuple[DefaultSender, ...] = ()
    self_address: bool = False
    secondary_uses_computer_account: bool = False
    computer_account_stays_in_forest: bool = False
    secondary_stays_in_forest: bool = False
    single_route: bool = False
    tries_service_account_first: bool = False
    services: tuple[str, ...] = ()
    logs: Logs = Logs()
    sources: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    gaps: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def share_mask(self) -> int:
        """The access mask that the share must grant."""
        return self.share_access.mask

    @property
    def directory_mask(self) -> int:
        """The access mask that the directory must grant."""
        return self.directory_access.mask

    @property
    def held_by_group(self) -> bool:
        """Whether a Sender account must be a member of the site server's local group."""
        return Holder.GROUP in (self.share_access.holder, self.directory_access.holder)

    @property
    def source(self) -> str:
        """The document with the NTFS permissions that the directory must grant."""
        return self.sources.get("directory_access", "")

    @property
    def probe_steps(self) -> tuple[str, ...]:
        """The steps of ``sender_probe`` that must be possible for a Sender account.

        These are the steps that the required rights allow. Like a deletion, a rename needs DELETE ([MS-FSA] 2.1.5.15.11
        and 2.1.5.15.3). Read and Write, the rights of SMS 1.2, do not contain it.
        """
        steps = ("connect", "log_on", "open_share", "list", "create", "write", "read")
        return (*steps, "rename", "delete") if self.share_mask & self.directory_mask & DELETE else steps

    def group_on(self, code: str) -> str | None:
        """Return the name of the local group on the server of this site, or None if the product has none."""
        return self.group.replace("{code}", code.upper()) if self.group else None

    def expects(self, path: str) -> bool:
        """Whether ``path`` (a Windows path with slashes or backslashes) ends with this product's directory.

        Whole components are compared. As on Windows, case does not matter.
        """
        suffix = _components(self.directory)
        return _components(path)[-len(suffix) :] == suffix


def _components(path: str) -> list[str]:
    return [part for part in path.replace("/", "\\").lower().split("\\") if part]


_ARTICLE = "Microsoft KB Q179118"
_LOCKOUT_1_2 = 'Microsoft KB Q163747, "SMS Site to Site Communication May Lock Out Service Account"'
_SHARES_1_2 = 'BackOffice Resource Kit, Systems Management Server 1.2, "Site Server Shares"'
_LOGS_1_2 = 'Microsoft KB Q125452, "Using the SMS Tracer Utility"'
_SHARE_2_0 = 'Microsoft KB Q266759 (of SMS 1.2 and 2.0), "The Package Source Is Removed from Package Properties"'
_SERVICES_2_0 = 'Microsoft KB Q239136, "Repairing RC Agent Overwrites Custom Viewers List"'
_INBOXES = 'Microsoft KB 871161, "A description of inbox folders and how they are used in Systems Management Server"'
_FLOWCHARTS_2_0 = "SMS 2.0 Resource Guide, chapter 17, table 17.12"
_LOGS_2003 = 'Microsoft KB 867490, "A list of log files that are created in Systems Management Server 2003"'
_COMPANION_2003 = "SMS 2003 Administrator's Companion, chapter 17, table 17-5"
_ADDRESS_ACCOUNT_2007 = 'Configuration Manager 2007 documentation library, "About the Site Address Account" (bb693785)'
_ADDRESS_PROPERTIES_2007 = (
    "Configuration Manager 2007 documentation library, general properties of a Standard Sender address"
)
_ACCOUNTS = 'Microsoft Learn, "Accounts used in Configuration Manager", SMS_SiteToSiteConnection_<sitecode>'
_TRANSFERS = 'Microsoft Learn, "Data transfers between sites" and "File-based replication", File replication account'
_SERVICES = 'Microsoft Learn, "Install in-console updates for Configuration Manager", Post-installation tasks'
_LOGS = 'Microsoft Learn, "Log file reference", Site server and site system server logs'

_INBOX = r"inboxes\despoolr.box\receive"
_GROUP = "SMS_SiteToSiteConnection_{code}"
_EXECUTIVE = "SMS_EXECUTIVE"
_LATER_LOGS = Logs(despooler=("despool.log",), scheduler=("sched.log",), sender=("sender.log",))

# Read, Write, Execute and Delete: Windows shows it as Modify.
_READ_WRITE_EXECUTE_DELETE = MODIFY
# The smallest share permission that allows all of these rights.
_CHANGE = MODIFY

_AS_2007 = "not in a document of this version; taken from Configuration Manager 2007"
_SHARE_MASK_GAP = (
    "no document gives the rights of the group on the share; Change is the smallest permission with which the members "
    "can use their rights on the directory"
)

PRODUCTS: Mapping[str, Product] = MappingProxyType(
    {
        known.name: known
        for known in (
            Product(
                name="sms_1_2",
                title="Systems Management Server 1.2",
                share="SMS_SITE",
                directory=r"Site.srv\Despoolr.box\Receive",
                share_access=Requirement(Holder.ACCOUNT, FULL_CONTROL),
                directory_access=Requirement(Holder.ACCOUNT, READ_AND_WRITE),
                default_senders=(DefaultSender.SERVICE_ACCOUNT,),
                self_address=True,
                tries_service_account_first=True,
                services=(_EXECUTIVE,),
                logs=Logs(
                    despooler=("despool.log",),
                    scheduler=("sched.log",),
                    sender=(
                        "lansend.log",
                        "rassend.log",
                        "rassync.log",
                        "rasisdn.log",
                        "rasx25.log",
                        "snasend.log",
                        "snabatch.log",
                        "snainter.log",
                    ),
                ),
                sources={
                    "share": _SHARES_1_2,
                    "directory": _SHARES_1_2,
                    "share_access": _ARTICLE,
                    "directory_access": _ARTICLE,
                    "default_senders": _ARTICLE,
                    "self_address": _ARTICLE,
                    "tries_service_account_first": _LOCKOUT_1_2,
                    "services": _ARTICLE,
                    "logs": _LOGS_1_2,
                },
                gaps={
                    "default_senders": (
                        "the article calls the service account usual for the address to the site itself; addresses to "
                        "other sites may use another account"
                    ),
                },
            ),
            Product(
                name="sms_2_0",
                title="Systems Management Server 2.0",
                share="SMS_SITE",
                directory=_INBOX,
                share_access=Requirement(Holder.ACCOUNT, _CHANGE),
                directory_access=Requirement(Holder.ACCOUNT, _READ_WRITE_EXECUTE_DELETE),
                default_senders=(DefaultSender.SERVICE_ACCOUNT,),
                services=(_EXECUTIVE,),
                logs=_LATER_LOGS,
                sources={
                    "share": _SHARE_2_0,
                    "directory": _INBOXES,
                    "share_access": _ADDRESS_ACCOUNT_2007,
                    "directory_access": _ADDRESS_ACCOUNT_2007,
                    "default_senders": _COMPANION_2003,
                    "services": _SERVICES_2_0,
                    "logs": _FLOWCHARTS_2_0,
                },
                gaps={
                    "share_access": f"{_AS_2007}, as the smallest permission that allows the rights on the directory",
                    "directory_access": _AS_2007,
                    "default_senders": "taken from SMS 2003 in standard security, which works like SMS 2.0",
                },
            ),
            Product(
                name="sms_2003",
                title="Systems Management Server 2003",
                share="SMS_SITE",
                directory=_INBOX,
                share_access=Requirement(Holder.GROUP, _CHANGE),
                directory_access=Requirement(Holder.ACCOUNT, _READ_WRITE_EXECUTE_DELETE),
                group=_GROUP,
                # Standard security uses a service account. Advanced security does not: its services log on as
                # LocalSystem, which is the computer account on the network.
                default_senders=(DefaultSender.SERVICE_ACCOUNT, DefaultSender.COMPUTER_ACCOUNT),
                services=(_EXECUTIVE,),
                logs=_LATER_LOGS,
                sources={
                    "share": _ADDRESS_ACCOUNT_2007,
                    "directory": _INBOXES,
                    "share_access": _ADDRESS_ACCOUNT_2007,
                    "directory_access": _ADDRESS_ACCOUNT_2007,
                    "group": _ACCOUNTS,
                    "default_senders": _COMPANION_2003,
                    "services": _SERVICES_2_0,
                    "logs": _LOGS_2003,
                },
                gaps={
                    "share": _AS_2007,
                    "share_access": f"{_AS_2007}; {_SHARE_MASK_GAP}",
                    "directory_access": _AS_2007,
                    "services": "the name in SMS 2.0 and Configuration Manager; no document of this version was read",
                    "group": "no document of this version with the group's name was found",
                },
            ),
            Product(
                name="configmgr_2007",
                title="Configuration Manager 2007",
                share="SMS_SITE",
                directory=_INBOX,
                share_access=Requirement(Holder.GROUP, _CHANGE),
                directory_access=Requirement(Holder.ACCOUNT, _READ_WRITE_EXECUTE_DELETE),
                group=_GROUP,
                default_senders=(DefaultSender.COMPUTER_ACCOUNT,),
                secondary_uses_computer_account=True,
                computer_account_stays_in_forest=True,
                secondary_stays_in_forest=True,
                services=(_EXECUTIVE,),
                logs=_LATER_LOGS,
                sources={
                    "share": _ADDRESS_ACCOUNT_2007,
                    "directory": _ADDRESS_ACCOUNT_2007,
                    "share_access": _ADDRESS_ACCOUNT_2007,
                    "directory_access": _ADDRESS_ACCOUNT_2007,
                    "group": _ACCOUNTS,
                    "default_senders": _ADDRESS_PROPERTIES_2007,
                    "secondary_uses_computer_account": _ADDRESS_ACCOUNT_2007,
                    "computer_account_stays_in_forest": _ADDRESS_ACCOUNT_2007,
                    "secondary_stays_in_forest": _ADDRESS_ACCOUNT_2007,
                    "services": _SERVICES,
                    "logs": _LOGS,
                },
                gaps={
                    "share_access": _SHARE_MASK_GAP,
                    "group": (
                        "its documentation calls the group Site to Site Connection; the name is from later versions"
                    ),
                    "computer_account_stays_in_forest": (
                        "a Microsoft support engineer writes that it works where both forests trust each other at "
                        "functional level Windows Server 2003 (Cross-Forest Communications Between Configuration "
                        "Manager Sites, 2009)"
                    ),
                    "services": "the name is from later versions; no document of this version was read",
                    "logs": "the names are from later versions; no document of this version was read",
                },
            ),
            Product(
                name="configmgr",
                title="Configuration Manager 2012 to current branch",
                share="SMS_SITE",
                directory=_INBOX,
                share_access=Requirement(Holder.GROUP, _CHANGE),
                directory_access=Requirement(Holder.GROUP, FULL_CONTROL),
                group=_GROUP,
                default_senders=(DefaultSender.COMPUTER_ACCOUNT,),
                secondary_uses_computer_account=True,
                single_route=True,
                services=(_EXECUTIVE,),
                logs=_LATER_LOGS,
                sources={
                    "share": _TRANSFERS,
                    "directory": _ACCOUNTS,
                    "share_access": _TRANSFERS,
                    "directory_access": _ACCOUNTS,
                    "group": _ACCOUNTS,
                    "default_senders": _TRANSFERS,
                    "secondary_uses_computer_account": _TRANSFERS,
                    "single_route": _TRANSFERS,
                    "services": _SERVICES,
                    "logs": _LOGS,
                },
                gaps={"share_access": _SHARE_MASK_GAP},
            ),
        )
    }
)

DEFAULT_PRODUCT = "sms_1_2"
"""The product of a site without a described product: the one that Microsoft KB Q179118 is about."""


def source_of(fact: str) -> str:
    """Return the source of a fact, from the latest product that the fact applies to."""
    return next(product.sources[fact] for product in reversed(tuple(PRODUCTS.values())) if getattr(product, fact))
