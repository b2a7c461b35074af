# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Python's garbage collector looks at. Ansible's memory is large, mostly stays, and is forked again and again.

Sources: Python's documentation of `gc.freeze`, which is about processes that fork.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def before_forks() -> Iterator[None]:
    """For what Ansible imports once before it forks: nothing of that is garbage, and all that there is then stays.

    A forked process shares memory with its parent until one of the two writes to it, and the collector writes to
    every object that it looks at. In each process it would look at all of Ansible's, and so have it copied.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def freeze_heap() -> None:
    """From now on, what is in memory stays: for a process that forks others, or has just been forked."""
    gc.freeze()
    # By what is left in its view now, the collector reckons when it is worth while to look again.
    gc.collect()
