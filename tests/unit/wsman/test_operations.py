# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole operations: several requests, and the answers that must be refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.wsman import (
    CimDatetime,
    EnvelopeSettings,
    Instance,
    WSManProtocolError,
    first,
    get,
    has_compact_form,
    invoke,
    operations,
    query,
)
from tests.unit.wsman.server_side import CIMV2, GET_RESPONSE, NS, body, envelope, fault_reply, header, name, reply, run

SESSION = EnvelopeSettings("http://c01.corp.example:5985/wsman", max_envelope_size=65536)
WQL = "SELECT * FROM Win32_Share"
ENUMERATED = NS["n"] + "/EnumerateResponse"
PULLED = NS["n"] + "/PullResponse"
SHARE = f'<p:Win32_Share xmlns:p="{CIMV2}/Win32_Share"><p:Name>SMS_SITE</p:Name></p:Win32_Share>'


def share(share_name: str) -> str:
    return SHARE.replace("SMS_SITE", share_name)


def enumerated(content: str) -> Callable[[bytes], bytes]:
    return reply(ENUMERATED, f"<n:EnumerateResponse>{content}</n:EnumerateResponse>")


def pulled(content: str) -> Callable[[bytes], bytes]:
    return reply(PULLED, f"<n:PullResponse>{content}</n:PullResponse>")


def context(text: str) -> str:
    return f"<n:EnumerationContext>{text}</n:EnumerationContext>"


def names(found: tuple[Instance, ...]) -> list[str | None]:
    return [each.text("Name") for each in found]


def test_a_query_answered_at_once_costs_one_request() -> None:
    found, requests = run(
        query(SESSION, WQL),
        enumerated(f"<n:EnumerationContext/><w:Items>{share('a')}{share('b')}</w:Items><w:EndOfSequence/>"),
    )
    assert names(found) == ["a", "b"]
    assert len(requests) == 1


def test_a_query_is_pulled_to_its_end() -> None:
    found, requests = run(
        query(SESSION, WQL, max_elements=2),
        enumerated(context("uuid:1") + f"<w:Items>{share('a')}{share('b')}</w:Items>"),
        pulled(context("uuid:2&amp;") + f"<n:Items>{share('c')}{share('d')}</n:Items>"),
        pulled(f"<n:Items>{share('e')}</n:Items><n:EndOfSequence/>"),
    )
    assert names(found) == ["a", "b", "c", "d", "e"]
    assert [header(request, "a:Action").text for request in requests[1:]] == [NS["n"] + "/Pull"] * 2
    for request, expected in zip(requests[1:], ["uuid:1", "uuid:2&"], strict=True):
        (pull,) = body(request)
        assert pull.tag == name("n:Pull")
        assert [(child.tag, child.text) for child in pull] == [
            (name("n:EnumerationContext"), expected),
            (name("n:MaxElements"), "2"),
        ]
        assert header(request, "w:ResourceURI").text == f"{CIMV2}/*"


def test_an_enumeration_may_begin_with_nothing() -> None:
    found, _unused = run(query(SESSION, WQL), enumerated(context("uuid:1")), pulled("<n:Items/><n:EndOfSequence/>"))
    assert found == ()


@pytest.mark.parametrize(
    ("start", "prefix", "class_name"),
    [
        (f'<w:XmlFragment xmlns:p="{CIMV2}/Win32_Share" xsi:type="p:Win32_Share_Type">', "p:", "Win32_Share"),
        (f'<w:XmlFragment xmlns:p="{CIMV2}/Win32_Share">', "p:", "Win32_Share"),
        ("<w:XmlFragment>", "", ""),
    ],
)
def test_a_projection_may_come_as_fragments(start: str, prefix: str, class_name: str) -> None:
    items = f"<w:Items>{f'{start}<{prefix}Name>a</{prefix}Name></w:XmlFragment>' * 2}</w:Items><w:EndOfSequence/>"
    found, _unused = run(query(SESSION, "SELECT Name FROM Win32_Share"), enumerated(items))
    assert found == (Instance(class_name, {"Name": "a"}),) * 2


