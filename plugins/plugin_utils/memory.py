# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When Python's garbage collector looks through memory. Ansible's is large, and what is in it mostly stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """The collector waits. For imports: nothing that they make is garbage, and it would look through all for that."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def settled() -> Iterator[None]:
    """What is in memory at the begin stays as it is until the end.

    A forked process shares it with its parent. The collector would look through all of it again and again, and write to
    every page, of which each process would then have a copy of its own.
    """
    settle()
    try:
        yield
    finally:
        gc.unfreeze()


def settle() -> None:
    """What is in memory stays as it is from now on."""
    gc.freeze()
    # By what is left in its view now, the collector reckons when it is worth while to look again.
    gc.collect()
