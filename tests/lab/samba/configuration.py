# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that tell an smbd who and where it is: smb.conf, and the Unix accounts below the domain's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..model import Account, Share
from .tools import Layout

SMB_PORT = 445
GLOBAL = "global"
ADMINISTRATIVE = "C$"
FIRST_UID, USERS_GID, FIRST_GID = 70001, 70000, 80000

Sections = dict[str, dict[str, str]]


def identity(layout: Layout, domain: str, name: str) -> dict[str, str]:
    """What every tool has to know. The hosts are domain controllers, as site servers of SMS 1.2 were: so the domain's
    accounts are theirs, with the domain's SIDs, and no winbindd is needed."""
    return {
        "workgroup": domain,
        "netbios name": name,
        "server role": "classic primary domain controller",
        "passdb backend": "tdbsam",
        "private dir": str(layout.private),
        "lock directory": str(layout.state),
        "state directory": str(layout.state),
        "cache directory": str(layout.state),
        "pid directory": str(layout.state),
        "ncalrpc dir": str(layout.rpc),
        "log file": str(layout.log),
        "log level": "1",
        "max log size": "1000",
        # Printers and usershares are the system's.
        "load printers": "no",
        "printcap name": "/dev/null",
        "disable spoolss": "yes",
        "usershare max shares": "0",
    }


def service(address: str, administrators: Iterable[str], services: Iterable[str]) -> dict[str, str]:
    """What makes smbd answer at ``address`` alone, and let the NT ACL alone decide."""
    return {
        "interfaces": f"{address}/8",
        "bind interfaces only": "yes",
        "disable netbios": "yes",
        "smb ports": str(SMB_PORT),
        "server min protocol": "NT1",
        # "default" would offer no signatures over SMB 1.
        "server signing": "auto",
        "ntlm auth": "ntlmv2-only",
        "admin users": " ".join(f'"{name}"' for name in administrators),
        "map to guest": "never",
        # smbd asks for a command before it takes a share's changes; what changes here is the descriptor alone.
        "change share command": "/bin/true",
        "vfs objects": "acl_xattr",
        "acl_xattr:ignore system acls": "yes",
        "acl_xattr:default acl style": "windows",
        # BUILTIN\Administrators or SYSTEM may own a file, although neither is a Unix user.
        "force unknown acl user": "yes",
        "store dos attributes": "no",
        "map archive": "no",
        # With these two, smbd lets everybody write attributes, whatever the NT ACL is (smbd_check_access_rights_sd).
        "map readonly": "no",
        "create mask": "0777",
        "force create mode": "0666",
        "directory mask": "0777",
        "force directory mode": "0777",
        "unix extensions": "no",
        "follow symlinks": "no",
        # Each new worker of rpcd_classic writes the services' settings afresh: one has to do, and to stay.
        "svcctl list": " ".join(services),
        "rpcd_classic:num_workers": "1",
        "rpcd_classic:idle_seconds": "86400",
    }


def share_section(share: Share, directory: Path) -> dict[str, str]:
    """A share of the scenario; share permissions and NT ACLs say who may do what."""
    section = {"path": str(directory), "read only": "no"}
    if share.description:
        section["comment"] = share.description
    if share.maximum_allowed is not None:
        section["max connections"] = str(share.maximum_allowed)
    return section


def administrative_section(directory: Path, administrators: Iterable[str]) -> dict[str, str]:
    """C$, which only administrators may use."""
    return {
        "path": str(directory),
        "read only": "no",
        "administrative share": "yes",
        "comment": "Default share",
        "valid users": " ".join(f'"{name}"' for name in administrators),
    }


def render(sections: Mapping[str, Mapping[str, str]]) -> str:
    """The text of smb.conf."""
    return "\n".join(
        f"[{name}]\n" + "".join(f"\t{key} = {value}\n" for key, value in section.items())
        for name, section in sections.items()
    )


def passwd(users: Iterable[Account]) -> str:
    """The Unix users, as nss_wrapper reads them; none of them can log on to the system."""
    lines = ["root:x:0:0::/:/bin/false", "nobody:x:65534:65534::/:/bin/false"]
    lines += [
        f"{user.name}:x:{FIRST_UID + index}:{USERS_GID}::/nonexistent:/bin/false" for index, user in enumerate(users)
    ]
    return "".join(f"{line}\n" for line in lines)


def group(groups: Iterable[Account]) -> str:
    """The Unix groups below the domain's and the built-in ones."""
    lines = ["root:x:0:", "nogroup:x:65534:", f"labusers:x:{USERS_GID}:"]
    lines += [f"{unix_group(item)}:x:{FIRST_GID + index}:" for index, item in enumerate(groups)]
    return "".join(f"{line}\n" for line in lines)


def unix_group(item: Account) -> str:
    """The name of the Unix group below a group: its RID, since Windows' names have spaces."""
    return f"g{item.sid.rpartition('-')[2]}"


def registry(services: Mapping[str, tuple[str, str]]) -> str:
    """The registry keys of services, by name: display name and logon account."""
    lines = ["Windows Registry Editor Version 5.00", ""]
    for name, (display_name, account) in services.items():
        lines.append(rf"[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\{name}]")
        lines += [
            f'"{key}"="{_escaped(value)}"' for key, value in (("DisplayName", display_name), ("ObjectName", account))
        ]
        lines.append("")
    return "".join(f"{line}\n" for line in lines)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
