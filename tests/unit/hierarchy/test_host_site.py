# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which site a host serves: the role's variable, then the server's name, then the inventory's variable."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import (
    NoSite,
    codes_by_server,
    read_hierarchy,
    site_code_of,
)

SITES = read_hierarchy(
    [{"code": "C01", "server": "Central", "addresses": []}, {"code": "P01", "server": "primary", "addresses": []}]
)


@pytest.mark.parametrize(
    ("host", "variables", "code"),
    [
        ("CENTRAL", {}, "C01"),
        ("central", {"sms_site_code": "P01"}, "C01"),
        ("central", {"sms_sender_perms_site_code": "p01", "sms_site_code": "S01"}, "P01"),
        ("central", {"sms_sender_perms_site_code": "", "sms_site_code": None}, "C01"),
        ("alias", {"sms_site_code": "x01"}, "X01"),
        ("alias", {"sms_site_code": 100}, "100"),
        ("alias", {}, ""),
    ],
)
def test_the_first_that_names_a_site_counts(host: str, variables: dict[str, object], code: str) -> None:
    assert site_code_of(host, variables, codes_by_server(SITES)) == code


ADVICE = "Add the site, correct its server, set sms_site_code for this host, or leave the host out with --limit."


@pytest.mark.parametrize(
    ("host", "code", "message"),
    [
        ("web's", "", f"No site in sms_sites has the server 'web's'. {ADVICE}"),
        ("web01", "X99", f"Site 'X99' of this host is not in sms_sites. {ADVICE}"),
    ],
)
def test_the_message_is_found_within_that_of_ansible(host: str, code: str, message: str) -> None:
    assert str(NoSite(host, code)) == message
    assert NoSite.message_in(f"The filter plugin failed: {message}\n\nOrigin: main.yml") == message


def test_other_messages_are_no_message_of_it() -> None:
    assert NoSite.message_in("central: no share SMS_SITE. Add the site.") is None
