# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role has registered for a host: of this play only, with the site by the one rule."""

from __future__ import annotations

from typing import Any

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.role_results import host_run

SCOPE = {"sites": {"p01": "P01"}, "check_mode": False}
RESULT = {"site_code": "p02", "group": {"name": "G", "missing": ["CORP\\a"]}}
AGAIN = {"senders": [{"name": "CORP\\a", "in_desired_state": True}]}


class HostVars(dict[str, dict[str, Any]]):
    """As Ansible's: the variables of each host, templated by the key and untemplated by `raw_get`."""

    def raw_get(self, host: str) -> dict[str, Any]:
        return self[host]


def run(**registered: Any) -> Any:
    own = {f"_sms_sender_perms_{name}": value for name, value in registered.items()}
    return host_run("p01", {"hostvars": HostVars(p01=own)}, SCOPE, "this play")


def test_the_results_of_this_play_are_a_value() -> None:
    made = run(scope={"play": "this play"}, result=RESULT, membership={"changed": True}, again=AGAIN)
    assert (made.code, made.first, made.membership, made.again) == ("P02", RESULT, {"changed": True}, AGAIN)
    assert made.joined == ("CORP\\a",)
    assert made.second == AGAIN


def test_check_mode_is_that_of_the_role() -> None:
    scope = {**SCOPE, "check_mode": True}
    assert host_run("p01", {"hostvars": HostVars(p01={})}, scope, "this play").check_mode


def test_results_of_another_play_do_not_count() -> None:
    made = run(scope={"play": "another"}, result=RESULT, membership={"changed": True}, again=AGAIN)
    assert (made.code, made.first, made.membership, made.again, made.joined) == ("P01", {}, {}, {}, ())


def test_a_host_without_results_has_the_site_of_its_name() -> None:
    assert (run().code, run().first) == ("P01", {})


def test_a_host_without_a_site_has_a_dash() -> None:
    made = host_run("web01", {"hostvars": HostVars(web01={})}, SCOPE, "this play")
    assert made.code == "-"
