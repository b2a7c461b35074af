# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers and attributes of conditions."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptorError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.tokens import (
    Attribute,
    Base,
    Integer,
    Sign,
    Source,
)


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_numbers_that_do_not_fit(width: int) -> None:
    # Signed, but with all of 64 bits where there is no minus: FROM_WINDOWS and test_numbers have such.
    half = 2 ** (8 * width - 1)
    largest = 2 * half - 1 if width == 8 else half - 1
    for value, sign in (
        (-1, Sign.NONE),
        (-1, Sign.PLUS),
        (1, Sign.MINUS),
        (-half - 1, Sign.MINUS),
        (largest + 1, Sign.NONE),
        (largest + 1, Sign.PLUS),
    ):
        with pytest.raises(SecurityDescriptorError, match="does not fit its sign and width"):
            Integer(value, sign, Base.DECIMAL, width)


@pytest.mark.parametrize("width", [-1, 0, 3, 5, 16])
def test_widths_that_do_not_exist(width: int) -> None:
    with pytest.raises(SecurityDescriptorError, match=r"cannot have -?\d+ bytes"):
        Integer(0, width=width)


@pytest.mark.parametrize("name", ["", "\0", "a\0"])
def test_names_that_bytes_cannot_tell(name: str) -> None:
    with pytest.raises(SecurityDescriptorError, match="name of an attribute"):
        Attribute(Source.USER, name)
