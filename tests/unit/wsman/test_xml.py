# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers from a server that means harm, or is broken."""

from __future__ import annotations

from collections.abc import Callable, Generator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.wsman import (
    EnvelopeSettings,
    WSManError,
    WSManProtocolError,
    get,
    invoke,
    query,
    xml,
)
from tests.unit.wsman.server_side import CIMV2, DECLARED, GET_RESPONSE, NS, envelope, header, run

SESSION = EnvelopeSettings("http://c01.corp.example:5985/wsman", max_envelope_size=65536)
SHARE = f'<p:Win32_Share xmlns:p="{CIMV2}/Win32_Share"><p:Name>SMS_SITE</p:Name></p:Win32_Share>'


def answered(content: str, before: str = "") -> str | None:
    """The name of the share that a Get reads from such an answer."""

    def answer(request: bytes) -> bytes:
        return before.encode() + envelope(GET_RESPONSE, content, header(request, "a:MessageID").text)

    return run(get(SESSION, "Win32_Share", {"Name": "x"}), answer)[0].text("Name")


def test_entities_are_not_expanded() -> None:
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    bomb = f'<!DOCTYPE s [<!ENTITY l0 "ha">{laughs}]>'
    with pytest.raises(WSManProtocolError, match="document type"):
        answered(SHARE.replace("SMS_SITE", "&l9;"), bomb)


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE s>",
        '<!DOCTYPE s SYSTEM "file:///etc/hostname">',
        '<!DOCTYPE s [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE s [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>',
    ],
)
def test_a_document_type_is_refused(doctype: str) -> None:
    with pytest.raises(WSManProtocolError, match="document type"):
        answered(SHARE, doctype)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_elementtree_is_given_no_document_type(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its parser goes on behind a declaration that its target refuses, and expands what entities were declared.
    monkeypatch.setattr(xml, "XMLParser", None)
    mark = "" if encoding == "utf-8" else "\ufeff"
    document = f'{mark}<!-- [ --><!DOCTYPE s [<!ENTITY e "x">]><s>&e;</s>'.encode(encoding)
    with pytest.raises(WSManProtocolError, match="document type"):
        run(get(SESSION, "A", {}), lambda _unused: document)


def test_the_word_of_a_document_type_is_text_like_any_other() -> None:
    assert answered(SHARE.replace("SMS_SITE", "<![CDATA[<!DOCTYPE s>]]>")) == "<!DOCTYPE s>"


def test_an_undefined_entity_is_refused() -> None:
    with pytest.raises(WSManProtocolError, match="not well-formed"):
        answered(SHARE.replace("SMS_SITE", "&nbsp;"))


def test_character_references_and_cdata_are_text() -> None:
    assert answered(SHARE.replace("SMS_SITE", "&#83;MS_<![CDATA[<SITE>]]>&amp;")) == "SMS_<SITE>&"


@pytest.mark.parametrize(("inner", "fits"), [(60, True), (61, False)])
def test_nesting_is_bounded(inner: int, fits: bool) -> None:
    # 64 elements inside each other: Envelope, Body, the instance, the property, and 60 in that.
    deep = SHARE.replace("<p:Name>", "<p:Deep>" + "<q>" * inner + "</q>" * inner + "</p:Deep><p:Name>")
    if fits:
        assert answered(deep) == "SMS_SITE"
    else:
        with pytest.raises(WSManProtocolError, match="nests more than 64"):
            answered(deep)


LARGE = EnvelopeSettings("http://x/wsman", max_envelope_size=4_000_000)


def test_levels_do_not_exhaust_the_stack() -> None:
    with pytest.raises(WSManProtocolError, match="nests"):
        run(get(LARGE, "A", {}), lambda _unused: b"<a>" * 149_999 + b"</a>" * 149_999)


@pytest.mark.parametrize("element", [b"<a>", b"<a/>", b"<a></a>"])
def test_tags_are_counted_before_anything_is_built(element: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "XMLParser", None)
    with pytest.raises(WSManProtocolError, match="more than 300000 tags"):
        run(get(LARGE, "A", {}), lambda _unused: element * 300_001)


def test_attributes_are_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "XMLParser", None)
    with pytest.raises(WSManProtocolError, match="more than 300000 attributes"):
        run(get(LARGE, "A", {}), lambda _unused: b"<a>" + b" n=''" * 300_001)


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("declaration", ["xmlns", "xmlns:n", "xmlns:n \t\n= \n"])
@pytest.mark.parametrize("letter", ["u", "\u2222", "\u3c3c"])
def test_a_namespace_is_bounded(declaration: str, encoding: str, quote: str, letter: str) -> None:
    # ElementTree repeats it in the name of each element that is in it.
    def named(length: int) -> bytes:
        sign = "" if "=" in declaration else "="
        return f"<a {declaration}{sign}{quote}{letter * length}{quote}/>".encode(encoding)

    assert xml.parse(named(256), 4_000_000).tag.endswith("a")
    with pytest.raises(WSManProtocolError, match="namespace of more than 256"):
        xml.parse(named(257), 4_000_000)


