# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection of each host of a fleet, with the options that its variables give it."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.template import trust_as_template

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.fleet import HostConnections

HOSTS: dict[str, dict[str, Any]] = {
    "p01": {
        "ansible_connection": "winrm",
        "ansible_host": trust_as_template("{{ address }}"),
        "address": "10.0.0.1",
        "ansible_port": 5985,
        "ansible_user": "CORP\\ansible",
        "ansible_password": "S3cret-1",
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": ["ntlm"],
        "ansible_winrm_realm": trust_as_template("{{ omit }}"),
        "sms_sender_perms_share": trust_as_template("SMS_{{ 'SITE' }}"),
        "other": trust_as_template("{{ never_templated }}"),
    },
    "p02": {"ansible_connection": "psrp", "ansible_host": "10.0.0.2"},
    "p03": {"ansible_connection": "no.such.plugin"},
    "p04": {"ansible_connection": trust_as_template("{{ undefined_variable }}")},
    "p05": {},
}


class Variables:
    """Stands in for Ansible's manager of variables."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self._inventory = SimpleNamespace(get_host=lambda name: name if name in HOSTS else None)

    def get_vars(self, *, host: str, **_rest: Any) -> Mapping[str, Any]:
        self.made.append(host)
        return {**HOSTS[host], "inventory_hostname": host}


def connections(play: PlayContext | None = None, variables: Mapping[str, Any] | None = None) -> HostConnections:
    task = SimpleNamespace(get_variable_manager=Variables, dump_attrs=dict, play=None)
    return HostConnections(task, play or PlayContext(), DataLoader(), variables or {})


def test_options_and_variables_of_a_host_are_templated() -> None:
    connection, own = connections().make("p01")
    options = {name: connection.get_option(name) for name in ("remote_addr", "port", "remote_user", "transport")}
    assert options == {"remote_addr": "10.0.0.1", "port": 5985, "remote_user": "CORP\\ansible", "transport": ["ntlm"]}
    assert connection.get_option("_extras") == {}
    assert own == {"sms_sender_perms_share": "SMS_SITE"}


def test_a_password_of_the_play_is_that_of_the_host_that_has_it() -> None:
    play = PlayContext()
    play.password = "Of-p01"
    for variables, expected in (({"ansible_password": "Of-p01"}, None), ({}, "Of-p01")):
        connection, _own = connections(play, variables).make("p02")
        assert connection.get_option("remote_password") == expected


@pytest.mark.parametrize(
    ("host", "words"),
    [("p03", "no.such.plugin"), ("p04", "undefined_variable"), ("p09", "the inventory has no host p09")],
)
def test_what_is_wrong_with_a_host_is_an_error_of_that_host(host: str, words: str) -> None:
    made = connections()
    with pytest.raises(AnsibleError, match=words):
        made.make(host)
    # When it is only loaded for all, nothing is said of it.
    made.load(host)
