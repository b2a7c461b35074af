# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects with a DACL on a site server, as the use cases read and write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..security import SecurityDescriptor
from ..site_server import DescriptorReading, Propagated, Share, SiteServer
from .children import stale_child
from .plan import Subject


@dataclass(frozen=True, slots=True)
class Securable:
    """An object with a DACL on a site server.

    Attributes:
        subject: its name.
        read: reads its descriptor.
        write: writes a descriptor.
        look_below: given what it holds now, returns a warning if what is below it does not inherit that.
    """

    subject: Subject
    read: Callable[[], DescriptorReading]
    write: Callable[[SecurityDescriptor], Propagated | None]
    look_below: Callable[[DescriptorReading], str | None] = lambda _held: None


def share_object(server: SiteServer, share: Share) -> Securable:
    """The permissions of a share."""

    def write(descriptor: SecurityDescriptor) -> None:
        server.set_share_descriptor(share, descriptor)

    return Securable(Subject(server.host, "share", share.name), lambda: server.share_descriptor(share), write)


def path_object(server: SiteServer, path: str, *, is_directory: bool = True) -> Securable:
    """The permissions of a directory or file."""
    return Securable(
        Subject(server.host, "folder" if is_directory else "file", path),
        lambda: server.path_descriptor(path),
        lambda descriptor: server.set_path_descriptor(path, descriptor),
        lambda held: stale_child(server, path, held.descriptor, held.names) if is_directory else None,
    )
