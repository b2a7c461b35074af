# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report in a browser: what a reader sees, filters, reaches by keyboard and prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import read_audit
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import read_hierarchy
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.report import fleet_of, html_page
from tests.functional.report.browser import Browser, Page, needs_chromium, running_browser
from tests.unit.report.support import codes, description, fleet_lines, hostile_lines, server, status_of

pytestmark = needs_chromium

SITES = 120
PROBLEMS = [code for place, code in enumerate(codes(SITES)) if status_of(place) != "in_desired_state"]
DRIFTED = [code for place, code in enumerate(codes(SITES)) if status_of(place) == "drifted"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with running_browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    with Page(browser) as opened:
        yield opened


def written(path: Path, content: Iterable[bytes], count: int) -> Path:
    fleet = fleet_of(read_audit({"a": content}), read_hierarchy(description(count)))
    path.write_text("".join(html_page(fleet, "Senders")), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("report") / "report.html", fleet_lines(SITES), SITES)


SHOWN = "Array.from(document.querySelectorAll('{}')).filter((row) => row.checkVisibility()).map((row) => {})"
ROWS = SHOWN.format("#table tbody tr", "row.cells[0].innerText")
# A heading that is not rendered yet, as it is far down, has no inner text.
SECTIONS = SHOWN.format("details.site", "row.querySelector('h3').textContent.split(' ')[0]")


def choose(tab: Page, state: str = "", text: str = "") -> None:
    """Set the filter as its reader does, and wait for it to take effect."""
    tab.run(
        "new Promise((done) => {"
        "const state = document.getElementById('filter-state'), text = document.getElementById('filter-text');"
        f"state.value = {state!r}; state.dispatchEvent(new Event('change'));"
        f"text.value = {text!r}; text.dispatchEvent(new Event('input'));"
        "setTimeout(done, 300)})"
    )


def test_nothing_is_asked_of_any_network_and_the_browser_has_no_complaint(tab: Page, report: Path) -> None:
    tab.open(report)
    assert tab.run(ROWS) == [*DRIFTED, *(code for code in tab.run(ROWS) if code not in DRIFTED)]
    assert tab.requests == [report.as_uri()]
    assert tab.complaints == []


def test_the_policy_stops_what_is_not_ours(tab: Page, report: Path, tmp_path: Path) -> None:
    """Were a name not escaped after all, the page's own policy would still stand in the way."""
    leaky = tmp_path / "leaky.html"
    scripts = "<script>window.pwned=1</script><img src=http://127.0.0.1:9/x onerror=window.pwned=1>"
    leaky.write_text(report.read_text(encoding="utf-8").replace("Site number 7<", f"{scripts}<"), encoding="utf-8")
    tab.open(leaky)
    assert tab.run("document.querySelectorAll('#table script').length") == 1
    assert tab.run("window.pwned") is None
    assert any("Content Security Policy" in complaint for complaint in tab.complaints)
    assert tab.run(f"({ROWS}).length") == SITES


def test_hostile_names_do_nothing(tab: Page, tmp_path: Path) -> None:
    file = written(tmp_path / "hostile.html", hostile_lines(), 2)
    tab.width(1200)
    tab.open(file)
    tab.run("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    tab.run("document.querySelectorAll('*').forEach((one) => one.dispatchEvent(new Event('mouseover')))")
    choose(tab, text="<script>")
    assert tab.run("window.pwned") is None
    assert tab.run("document.scripts.length") == 1
    assert tab.requests == [file.as_uri()]
    assert tab.complaints == []
    choose(tab)
    assert tab.run("document.scrollingElement.scrollWidth") <= 1200


def test_filter_by_state_and_by_text(tab: Page, report: Path) -> None:
    tab.open(report)
    choose(tab, state="drifted")
    assert sorted(tab.run(ROWS)) == sorted(tab.run(SECTIONS)) == sorted(DRIFTED)
    assert tab.run("document.getElementById('filter-shown').textContent") == f"{len(DRIFTED)} of {SITES} shown"
    choose(tab, state="drifted", text=f"SMSSEND {server(DRIFTED[0])}")
    assert tab.run(ROWS) == tab.run(SECTIONS) == [DRIFTED[0]]
    # The key that would send the form somewhere only filters.
    tab.run("document.getElementById('filter-text').focus()")
    tab.press("Enter", 13, "\r")
    tab.run("new Promise((done) => setTimeout(done, 300))")
    assert tab.run(ROWS) == [DRIFTED[0]]
    assert tab.complaints == []
    choose(tab, text="there is no such site")
    assert tab.run(ROWS) == tab.run(SECTIONS) == []
    tab.run("document.querySelector('#filter button').click()")
    tab.run("new Promise((done) => setTimeout(done, 50))")
    assert tab.run(f"({ROWS}).length") == tab.run(f"({SECTIONS}).length") == SITES


def test_what_is_filtered_can_be_passed_on_as_an_address(tab: Page, report: Path) -> None:
    tab.open(report)
    choose(tab, state="drifted", text="sms-g0")
    fragment, shown = tab.run("location.hash"), tab.run(ROWS)
    assert 0 < len(shown) < len(DRIFTED)
    tab.open(report, fragment)
    assert tab.run(ROWS) == shown
    # One that somebody made up, or meant badly, filters nothing away unseen.
    tab.open(report, "#?state=%3Cscript%3E&text=%E2%80%AE")
    assert tab.run("document.getElementById('filter-state').selectedIndex") == 0
    assert tab.complaints == []


def test_a_link_opens_the_site_that_it_leads_to(tab: Page, report: Path) -> None:
    tab.open(report)
    choose(tab, state="drifted")
    # In the tree, where a site is that the filter hides below.
    tab.run("document.querySelector('.tree .in_desired_state ~ a').click()")
    tab.run("new Promise((done) => setTimeout(done, 50))")
    assert tab.run("document.querySelector(location.hash).open") is True
    assert tab.run("document.querySelector(location.hash).checkVisibility()") is True


def test_without_javascript_everything_is_there(tab: Page, report: Path) -> None:
    tab.open(report, script=False)
    assert tab.run(f"({ROWS}).length") == tab.run(f"({SECTIONS}).length") == SITES
    assert (
        tab.run("Array.from(document.querySelectorAll('form, button')).some((one) => one.checkVisibility())") is False
    )
    inside = "document.querySelector('#s1 table')"
    assert tab.run(f"{inside}.checkVisibility({{contentVisibilityAuto: true}})") is False
    # By keyboard, as a summary works without any script.
    tab.run("document.querySelector('#s1 summary').focus()")
    tab.press("Enter", 13, "\r")
    assert tab.run("document.getElementById('s1').open") is True
    assert "no entry grants Full Control" in tab.run(f"{inside}.innerText")
    tab.open(report, "#s2", script=False)
    top = tab.run("document.getElementById('s2').getBoundingClientRect().top")
    assert 0 <= top < tab.run("innerHeight")


def test_by_keyboard(tab: Page, report: Path) -> None:
    tab.open(report)
    tab.press("Tab", 9)
    assert tab.run("document.activeElement.innerText") == "Skip to the content"
    assert tab.run("document.activeElement.getBoundingClientRect().left") >= 0
    assert float(tab.run("getComputedStyle(document.activeElement).outlineWidth").removesuffix("px")) >= 2
    tab.press("Enter", 13, "\r")
    assert tab.run("document.activeElement.id") == "main"
    reached = set()
    for _press in range(8):
        tab.press("Tab", 9)
        reached.add(tab.run("document.activeElement.tagName"))
    assert {"A", "BUTTON", "SUMMARY"} <= reached


# WCAG 2.2, 1.4.3: the text that is seen, on the nearest background that covers it.
CONTRASTS = """
(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [red, green, blue] = parts(colour).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const background = (element) => {
    for (let place = element; place; place = place.parentElement) {
      const colour = getComputedStyle(place).backgroundColor, rgba = parts(colour);
      if (rgba.length < 4 || rgba[3] > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = {};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const colour = getComputedStyle(element).color, back = background(element);
    const [darker, lighter] = [luminance(colour), luminance(back)].sort((a, b) => a - b);
    found[`${colour} on ${back}`] = (lighter + 0.05) / (darker + 0.05);
  }
  return found;
})()
"""


@pytest.mark.parametrize(("media", "dark"), [("", False), ("", True), ("print", False), ("print", True)])
def test_contrast_of_everything_that_is_seen(tab: Page, report: Path, media: str, dark: bool) -> None:
    tab.media(media, dark=dark)
    tab.open(report)
    tab.run("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    found: dict[str, float] = tab.run(CONTRASTS)
    assert len(found) >= 5
    assert {pair: ratio for pair, ratio in found.items() if ratio < 4.5} == {}
    page = tab.run("getComputedStyle(document.body).backgroundColor")
    # Paper is white.
    assert (page == "rgb(255, 255, 255)") == (not dark or media == "print")


def test_print(tab: Page, report: Path) -> None:
    tab.open(report, script=False)
    assert tab.run("document.querySelector('#s1 table').checkVisibility()") is False
    tab.media("print")
    assert sorted(tab.run(SECTIONS)) == sorted(PROBLEMS)
    # Closed, and printed nevertheless.
    assert tab.run("document.getElementById('s1').open") is False
    assert tab.run("document.querySelector('#s1 table').checkVisibility()") is True
    for gone in ("nav", "form", ".skip", "button"):
        assert tab.run(f"Array.from(document.querySelectorAll('{gone}')).some((one) => one.checkVisibility())") is False
    tab.media("")
    data = tab.pdf()
    assert data.startswith(b"%PDF-")
    # An object of a page in a PDF: ISO 32000-1, 7.7.3.3.
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", data)) <= 40


def test_a_narrow_window_scrolls_in_one_direction(tab: Page, report: Path) -> None:
    """WCAG 2.2, 1.4.10: 320 pixels are enough; tables may scroll by themselves."""
    tab.width(320)
    tab.open(report)
    tab.run("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    assert tab.run("document.scrollingElement.scrollWidth") <= 320


def test_names_and_roles_for_assistive_technology(tab: Page, report: Path) -> None:
    tab.open(report)
    tab.run("document.getElementById('s1').open = true")
    tab.ask("Accessibility.enable")
    nodes: list[dict[str, Any]] = tab.ask("Accessibility.getFullAXTree")["nodes"]
    by_role: dict[str, list[str]] = {}
    for node in nodes:
        if not node["ignored"]:
            name = node.get("name", {}).get("value", "")
            by_role.setdefault(node["role"]["value"], []).append(name)
    for role in (
        "link",
        "button",
        "heading",
        "region",
        "searchbox",
        "combobox",
        "columnheader",
        "navigation",
        "search",
    ):
        assert by_role[role], role
        assert all(by_role[role]), role
    assert {"banner", "main", "contentinfo"} <= set(by_role)
    assert any(name.startswith("3 drifted") or " drifted, " in name for name in by_role["image"])


def test_six_thousand_sites(tab: Page, tmp_path: Path) -> None:
    count = 6000
    file = written(tmp_path / "large.html", fleet_lines(count), count)
    tab.open(file)
    choose(tab, state="unreachable")
    expected = {code for place, code in enumerate(codes(count)) if status_of(place) == "unreachable"}
    assert set(tab.run(ROWS)) == expected
    choose(tab, text=codes(count)[-1])
    assert tab.run("document.getElementById('filter-shown').textContent") == f"1 of {count} shown"
    # What a press of a key costs, the new layout included.
    spent = tab.run(
        "(() => { const begin = performance.now(); const state = document.getElementById('filter-state');"
        "state.value = 'drifted'; state.dispatchEvent(new Event('change')); document.body.offsetHeight;"
        "return performance.now() - begin })()"
    )
    assert spent < 5000
    assert tab.complaints == []
