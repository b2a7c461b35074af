# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host's section of a plan: made from what `sender_access` would do, and read back as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..enforcement import SenderOutcome
from ..enforcement.effective import SenderAccess
from ..enforcement.plan import Plan
from ..security import SecurityDescriptor, SecurityDescriptorError, Sid, format_sddl, parse_sddl
from ..site_server import Account, local_path
from . import shapes
from .document import ChangeError


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """What is planned for one object.

    Attributes:
        kind: `share` or `directory`.
        name: the share's name, or the directory's path.
        before: the descriptor that it must still hold.
        after: the desired descriptor.
    """

    kind: str
    name: str
    before: SecurityDescriptor
    after: SecurityDescriptor

    @property
    def changes(self) -> bool:
        """Whether it is to be written."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What is planned for the local group.

    Attributes:
        account: the group.
        members: SIDs of its members when the plan was made.
        add: the accounts that are to become members.
    """

    account: Account
    members: frozenset[Sid]
    add: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class HostPlan:
    """What is planned for one host.

    Attributes:
        host: the host as the inventory calls it.
        share_path: the directory that the share must still point to.
        directory: the directory, which is written first.
        share: the share.
        group: the local group, if members are to be added.
    """

    host: str
    share_path: str
    directory: ObjectPlan
    share: ObjectPlan
    group: GroupPlan | None = None


def section_of(outcome: SenderOutcome, *, site: str | None, reasons: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The section of a host that was read.

    Args:
        outcome: what `sender_access` would do there.
        site: the site's code.
        reasons: why each account must have its access, by the account as it was given.
    """
    before, after = outcome.before, outcome.after
    host = outcome.planned.share.subject.host
    return {
        "status": "planned",
        "message": None,
        "site": site,
        "product": before.request.product.name,
        "directory": {
            "path": before.directory,
            **_object(outcome.directory_plan, after.directory_reading.descriptor),
        },
        "share": {
            "name": before.share.name,
            "path": before.share.path,
            **_object(outcome.share_plan, after.share_reading.descriptor),
        },
        "group": _group(outcome),
        "grants": [
            {
                "account": given,
                **account.as_dict(),
                "reasons": [str(reason) for reason in reasons.get(given, ())],
                "access_before": _access(before.senders[given]),
                "access_after": _access(after.senders[given]),
            }
            for given, account in before.accounts.items()
        ],
        "findings": [],
        "warnings": [*outcome.warnings, *(f"{host}: {line}" for line in outcome.logon_problems)],
    }


def unread_section(status: str, message: str | None, *, site: str | None = None) -> dict[str, Any]:
    """The section of a host for which nothing is planned.

    Args:
        status: `unreachable`, `error` or `nothing_owed`.
        message: why.
        site: the site's code.
    """
    return {
        "status": status,
        "message": message,
        "site": site,
        "product": None,
        "directory": None,
        "share": None,
        "group": None,
        "grants": [],
        "findings": [],
        "warnings": [],
    }


def read_host_plan(host: str, section: Mapping[str, Any]) -> HostPlan | None:
    """The values of a host's section; None if nothing is planned for it.

    Raises:
        ChangeError: the section has another form than this collection writes.
    """
    try:
        shapes.section(section, "it")
        if section["status"] != "planned":
            return None
        share, directory, group = section["share"], section["directory"], section["group"]
        return HostPlan(
            host=host,
            share_path=local_path(share["path"]),
            directory=_read_object("directory", local_path(directory["path"]), directory),
            share=_read_object("share", share["name"], share),
            group=None
            if group is None or not group["add"]
            else GroupPlan(
                Account.from_dict(group), _sids(group["members"]), tuple(map(Account.from_dict, group["add"]))
            ),
        )
    except (ValueError, SecurityDescriptorError) as error:
        raise ChangeError(f"{host}: the plan's section of this host cannot be used: {error}") from None


def as_held(descriptor: SecurityDescriptor) -> SecurityDescriptor:
    """A descriptor as a plan can hold it, without what SDDL cannot express, such as who set a default."""
    return parse_sddl(format_sddl(descriptor))


def _object(plan: Plan, after: SecurityDescriptor) -> dict[str, Any]:
    return {
        "before": format_sddl(plan.before.descriptor),
        "after": format_sddl(after),
        "edits": list(plan.edit_lines),
    }


def _group(outcome: SenderOutcome) -> dict[str, Any] | None:
    group = outcome.before.group
    if group is None:
        return None
    return {
        **group.account.as_dict(),
        "members": _accounts(group.members),
        "add": _accounts(outcome.added),
        "missing": _accounts(outcome.missing),
    }


def _accounts(accounts: Iterable[Account]) -> list[dict[str, str]]:
    return sorted(map(Account.as_dict, accounts), key=lambda account: account["sid"])


def _access(access: SenderAccess) -> dict[str, Any]:
    return {"share": access.share.words, "directory": access.directory.words, "satisfied": access.satisfied}


def _read_object(kind: str, name: str, section: Mapping[str, Any]) -> ObjectPlan:
    return ObjectPlan(kind, name, parse_sddl(section["before"]), parse_sddl(section["after"]))


def _sids(accounts: Iterable[Mapping[str, Any]]) -> frozenset[Sid]:
    return frozenset(Sid.parse(account["sid"]) for account in accounts)
