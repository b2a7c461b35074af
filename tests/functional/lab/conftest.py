# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs for the tests: one that is only read, one that a test may change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.testing import RunningLab, running_lab


@pytest.fixture(scope="module")
def hierarchy() -> Iterator[RunningLab]:
    """The default six hosts, for a module's tests that change nothing."""
    with running_lab(6) as lab:
        yield lab


@pytest.fixture
def lab() -> Iterator[RunningLab]:
    """Three hosts of its own."""
    with running_lab(3) as lab:
        yield lab
