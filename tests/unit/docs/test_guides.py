# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the guides are true."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.mark.parametrize("guide", ["how_access_is_decided.md"])
def test_guide(guide: str) -> None:
    result = doctest.testfile(str(DOCS / guide), module_relative=False, encoding="utf-8")
    assert result.attempted > 10
    assert result.failed == 0