def test_a_fragment_may_have_a_datetime_in_no_namespace() -> None:
    when = "<InstallDate><Datetime>2026-01-02T03:04:05Z</Datetime></InstallDate>"
    items = f"<w:Items><w:XmlFragment>{when}</w:XmlFragment></w:Items><w:EndOfSequence/>"
    found, _unused = run(query(SESSION, "SELECT InstallDate FROM Win32_Share"), enumerated(items))
    assert found[0].properties["InstallDate"] == CimDatetime("2026-01-02T03:04:05Z")


def test_a_query_with_more_results_than_allowed_is_refused() -> None:
    two = f"<w:Items>{SHARE * 2}</w:Items><w:EndOfSequence/>"
    assert len(run(query(SESSION, WQL, max_items=2), enumerated(two))[0]) == 2
    with pytest.raises(WSManProtocolError, match="more than 1 results"):
        run(query(SESSION, WQL, max_items=1), enumerated(two))


def test_a_query_that_brings_one_item_after_the_other_has_an_end() -> None:
    answers = [enumerated(context("uuid:1")), *[pulled(context("uuid:1") + f"<n:Items>{SHARE}</n:Items>")] * 1_999]
    with pytest.raises(WSManProtocolError, match=r"^the query takes more than 2000 answers: SELECT \* FROM"):
        run(query(SESSION, WQL, max_items=100_000), *answers)


def test_the_bytes_of_all_answers_to_a_query_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MAX_QUERY_BYTES", 5_000)
    more = pulled(context("uuid:1") + f"<n:Items>{SHARE}</n:Items><!--{' ' * 2_000}-->")
    with pytest.raises(WSManProtocolError, match=r"^the query has more than 5000 bytes of results: SELECT"):
        run(query(SESSION, WQL), enumerated(context("uuid:1")), more, more, more)


@pytest.mark.parametrize(
    "answers",
    [
        [enumerated("<n:EnumerationContext/>")],
        [enumerated("")],
        [enumerated("<n:EnumerationContext><x:y/></n:EnumerationContext>")],
        [enumerated(context("uuid:1")), pulled(context("uuid:1"))],
        [enumerated(context("uuid:1")), enumerated("<w:EndOfSequence/>")],
        [reply(ENUMERATED, "<n:PullResponse><n:EndOfSequence/></n:PullResponse>")],
    ],
)
def test_a_query_that_goes_nowhere_is_refused(answers: list[Callable[[bytes], bytes]]) -> None:
    with pytest.raises(WSManProtocolError):
        run(query(SESSION, WQL), *answers)


RELEASED = reply(NS["n"] + "/ReleaseResponse", "")
CLOSED = fault_reply(
    "<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>n:InvalidEnumerationContext</s:Value></s:Subcode></s:Code>"
)
ONE = f"<w:Items>{share('a')}</w:Items>"


@pytest.mark.parametrize(
    ("answers", "found", "steps"),
    [
        ([enumerated(f"<n:EnumerationContext/>{ONE}<w:EndOfSequence/>")], "a", ["Enumerate"]),
        ([enumerated("<n:EnumerationContext/><w:Items/><w:EndOfSequence/>")], None, ["Enumerate"]),
        ([enumerated(context("uuid:1") + ONE), RELEASED], "a", ["Enumerate", "Release"]),
        # It had ended by itself: what it has told stays true.
        ([enumerated(context("uuid:1") + ONE), CLOSED], "a", ["Enumerate", "Release"]),
        # Without DSP0226's optimization.
        (
            [enumerated(context("uuid:1")), pulled(context("uuid:1") + f"<n:Items>{share('b')}</n:Items>"), RELEASED],
            "b",
            ["Enumerate", "Pull", "Release"],
        ),
        (
            [enumerated(context("uuid:1")), pulled("<n:Items/><n:EndOfSequence/>")],
            None,
            ["Enumerate", "Pull"],
        ),
    ],
)
def test_the_first_result_is_asked_for_and_no_other(
    answers: list[Callable[[bytes], bytes]], found: str | None, steps: list[str]
) -> None:
    item, requests = run(first(SESSION, WQL), *answers)
    assert (None if item is None else item.text("Name")) == found
    assert [(header(request, "a:Action").text or "").rpartition("/")[2] for request in requests] == steps
    for request in requests:
        (step,) = body(request)
        assert [child.text for child in step if child.tag.endswith("}MaxElements")] in ([], ["1"])
        if step.tag == name("n:Release"):
            assert [(child.tag, child.text) for child in step] == [(name("n:EnumerationContext"), "uuid:1")]


