# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The use case of `share_permissions` and `ntfs_permissions`: one DACL reaches its desired state."""

from __future__ import annotations

import ntpath
from collections.abc import Callable
from dataclasses import dataclass

from ..security import SecurityDescriptor
from ..site_server import DescriptorReading, Propagated, SiteServer
from .accounts import all_names, resolve_accounts
from .desired import DesiredState
from .errors import Refused, WriteFailed
from .execute import execute
from .plan import Plan, inherits_anew, make_plan
from .securable import Securable, path_object, share_object
from .steps import WriteDescriptor, written


@dataclass(frozen=True, slots=True)
class PermissionsOutcome:
    """What was planned and done.

    Attributes:
        plan: the plan.
        after: what the server holds now; in check mode, what it would hold.
        warnings: what the operator should know.
        propagated: how inheritance was propagated to a directory's children; None if the server does that itself.
    """

    plan: Plan
    after: SecurityDescriptor
    warnings: tuple[str, ...]
    propagated: Propagated | None = None

    @property
    def changed(self) -> bool:
        """Whether something was, or would be, written."""
        return self.plan.changed


def set_share_permissions(
    server: SiteServer, share_name: str, desired: DesiredState, *, check_mode: bool = False
) -> PermissionsOutcome:
    """Make a share's DACL reach the desired state; `check_mode` plans without writing.

    Raises:
        SiteServerError: the server cannot be reached or refuses.
        EnforcementError: the desired state is refused, or the server holds something else after the write.
    """
    target = share_object(server, server.share(share_name))
    return _enforce(server, target, target.read(), desired, check_mode=check_mode)


def set_path_permissions(
    server: SiteServer, path: str, make_desired: Callable[[bool], DesiredState], *, check_mode: bool = False
) -> PermissionsOutcome:
    """Make the DACL of a directory or file reach the desired state; `check_mode` plans without writing.

    Args:
        server: the server.
        path: local path on it.
        make_desired: called with True for a directory, False for a file, which has no inheritable entries.
        check_mode: plan, do not write.

    Raises:
        SiteServerError: the server cannot be reached or refuses.
        EnforcementError: the desired state is refused, or the server holds something else after the write.
    """
    is_directory = server.is_directory(path)
    desired = make_desired(is_directory)
    target = path_object(server, path, is_directory=is_directory)
    reading = target.read()
    parent = None
    if inherits_anew(reading.descriptor, desired):
        above = ntpath.dirname(path)
        if above == path:
            raise target.subject.refuse("it has no parent folder to inherit from")
        parent = server.path_descriptor(above)
    return _enforce(server, target, reading, desired, check_mode=check_mode, parent=parent)


def _enforce(
    server: SiteServer,
    target: Securable,
    reading: DescriptorReading,
    desired: DesiredState,
    *,
    check_mode: bool,
    parent: DescriptorReading | None = None,
) -> PermissionsOutcome:
    accounts = resolve_accounts(server, (entry.account for entry in desired.entries), [reading])
    names = all_names([reading, parent] if parent else [reading], accounts)
    above = parent.descriptor if parent else None

    def plan_from(held: DescriptorReading) -> Plan:
        return make_plan(target.subject, held, desired, accounts, names, operator=server.operator, parent=above)

    plan = plan_from(reading)
    if check_mode or not plan.changed:
        return PermissionsOutcome(plan, plan.after, plan.warnings)
    (result,) = execute(server, [WriteDescriptor(target, plan, plan_from)])
    plan, now = written(result)
    try:
        left = "run again with --diff to see what is left" if plan_from(now).changed else ""
    except Refused as refusal:
        left = str(refusal)
    if left:
        raise WriteFailed(
            target.subject.message(
                f"the new permissions are written, but inherited entries prevent the desired state; {left}"
            ),
            changed=True,
        )
    return PermissionsOutcome(plan, now.descriptor, plan.warnings + result.warnings, result.propagated)
