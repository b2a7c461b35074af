# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of LDAP, against impacket's definition of them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from impacket.ldap.ldapasn1 import LDAPMessage
from pyasn1.codec.ber import decoder, encoder

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap import messages
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap.ber import BerError, element, elements

NAMES = st.text(max_size=60) | st.text('()\\*,\0|&!=<>+;"/ ü€\u202e', max_size=20)


def decoded(message: bytes) -> Any:
    found, rest = decoder.decode(message, asn1Spec=LDAPMessage())
    assert rest == b""
    return found


def search(name: bytes, base: str = "DC=corp,DC=example") -> bytes:
    condition = messages.equal("sAMAccountName", name)
    return messages.search_request(
        7, base, messages.WHOLE_SUBTREE, condition, ("objectSid", "tokenGroups"), limit=2, seconds=30
    )


@given(NAMES)
@example("smssend)(objectClass=*")
@example("Sender, SMS (old) \\ *")
@example("a\0b")
def test_no_character_of_a_name_has_a_meaning_in_a_filter(name: str):
    """RFC 4515 needs escapes since its filters are text. Here the name is a value of its own."""
    value = name.encode("utf-8", "surrogatepass")
    condition = decoded(search(value))["protocolOp"]["searchRequest"]["filter"]["equalityMatch"]
    assert (str(condition["attributeDesc"]), bytes(condition["assertionValue"])) == ("sAMAccountName", value)


def test_a_search_request():
    message = decoded(search(b"P01$"))
    request = message["protocolOp"]["searchRequest"]
    assert int(message["messageID"]) == 7
    assert str(request["baseObject"]) == "DC=corp,DC=example"
    assert [int(request[each]) for each in ("scope", "derefAliases", "sizeLimit", "timeLimit")] == [2, 0, 2, 30]
    assert [str(each) for each in request["attributes"]] == ["objectSid", "tokenGroups"]
    present = messages.search_request(8, "", 0, messages.present("objectClass"), (), limit=0, seconds=1)
    assert str(decoded(present)["protocolOp"]["searchRequest"]["filter"]["present"]) == "objectClass"


@given(st.integers(0, 2**31 - 1), st.binary(max_size=70_000))
def test_a_bind_request(number: int, token: bytes):
    message = decoded(messages.bind_request(number, "GSS-SPNEGO", token))
    request = message["protocolOp"]["bindRequest"]
    sasl = request["authentication"]["sasl"]
    assert (int(message["messageID"]), int(request["version"]), str(request["name"])) == (number, 3, "")
    assert (str(sasl["mechanism"]), bytes(sasl["credentials"])) == ("GSS-SPNEGO", token)


@given(st.dictionaries(st.sampled_from(["a", "b", "tokenGroups;range=0-*"]), st.lists(st.binary(max_size=300))))
def test_an_entry(attributes: dict[str, list[bytes]]):
    made = LDAPMessage()
    made["messageID"] = 3
    entry = made["protocolOp"]["searchResEntry"]
    entry["objectName"] = "CN=P01"
    entry["attributes"].clear()
    for number, (name, values) in enumerate(attributes.items()):
        entry["attributes"][number]["type"] = name
        entry["attributes"][number]["vals"].clear()
        entry["attributes"][number]["vals"].extend(values)
    ((_tag, content),) = elements(encoder.encode(made))
    message = messages.read_message(content)
    assert (message.number, message.kind) == (3, messages.ENTRY)
    found = messages.read_entry(message.content)
    assert found == {name.lower(): tuple(values) for name, values in attributes.items()}


def test_a_result_with_a_referral():
    url = element(0x04, b"ldap://other.example/DC=other,DC=example")
    content = element(0x0A, b"\x0a") + element(0x04) + element(0x04, b"text \xff") + element(0xA3, url)
    assert messages.read_result(content) == messages.LdapResult(
        10, "text \ufffd", ("ldap://other.example/DC=other,DC=example",)
    )


def test_an_attribute_twice_is_refused():
    """One of two answers would be lost."""
    pair = element(0x30, element(0x04, b"a"), element(0x31))
    with pytest.raises(BerError, match="twice"):
        messages.read_entry(element(0x04) + element(0x30, pair, pair))


@pytest.mark.parametrize("read", [messages.read_message, messages.read_result, messages.read_entry])
@given(
    content=st.binary(max_size=200)
    | st.lists(st.binary(max_size=9), max_size=5).map(lambda parts: element(0x30, *parts))
)
def test_any_bytes_are_a_value_or_a_refusal(read: Any, content: bytes):
    with suppress(BerError):
        read(content)
