# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Resultant Set of Policy: RSOP_UserPrivilegeRight in root/rsop/computer.

learn.microsoft.com, "RSOP_UserPrivilegeRight class", "RSOP_SecuritySettings class", "RSOP_PolicySetting class": the
constant of the right and the precedence are keys, and precedence 1 is the setting that is applied. The local security
policy is not part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .. import faults
from ..cim import DateTime, Instance
from ..host import Host
from .wmi_class import WmiClass

NAMESPACE = "root/rsop/computer"
_PROPERTIES = (
    *("AccountList", "creationTime", "ErrorCode", "GPOID", "id", "name", "precedence", "SOMID", "Status"),
    "UserRight",
)


def _rights(host: Host) -> Iterator[Instance]:
    scope = ",".join(f"DC={label}" for label in host.dns_domain.split("."))
    for number, set_by in enumerate(host.group_policy or ()):
        yield Instance(
            "RSOP_UserPrivilegeRight",
            {
                "AccountList": set_by.accounts,
                "creationTime": DateTime("2024-01-15T09:30:00Z"),
                "ErrorCode": set_by.error,
                "GPOID": f"cn={{{number:08X}-0000-4000-8000-000000000000}},cn=policies,cn=system,{scope}",
                "id": f"{{{number:08X}-0000-4000-9000-000000000000}}",
                "name": set_by.gpo,
                "precedence": set_by.precedence,
                "SOMID": scope,
                "Status": set_by.status,
                "UserRight": set_by.right,
            },
            NAMESPACE,
        )


def classes(host: Host) -> Mapping[str, WmiClass]:
    """The classes of the namespace by their names in lower case; raises Fault if no policy was ever computed."""
    if host.group_policy is None:
        raise faults.no_namespace(NAMESPACE)
    return {_RIGHT.name.casefold(): _RIGHT}


def _get(host: Host, keys: Mapping[str, str]) -> Instance | None:
    for instance in _rights(host):
        if all(str(instance.get(name)).casefold() == value.casefold() for name, value in keys.items()):
            return instance
    return None


_RIGHT = WmiClass("RSOP_UserPrivilegeRight", ("UserRight", "precedence"), _PROPERTIES, _rights, _get)