def test_elementtree_is_given_no_long_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "XMLParser", None)
    document = b"<n:r xmlns:n='" + b"u" * 1_900_000 + b"'>" + b"<n:a/>" * 1000 + b"</n:r>"
    with pytest.raises(WSManProtocolError, match="namespace of more than"):
        run(get(LARGE, "A", {}), lambda _unused: document)


def test_a_long_text_with_quotes_is_text_like_any_other() -> None:
    text = "'\"" + "x" * 1000
    assert answered(SHARE.replace("SMS_SITE", text)) == text


def test_the_largest_descriptor_has_fewer_tags() -> None:
    # [MS-DTYP] 2.4.5: an ACL has 64 KiB at most. As WMI writes it, each octet of a SID is an element, and each entry of
    # the shortest SIDs, 8 octets of header and mask and 12 of SID, has some 13 elements more.
    entries = 0xFFFF // 20
    assert 2 * entries * (12 + 13) < xml.MAX_TAGS


def test_the_size_is_bounded_before_anything_is_read() -> None:
    def padded(size: int) -> Callable[[bytes], bytes]:
        def answer(request: bytes) -> bytes:
            plain = envelope(GET_RESPONSE, SHARE, header(request, "a:MessageID").text)
            return plain + b" " * (size - len(plain))

        return answer

    found, _unused = run(get(SESSION, "Win32_Share", {}), padded(65536))
    assert found.text("Name") == "SMS_SITE"
    with pytest.raises(WSManProtocolError, match="65537 bytes, where 65536"):
        run(get(SESSION, "Win32_Share", {}), padded(65537))


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "klingon", "utf-7"])
def test_the_encoding_is_the_one_we_asked_for(encoding: str) -> None:
    # The declaration is not followed: the bytes are read as UTF-8, as those of the request were.
    assert answered(SHARE.replace("SMS_SITE", "Größe"), f'<?xml version="1.0" encoding="{encoding}"?>') == "Größe"


def test_utf16_is_read_by_its_byte_order_mark() -> None:
    def answer(request: bytes) -> bytes:
        return envelope(GET_RESPONSE, SHARE, header(request, "a:MessageID").text).decode().encode("utf-16")

    assert run(get(SESSION, "Win32_Share", {}), answer)[0].text("Name") == "SMS_SITE"


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(WSManProtocolError, match="not well-formed"):
        run(get(SESSION, "A", {}), lambda _unused: b"<a>\xff\xfe</a>")


OPERATIONS: list[Callable[[], Generator[bytes, bytes, object]]] = [
    lambda: get(SESSION, "Win32_Share", {"Name": "x"}),
    lambda: query(SESSION, "SELECT * FROM Win32_Share"),
    lambda: invoke(SESSION, "Win32_Share", "Delete", {"Name": "x"}),
]


