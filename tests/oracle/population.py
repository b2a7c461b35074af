# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is in the domain and on its two member servers, and which of the groups get random members."""

from __future__ import annotations

from dataclasses import replace

from tests.lab.domain.description import (
    EVERYONE,
    FULL_CONTROL,
    SITES,
    Entry,
    Group,
    Scope,
    Server,
    SharedDirectory,
)

SHARE, FOLDER = "ORACLE", r"D:\Oracle\inbox"

LOCAL_GROUPS = ("Team A", "Team B", "Team C", "Administrators", "Users")
"""Local groups of each member server that get random members."""

DOMAIN_GROUPS = {
    "Oracle Global 1": Scope.GLOBAL,
    "Oracle Global 2": Scope.GLOBAL,
    "Oracle Universal 1": Scope.UNIVERSAL,
    "Oracle Universal 2": Scope.UNIVERSAL,
    "Oracle Domain 1": Scope.DOMAIN_LOCAL,
    "Oracle Domain 2": Scope.DOMAIN_LOCAL,
}
"""Groups of the domain that get random members."""

NESTED_GROUPS = (
    "SCCM Servers",
    "SCCM Servers Everywhere",
    "SCCM Senders",
    "Loop A",
    "Loop B",
    "Domain Users",
    "Domain Computers",
)
"""Groups of the domain whose members stay: three nested ones, two that are members of each other, two primary ones."""

DOMAIN_ACCOUNTS = ("smssend", "bystander", "blocked", "migrated", "smssend (old)", "P02$", "X01$", "gmsa_sms$")
PARTNER_ACCOUNTS = ("smssend", "bystander", "X02$")
PARTNER_GROUP = "Partner Servers"
LOCAL_USER = "localsend"


def _with_share(server: Server) -> Server:
    groups = tuple(Group(name) for name in LOCAL_GROUPS if name.startswith("Team"))
    share = SharedDirectory(SHARE, FOLDER, (Entry(EVERYONE, FULL_CONTROL),), ())
    return replace(server, shares=(*server.shares, share), local_groups=(*server.local_groups, *groups))


DOMAIN = replace(
    SITES,
    groups=(*SITES.groups, *(Group(name, scope=scope) for name, scope in DOMAIN_GROUPS.items())),
    members=tuple(map(_with_share, SITES.members)),
)
