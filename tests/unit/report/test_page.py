# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report as text: complete without a script, sound in structure, and inert whatever names it shows."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import read_audit
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import read_hierarchy
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report import SiteState, fleet_of, html_page
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report.page import MAX_NESTING, SYMBOLS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report.text import visible
from tests.unit.report.support import HOSTILE, description, finding, host, hostile_lines, lines, sender

CHECKOUT = Path(__file__).resolve().parents[3]
CSS = (CHECKOUT / "plugins" / "plugin_utils" / "report" / "page.css").read_text(encoding="utf-8")

# HTML Living Standard, "Void elements".
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

# HTML Living Standard: what loads, embeds or submits something, or moves the base of links.
LOADING = {"applet", "audio", "base", "embed", "frame", "iframe", "image", "img", "link", "object", "source", "track"}
LOADING |= {"video", "use", "feimage", "foreignobject", "picture", "portal", "textarea", "template"}

GROUP = {"name": "P\\S", "sid": "S-1-5-32-9", "in_desired_state": None, "members": ["CORP\\a"], "missing": ["CORP\\b"]}


class Parsed(HTMLParser):
    """A page taken apart by Python's parser, which knows nothing of templates. Every element must be closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.content: dict[str, str] = {}
        self._open: list[str] = []
        self.deepest = 0
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
            self.deepest = max(self.deepest, len(self._open))

    def handle_endtag(self, tag: str) -> None:
        assert self._open
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self._open and self._open[-1] in ("style", "script", "title"):
            self.content[self._open[-1]] = self.content.get(self._open[-1], "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(content: list[bytes], count: int = 0, title: str = "Senders") -> str:
    hierarchy = read_hierarchy(description(count)) if count else None
    return "".join(html_page(fleet_of(read_audit({"audit.jsonl": content}), hierarchy), title))


def everything() -> str:
    """A page on which every part of the template is used."""
    names = [f"sms-g0{digit}.corp.example" for digit in range(4)]
    torn = lines(
        host(names[0], "G00", findings=[finding("G00"), finding("G00", "of_its_own", "info")]),
        host(
            names[1],
            "G01",
            "drifted",
            group=GROUP,
            senders=[sender("smssend@corp.example", directory=False, member=True) | {"name": "CORP\\smssend"}],
        ),
        host(names[2], "G02", "unreachable"),
        host("stranger.corp.example", None, "error"),
        finished=False,
    )
    return page([*torn, b'{"type": "ho'], 4)


PAGES = {"everything": everything, "hostile": lambda: page(hostile_lines(), 2), "empty": lambda: page(lines())}


@pytest.fixture(params=PAGES)
def parsed(request: pytest.FixtureRequest) -> Parsed:
    return Parsed(PAGES[request.param]())


def test_structure(parsed: Parsed) -> None:
    ids = [attributes["id"] for _tag, attributes in parsed.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes in parsed.all("a"):
        target = attributes["href"] or ""
        assert target.startswith("#")
        assert target[1:] in ids
    for name in ("aria-labelledby", "for"):
        for _tag, attributes in parsed.elements:
            assert set((attributes.get(name) or "").split()) <= set(ids)
    assert parsed.all("html") == [{"lang": "en"}]
    assert all(attributes.get("scope") in ("col", "row", "rowgroup") for attributes in parsed.all("th"))
    levels = [int(tag[1]) for tag, _attributes in parsed.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(following <= level + 1 for level, following in pairwise(levels))
    # The first thing that can be reached by keyboard leads past everything that comes before the content.
    assert parsed.all("a")[0] == {"class": "skip", "href": "#main"}
    assert [tag for tag, attributes in parsed.elements if attributes.get("id") == "main"] == ["main"]


def test_nothing_is_loaded_and_only_our_own_style_and_script_apply(parsed: Parsed) -> None:
    assert not {tag for tag, _attributes in parsed.elements} & LOADING
    attributes = {name for _tag, some in parsed.elements for name in some}
    assert not {name for name in attributes if name.startswith("on") or name in ("src", "style", "srcset", "action")}
    assert len(parsed.all("script")) == len(parsed.all("style")) == 1
    (policy,) = (meta["content"] or "" for meta in parsed.all("meta") if meta.get("http-equiv"))
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest(parsed.content['style'])}'",
        "script-src": f"'sha256-{digest(parsed.content['script'])}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    # It is in force before anything that it is about.
    order = [tag for tag, attributes in parsed.elements if tag == "style" or "http-equiv" in attributes]
    assert order == ["meta", "style"]


def digest(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def test_hostile_names_are_shown_and_nothing_else() -> None:
    text = page(hostile_lines(), title=HOSTILE[0])
    shown = "\n".join(Parsed(text).texts)
    for name in HOSTILE:
        assert visible(name) in shown
    # Not a single character that directs or hides others.
    assert not re.search(
        r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]", text
    )
    # What is in the template, and nothing that came with a name: the same elements as with harmless names.
    harmless = re.sub(rb'("(?:[^"\\]|\\.)*")', _harmless, b"".join(hostile_lines()))
    assert shape(text) == shape(page(harmless.splitlines(keepends=True)))


# What the format gives a meaning to; everything else in the hostile file is a stranger's text.
_FORMAT_WORDS = re.compile(rb'"[a-z_]+"|"(sitekeeper\.sms/audit|\d{4}-\d\d-\d\dT[\d:]+Z)"')


def _harmless(match: re.Match[bytes]) -> bytes:
    text = match.group(1)
    if _FORMAT_WORDS.fullmatch(text):
        return text
    return b'"n%s"' % hashlib.sha256(text).hexdigest()[:12].encode()


def shape(text: str) -> Counter[tuple[str, frozenset[str]]]:
    return Counter((tag, frozenset(attributes)) for tag, attributes in Parsed(text).elements)


def test_everything_is_there_without_a_script() -> None:
    text = everything()
    parsed = Parsed(text)
    shown = " ".join(" ".join(parsed.texts).split())
    for part in (
        "sms-g00.corp.example",
        "▲ drifted",
        "○ not read",
        "stranger.corp.example: no answer on port 5985",
        "Systems Management Server 1.2",
        "D:\\SMS\\Site.srv\\Despoolr.box\\Receive",
        "share: + allow CORP\\smssend Full Control",
        "no entry grants Full Control",
        "given as smssend@corp.example",
        "C01 sends here as smssend@corp.example",
        "is a member of the group",
        "whose rights are unknown; members: CORP\\a; missing: CORP\\b",
        "A site has no address to a neighbour that sends to it",
        "Describe the address, or create it.",
        "O:BAG:SYD:(A;;FA;;;BA)",
        "The audit was interrupted",
        "audit.jsonl, line 6 is no JSON and was passed over",
        "below it: 1 drifted , 1 unreachable , 1 not read",
    ):
        assert part in shown, part
    assert sum(1 for attributes in parsed.all("details") if "site" in (attributes.get("class") or "")) == 5
    assert sum(1 for attributes in parsed.all("tr") if "data-state" in attributes) == 5
    # Hidden is what is of no use without a script, and nothing else.
    assert all("data-script" in attributes for _tag, attributes in parsed.elements if "hidden" in attributes)


def test_states_are_told_apart_by_word_and_shape() -> None:
    assert len({SYMBOLS[state] for state in SiteState}) == len({state.words for state in SiteState}) == len(SiteState)


def test_the_same_audit_gives_the_same_page() -> None:
    assert everything() == everything()


def test_a_hierarchy_deeper_than_browsers_nest() -> None:
    sites = description(600)
    for site, above in zip(sites[1:], sites, strict=False):
        site["parent"] = above["code"]
    text = "".join(html_page(fleet_of(read_audit({"a": lines()}), read_hierarchy(sites)), "Deep"))
    parsed = Parsed(text)
    # HTML Living Standard leaves the limit to browsers; Blink's is 512 elements.
    assert parsed.deepest < 3 * MAX_NESTING + 20 < 512
    assert "(level 599)" in " ".join(parsed.texts)


def luminance(colour: str) -> float:
    """WCAG 2.2, definition of relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """WCAG 2.2, definition of contrast ratio."""
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.S)
    )
    assert set(light) == set(dark)
    for theme in (light, dark):
        for text in ("text", "quiet", "link", "focus"):
            for back in ("page", "panel"):
                assert contrast(theme[text], theme[back]) >= 4.5, (text, back)
        for state in SiteState:
            for back in (f"{state.value}-back", "page"):
                assert contrast(theme[state.value], theme[back]) >= 4.5, state


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="reads its peak of memory from Linux' /proc: run it there"
)
def test_six_thousand_sites_in_little_memory() -> None:
    """In a process of its own, as the peak of this one tells nothing."""
    program = (
        "from pathlib import Path\n"
        "from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import read_hierarchy\n"
        "from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import read_audit\n"
        "from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report import fleet_of, html_page\n"
        "from tests.unit.report.support import description, fleet_lines\n"
        "fleet = fleet_of(read_audit({'a': fleet_lines(6000)}), read_hierarchy(description(6000)))\n"
        "size = sum(len(piece.encode()) for piece in html_page(fleet, 'Large'))\n"
        "print(size, Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": f"{CHECKOUT / 'build' / 'collections'}:{CHECKOUT}"},
        capture_output=True,
        text=True,
        check=True,
    )
    size, peak = map(int, done.stdout.split())
    assert 6000 * 1000 < size < 30_000_000
    # In KiB. What getrusage(2) tells on Linux counts the process from which this one was started.
    assert peak < 150 * 1024
