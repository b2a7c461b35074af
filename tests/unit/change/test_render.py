# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages for the change board. What comes from servers and inventories must stay text in them."""

from __future__ import annotations

import html
from html.parser import HTMLParser
from typing import Any

import pytest
from markdown_it import MarkdownIt

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import as_html, as_markdown, unread_section
from tests.unit.change.samples import document, section

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; </pre></td></table>",
    "`code` **bold** _em_ [link](javascript:alert(1)) ![image](http://evil.example/x.png)",
    "| cell | cell |",
    "\n\n# Heading\n\n- item",
    "```\n~~~\n---",
    "http://evil.example/ www.evil.example <http://evil.example/> &lt;b&gt;",
    "{{ 7 * 7 }} {% raw %}",
    "+ + list",
    "\\",
]
_MARKDOWN = MarkdownIt("commonmark", {"linkify": False}).enable("table").enable("strikethrough")
TURNED = "abc\u202edcba\u202c\u200b\u0007"


class Page(HTMLParser):
    """What a browser would make of a page: its elements with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, Any]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "img", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _attributes in self.elements]


def plan_with(name: str) -> dict[str, Any]:
    """A plan that has this name everywhere where people, servers or inventories choose one."""
    planned = section(
        site=name,
        warnings=[f"{name} warned"],
        findings=[
            dict.fromkeys(("id", "site", "evidence", "advice", "source"), name) | {"severity": "error"},
        ],
        group={
            "name": name,
            "sid": "S-1-5-32-545",
            "members": [],
            "add": [{"name": name, "sid": "S-1-1-0"}],
            "missing": [{"name": name, "sid": "S-1-5-7"}],
        },
    )
    planned["share"] |= {"name": name, "edits": [f"+ allow {name}  Full Control"]}
    planned["directory"] |= {"path": name, "edits": [f"- deny {name}  Full control"]}
    planned["grants"][0] |= {"account": name, "name": name, "reasons": [name]}
    plan = document({name or "p": planned, f"x{name}": unread_section("error", name, site=name)})
    return {**plan, "head": {**plan["head"], "change_id": name}}


@pytest.mark.parametrize("name", HOSTILE)
def test_names_stay_text_in_html(name: str) -> None:
    harmless, page = Page(as_html(plan_with("name"))), Page(as_html(plan_with(name)))
    # The table cells and sections that a harmless name makes, and not one more.
    assert sorted(page.tags) == sorted(harmless.tags)
    assert page.open == []
    assert {key for _tag, attributes in page.elements for key in attributes} <= {
        "lang", "charset", "http-equiv", "content", "name", "scope", "class",
    }  # fmt: skip
    if "\n" not in name:
        assert page.text.count(name) >= 10


@pytest.mark.parametrize("name", HOSTILE)
def test_names_stay_text_in_markdown(name: str) -> None:
    harmless = Page(_MARKDOWN.render(as_markdown(plan_with("name"))))
    page = Page(_MARKDOWN.render(as_markdown(plan_with(name))))
    assert sorted(page.tags) == sorted(harmless.tags)
    assert [attributes for tag, attributes in page.elements if tag in ("a", "img", "script")] == []


def test_github_makes_no_links_of_names() -> None:
    text = as_markdown(plan_with("http://evil.example/ www.evil.example somebody@evil.example"))
    prose = "\n".join(line for line in text.splitlines() if "`" not in line and not line.startswith(("+", "-")))
    for link in ("http://", "www.evil", "y@e"):
        assert link not in prose


@pytest.mark.parametrize("render", [as_html, as_markdown])
def test_what_cannot_be_seen_is_shown(render: Any) -> None:
    text = render(plan_with(TURNED))
    assert "abc<U+202E>dcba<U+202C><U+200B><U+0007>" in html.unescape(text)
    assert not set(TURNED) & {"\u202e", "\u202c", "\u200b", "\u0007"} & set(text)


@pytest.mark.parametrize("render", [as_html, as_markdown])
def test_the_board_sees_what_it_decides_about(render: Any) -> None:
    plan = document({"p01.corp.example": section(), "dead.corp.example": unread_section("unreachable", "no route")})
    text = render(plan)
    planned = plan["hosts"]["p01.corp.example"]
    assert plan["digest"] in text
    assert "no route" in text
    assert "UNREACHABLE" in text
    for each in (planned["share"], planned["directory"]):
        assert each["before"] in text
        assert each["after"] in text
        assert each["edits"][0] in text
    assert "1 to change, 0 need no change, 0 lacking members, 1 not read" in " ".join(text.split())


@pytest.mark.parametrize("render", [as_html, as_markdown])
def test_the_board_sees_whom_the_change_gives_no_access(render: Any) -> None:
    group = {"name": "P01\\G", "sid": "S-1-5-32-545", "members": [], "add": []}
    group["missing"] = [{"name": "CORP\\late", "sid": "S-1-5-7"}, {"name": "CORP\\later", "sid": "S-1-5-8"}]
    lacks = section(group=group, warnings=["Add them on the server."])
    for item in (lacks["share"], lacks["directory"]):
        item["after"], item["edits"] = item["before"], []
    page = render(document({"p01": lacks}))
    text = " ".join(Page(page if render is as_html else _MARKDOWN.render(page)).text.split())
    assert "0 to change, 0 need no change, 1 lacking members, 0 not read" in text
    assert "This change gives no access to CORP\\late, CORP\\later: Add them on the server." in text
    assert "LACKS MEMBERS" in text


def test_the_page_loads_nothing() -> None:
    page = Page(as_html(document()))
    assert not {"script", "link", "img", "iframe", "object", "a", "form"} & set(page.tags)
    policy = next(each for tag, each in page.elements if tag == "meta" and "http-equiv" in each)
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_six_thousand_hosts_fit_on_a_page() -> None:
    hosts = {f"p{number:04}.corp.example": section() for number in range(6000)}
    text = as_html(document(hosts))
    assert text.count("<section>") == 6000
    assert len(text) < 20_000_000