def embedding(octets: int) -> Instance:
    trustee = Instance("Win32_Trustee", {"SID": tuple(range(octets))})
    return Instance(
        "Win32_SecurityDescriptor", {"ControlFlags": 4, "DACL": Instance("Win32_ACE", {"Trustee": trustee})}
    )


def test_embedded_instances_in_the_form_of_other_clients() -> None:
    # Elements of the tree are compared by their expanded names: both forms say the same.
    trees = []
    for prefixed in (False, True):
        operation = invoke(SESSION, "Win32_Share", "Set", {}, {"Access": embedding(60)}, prefixed=prefixed)
        request = next(operation)
        (method,) = body(request)
        trees.append([(element.tag, element.text) for element in method.iter()])
        assert (b' xmlns="' in request) is not prefixed
        assert (b"<SID>59</SID>" in request) is not prefixed
    assert trees[0] == trees[1]


def test_a_few_elements_are_prefixed_in_any_case() -> None:
    parameters = {"Access": embedding(8)}
    assert not has_compact_form("Win32_Share", "Set", parameters)
    assert has_compact_form("Win32_Share", "Set", {"Access": embedding(60)})
    assert b' xmlns="' not in next(invoke(SESSION, "Win32_Share", "Set", {}, parameters))


def test_a_method_without_parameters() -> None:
    uri = f"{CIMV2}/Win32_Share"
    output = f'<p:Delete_OUTPUT xmlns:p="{uri}"><p:ReturnValue>2</p:ReturnValue></p:Delete_OUTPUT>'
    found, requests = run(
        invoke(SESSION, "Win32_Share", "Delete", {"Name": "x"}), reply(f"{uri}/DeleteResponse", output)
    )
    assert found.integer("ReturnValue") == 2
    (method_input,) = body(requests[0])
    assert (method_input.tag, len(method_input)) == (f"{{{uri}}}Delete_INPUT", 0)


def test_another_methods_output_is_refused() -> None:
    uri = f"{CIMV2}/Win32_Share"
    with pytest.raises(WSManProtocolError, match="Create_OUTPUT"):
        run(
            invoke(SESSION, "Win32_Share", "Delete", {}),
            reply(f"{uri}/DeleteResponse", f'<p:Create_OUTPUT xmlns:p="{uri}"/>'),
        )


def test_the_case_of_action_and_message_id_does_not_matter() -> None:
    def shouting(request: bytes) -> bytes:
        return envelope(
            GET_RESPONSE.replace("GetResponse", "getresponse"),
            SHARE,
            (header(request, "a:MessageID").text or "").upper(),
        )

    assert run(get(SESSION, "Win32_Share", {}), shouting)[0].text("Name") == "SMS_SITE"


ANOTHER = "uuid:00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda _unused: envelope(GET_RESPONSE, SHARE, ANOTHER), "another request"),
        (lambda _unused: envelope(GET_RESPONSE, SHARE, None), "RelatesTo"),
        (lambda _unused: envelope(GET_RESPONSE, "<s:Fault/>", ANOTHER), "another request"),
        (reply(NS["x"] + "/PutResponse", SHARE), "action is .*PutResponse"),
        (reply(GET_RESPONSE, SHARE * 2), "2 elements"),
        (reply(GET_RESPONSE, ""), "0 elements"),
        (lambda _unused: b"", "empty"),
        (lambda _unused: b"  \r\n ", "empty"),
        (lambda _unused: b"<html><body>Proxy error</body></html>", "no SOAP"),
        (lambda _unused: b"HTTP/1.1 401 Unauthorized", "not well-formed"),
        (lambda _unused: f'<s:Envelope xmlns:s="{NS["s"]}"/>'.encode(), "no SOAP"),
        (lambda _unused: envelope(GET_RESPONSE, SHARE, ANOTHER)[:-9], "not well-formed"),
        (lambda _unused: b"x" * 65537, "65537 bytes"),
    ],
)
def test_what_is_no_answer_is_refused(answer: Callable[[bytes], bytes], message: str) -> None:
    with pytest.raises(WSManProtocolError, match=message):
        run(get(SESSION, "Win32_Share", {"Name": "SMS_SITE"}), answer)
