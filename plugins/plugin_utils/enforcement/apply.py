# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing: one write an object, read back and compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..security import Ace, AnyAce, SecurityDescriptor, format_sddl
from ..site_server import NoAnswer, Propagated, Reading, Share, SiteServer, SiteServerError
from .errors import EnforcementError, NotWritten, WriteFailed
from .plan import Plan, Subject


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a write.

    Attributes:
        now: what the server holds.
        warnings: what the operator should know.
        propagated: what became of a directory's children, where the server did not see to them itself.
    """

    now: Reading
    warnings: tuple[str, ...] = ()
    propagated: Propagated | None = None


class Securable:
    """An object with a DACL on a site server.

    Attributes:
        subject: how it is called.
        read: reads its descriptor.
        write: writes a descriptor.
    """

    def __init__(
        self,
        subject: Subject,
        read: Callable[[], Reading],
        write: Callable[[SecurityDescriptor], Propagated | None],
    ) -> None:
        self.subject = subject
        self.read = read
        self.write = write


def share_object(server: SiteServer, share: Share) -> Securable:
    """The permissions of a share."""

    def write(descriptor: SecurityDescriptor) -> None:
        server.set_share_descriptor(share, descriptor)

    subject = Subject(server.host, f"share {share.name}", is_share=True)
    return Securable(subject, lambda: server.share_descriptor(share), write)


def path_object(server: SiteServer, path: str, *, is_directory: bool = True) -> Securable:
    """The permissions of a directory or file."""
    return Securable(
        Subject(server.host, f"{'folder' if is_directory else 'file'} {path}", is_share=False, is_folder=is_directory),
        lambda: server.path_descriptor(path),
        lambda descriptor: server.set_path_descriptor(path, descriptor),
    )


def apply_plan(target: Securable, plan: Plan) -> Applied:
    """Write the plan, read back, compare.

    Raises:
        SiteServerError: the write was refused; nothing has changed. `Interrupted` says what has.
        NotWritten: the write got no answer, and reading back shows that nothing has changed.
        WriteFailed: the server holds something else than was written, or nobody knows what it holds.
    """
    now, lost, propagated = _write_and_read(target, plan.after)
    if not _same(plan.after, now.descriptor):
        if lost is not None and _same(plan.before.descriptor, now.descriptor):
            raise NotWritten(target.subject.say(f"nothing was written ({lost})"))
        raise WriteFailed(
            target.subject.say(
                f"the server took the new permissions but holds others. Written: {format_sddl(plan.after)} "
                f"Held now: {format_sddl(now.descriptor)} Before: {format_sddl(plan.before.descriptor)}"
            )
        )
    warnings = []
    if _inherited(plan.after) != _inherited(now.descriptor):
        warnings.append(
            "the entries that it inherits were out of date; the server brought them in line with the parent folder"
        )
    if propagated is not None and propagated.refused:
        more = "" if len(propagated.refusals) == propagated.refused else ", and others"
        warnings.append(
            f"{propagated.refused} of {propagated.examined} files and folders below it could not be brought in line, "
            f"and keep the inherited entries that they have: {'; '.join(propagated.refusals)}{more}"
        )
    return Applied(now, tuple(map(target.subject.say, warnings)), propagated)


def restore(target: Securable, before: Reading) -> str:
    """Put the old permissions back; tells in a sentence how that went, since the caller is failing already."""
    label = target.subject.label
    try:
        now, _lost, _propagated = _write_and_read(target, before.descriptor)
    except (SiteServerError, EnforcementError) as error:
        return f"{label} could NOT be put back and has the new permissions ({error})"
    if _same(before.descriptor, now.descriptor):
        return f"{label} was put back as it was"
    return (
        f"{label} could NOT be put back: before it was {format_sddl(before.descriptor)}, "
        f"now it is {format_sddl(now.descriptor)}"
    )


def _write_and_read(
    target: Securable, descriptor: SecurityDescriptor
) -> tuple[Reading, NoAnswer | None, Propagated | None]:
    """A write without an answer may have been done or not: reading back settles that too."""
    lost, propagated = None, None
    try:
        propagated = target.write(descriptor)
    except NoAnswer as error:
        lost = error
    try:
        return target.read(), lost, propagated
    except SiteServerError as error:
        if lost is None:
            said = f"the new permissions were written, but not verified ({error})"
        else:
            said = (
                "the write got no answer, so it holds either the old permissions or the new ones, never a part; run "
                f"again to see ({lost}; {error})"
            )
        raise WriteFailed(target.subject.say(said)) from None


def _same(planned: SecurityDescriptor, held: SecurityDescriptor) -> bool:
    """Inherited entries are left out: the server works them out itself (Microsoft, SetNamedSecurityInfo)."""
    if (planned.dacl is None) != (held.dacl is None) or planned.dacl_protected != held.dacl_protected:
        return False
    return _explicit(planned) == _explicit(held)


def _explicit(descriptor: SecurityDescriptor) -> list[AnyAce]:
    return [_mapped(ace) for ace in descriptor.dacl.explicit] if descriptor.dacl else []


def _inherited(descriptor: SecurityDescriptor) -> list[AnyAce]:
    return [_mapped(ace) for ace in descriptor.dacl.inherited] if descriptor.dacl else []


def _mapped(ace: AnyAce) -> AnyAce:
    return replace(ace, mask=ace.rights) if isinstance(ace, Ace) else ace
