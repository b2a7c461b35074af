# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of BER that LDAP uses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type.univ import Integer, OctetString

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap.ber import (
    BerError,
    element,
    elements,
    head,
    integer,
    number,
)


@given(st.integers(-(2**62), 2**62))
def test_integers(value: int):
    encoded = integer(value)
    assert int(decoder.decode(encoded)[0]) == value
    ((_tag, content),) = elements(bytes(encoder.encode(Integer(value))))
    assert number(content) == value


@given(st.sampled_from([0, 1, 127, 128, 255, 256, 65535, 65536]))
def test_lengths(size: int):
    assert element(0x04, b"x" * size) == encoder.encode(OctetString(b"x" * size))


@given(st.lists(st.binary(max_size=200)))
def test_a_row_of_elements(contents: list[bytes]):
    assert [content for _tag, content in elements(b"".join(element(0x04, each) for each in contents))] == contents


@given(st.binary(min_size=1, max_size=300), st.data())
def test_an_element_that_is_cut_is_refused(content: bytes, data: st.DataObject):
    whole = element(0x30, content)
    with pytest.raises(BerError):
        list(elements(whole[: data.draw(st.integers(1, len(whole) - 1))]))


def test_a_head_needs_its_length():
    assert [head(b"\x30\x82\x01\x00"[:size]) for size in range(5)] == [None, None, None, None, (0x30, 4, 256)]


@pytest.mark.parametrize(
    "data", [b"\x1f\x81\x01\x00", b"\x30\x80\x00\x00", b"\x30\x85\x01\x01\x01\x01\x01", b"\x30\xff"]
)
def test_long_tags_and_indefinite_or_giant_lengths_are_refused(data: bytes):
    with pytest.raises(BerError):
        head(data)


@pytest.mark.parametrize("content", [b"", b"\x01" * 9])
def test_numbers_have_a_size(content: bytes):
    with pytest.raises(BerError):
        number(content)
