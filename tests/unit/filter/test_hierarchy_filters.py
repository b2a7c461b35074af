# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters as playbooks meet them: through Ansible's own templating."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.sitekeeper.sms.plugins.filter.hierarchy import FilterModule

FILTERS = FilterModule().filters()
FOLDER = Path(__file__).resolve().parents[3] / "plugins" / "filter"

SITES = [
    {"code": "C01", "server": "central", "addresses": [{"to": "p01", "sender_account": r"CORP\smssend"}]},
    {"code": "P01", "server": "primary", "parent": "C01"},
]
WRONG = [{"code": "P01", "server": "primary", "parent": "C01"}, "P02"]
WHAT_IS_WRONG = [
    "entry 2 of sms_sites must be a dictionary that describes a site, but it is text.",
    "site P01: its parent C01 is not described; add site C01 to sms_sites or correct the parent.",
]


def test_required_grants():
    assert FILTERS["required_grants"](SITES) == {
        "C01": [],
        "P01": [{"account": r"CORP\smssend", "reasons": [r"C01 sends to P01 as CORP\smssend"]}],
    }


def test_required_grants_of_a_wrong_description_names_every_error():
    with pytest.raises(AnsibleFilterError) as caught:
        FILTERS["required_grants"](WRONG)
    assert str(caught.value) == "\n".join(["The description of the hierarchy can't be used:", *WHAT_IS_WRONG])


def test_hierarchy_errors():
    assert FILTERS["hierarchy_errors"](WRONG) == WHAT_IS_WRONG
    assert FILTERS["hierarchy_errors"](SITES) == []


def test_every_filter_is_documented_under_its_name():
    assert {path.stem for path in FOLDER.glob("*.yml")} == set(FILTERS)
    for name in FILTERS:
        assert yaml.safe_load((FOLDER / f"{name}.yml").read_text())["DOCUMENTATION"]["name"] == name


def test_the_example_of_required_grants_shows_what_it_returns():
    documented = yaml.safe_load((FOLDER / "required_grants.yml").read_text())["EXAMPLES"]
    sites = yaml.safe_load(documented)[0]["vars"]["sms_sites"]
    comments = [line.partition("# ")[2] for line in documented.splitlines() if line.strip().startswith("# ")]
    assert FILTERS["required_grants"](sites) == yaml.safe_load("\n".join(comments))
