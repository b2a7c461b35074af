# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects with a DACL on a site server, as the use cases read and write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..security import SecurityDescriptor
from ..site_server import Propagated, Reading, Share, SiteServer
from .plan import Subject


@dataclass(frozen=True, slots=True)
class Securable:
    """An object with a DACL on a site server.

    Attributes:
        subject: how it is called.
        read: reads its descriptor.
        write: writes a descriptor.
        look_below: given the descriptor that it holds now, returns a warning if what is below it does not follow.
    """

    subject: Subject
    read: Callable[[], Reading]
    write: Callable[[SecurityDescriptor], Propagated | None]
    look_below: Callable[[SecurityDescriptor], str | None] = lambda _descriptor: None


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
    )