def survive(operation: Generator[bytes, bytes, object], answer: Callable[[bytes], bytes]) -> None:
    """Let the operation have this answer five times: it may only end, ask on, or raise an error of ours."""
    request = next(operation)
    try:
        for _unused in range(5):
            request = operation.send(answer(request))
    except (StopIteration, WSManError):
        return


@given(st.sampled_from(OPERATIONS), st.binary(max_size=300))
def test_no_bytes_break_the_reader(start: Callable[[], Generator[bytes, bytes, object]], noise: bytes) -> None:
    with pytest.raises(WSManError):
        run(start(), lambda _unused: noise)


PIECES = st.sampled_from(
    [
        SHARE,
        "<s:Fault/>",
        "<s:Fault><s:Code><s:Subcode/></s:Code><s:Detail>",
        '<f:WSManFault Code="',
        "</s:Detail></s:Fault>",
        "<n:EnumerateResponse>",
        "</n:EnumerateResponse>",
        "<w:Items>",
        "</w:Items>",
        "<w:EndOfSequence/>",
        "<n:EnumerationContext>uuid:1</n:EnumerationContext>",
        "<w:XmlFragment>",
        "</w:XmlFragment>",
        f'<p:Delete_OUTPUT xmlns:p="{CIMV2}/Win32_Share">',
        "</p:Delete_OUTPUT>",
        '<p:A xsi:nil="true"/>',
        '<p:A xsi:type="p:X_Type"/>',
        '<q xsi:type=""/>',
        "<a:Address/>",
        "<a:ReferenceParameters><w:ResourceURI/><w:SelectorSet><w:Selector/></w:SelectorSet></a:ReferenceParameters>",
        "<cim:Datetime><x/></cim:Datetime>",
        "<Datetime/>",
        "text",
        "&#xD800;",
        "]]>",
    ]
)
ACTIONS = st.sampled_from(
    [GET_RESPONSE, NS["n"] + "/EnumerateResponse", NS["n"] + "/PullResponse", f"{CIMV2}/Win32_Share/DeleteResponse"]
)


@given(st.sampled_from(OPERATIONS), ACTIONS, st.lists(PIECES, max_size=8).map("".join))
def test_no_envelope_breaks_the_reader(
    start: Callable[[], Generator[bytes, bytes, object]], action: str, content: str
) -> None:
    survive(start(), lambda request: envelope(action, content, header(request, "a:MessageID").text))


INSTANCE = (
    f'<p:Win32_Share xmlns:p="{CIMV2}/Win32_Share" xsi:type="p:Win32_Share_Type"><p:Name>SMS_SITE</p:Name>'
    '<p:Path xsi:nil="true"/><p:When><cim:Datetime>2026-01-02T03:04:05Z</cim:Datetime></p:When>'
    f"<p:Ref><a:Address/><a:ReferenceParameters><w:ResourceURI>{CIMV2}/A</w:ResourceURI><w:SelectorSet>"
    '<w:Selector Name="k">v</w:Selector></w:SelectorSet></a:ReferenceParameters></p:Ref>'
    '<p:In xsi:type="p:In_Type"><p:B>1</p:B><p:B>2</p:B></p:In></p:Win32_Share>'
)
MUTATIONS = st.lists(st.tuples(st.integers(0, len(INSTANCE) - 1), st.sampled_from("<>/&\"':= \0xp\ufffd")), max_size=3)


@given(MUTATIONS, st.integers(0, 30))
def test_no_damage_breaks_the_reader(mutations: list[tuple[int, str]], cut: int) -> None:
    damaged = list(INSTANCE)
    for place, character in mutations:
        damaged[place] = character
    content = "".join(damaged)[: len(INSTANCE) - cut if cut > 20 else None]
    survive(OPERATIONS[0](), lambda request: envelope(GET_RESPONSE, content, header(request, "a:MessageID").text))


def test_what_the_damage_is_done_to_is_sound() -> None:
    assert answered(INSTANCE) == "SMS_SITE"
    assert DECLARED.count("xmlns:") == 9
