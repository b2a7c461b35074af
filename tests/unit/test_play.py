# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sites have no host in the inventory."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.play import absent_sites

SITES = {"central": "C01", "primary": "P01"}


@pytest.mark.parametrize(
    ("hosts", "absent"),
    [
        ({"Central": {}, "primary": {}}, []),
        ({"Central": {}}, [("P01", "primary")]),
        # A host that serves the site under another name.
        ({"Central": {}, "alias": {"sms_site_code": "p01"}}, []),
        ({"Central": {}, "alias": {"sms_sender_perms_site_code": "P01"}}, []),
        # The name of a site's server comes before sms_site_code, as everywhere.
        ({"Central": {"sms_site_code": "P01"}}, [("P01", "primary")]),
    ],
)
def test_a_site_is_absent_if_no_host_serves_it(hosts: dict[str, dict[str, str]], absent: list[tuple[str, str]]) -> None:
    variables: dict[str, Any] = {"ansible_play_hosts_all": [], "groups": {"all": list(hosts)}, "hostvars": hosts}
    assert absent_sites(variables, SITES) == absent
