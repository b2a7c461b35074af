# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that the garbage collector ignores."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.memory import before_forks, freeze_heap


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_what_is_made_before_forks_stays_and_the_collector_goes_on_as_it_was(enabled: bool, fails: bool) -> None:
    (gc.enable if enabled else gc.disable)()
    made: list[object] = []
    try:
        with before_forks():
            assert not gc.isenabled()
            made.append([])
            if fails:
                raise ImportError("a library is missing")
    except ImportError:
        pass
    assert gc.isenabled() is enabled
    assert gc.get_freeze_count() > 0
    # get_objects does not show what is frozen.
    assert not any(known is made[0] for known in gc.get_objects())


def test_what_is_made_after_that_is_collected() -> None:
    freeze_heap()
    circle: list[object] = []
    circle.append(circle)
    del circle
    assert gc.collect() >= 1
