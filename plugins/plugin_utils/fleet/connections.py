# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection plugin of each host, made and set up as Ansible does it for a task of that host."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from ansible import constants as C  # noqa: N812 - Ansible's own name for it
from ansible.errors import AnsibleError
from ansible.plugins.loader import connection_loader
from ansible.template import Templar

from ..site_server.wires import load_wires

try:
    from ansible.errors import AnsibleValueOmittedError as Omitted
except ImportError:  # before ansible-core 2.19, where nothing is raised

    class Omitted(Exception):  # type: ignore[no-redef]
        """A variable that is `omit`."""


HOST_VARIABLES = (
    "sms_sender_perms_site_code",
    "sms_site_code",
    "sms_sender_perms_share",
    "sms_sender_perms_directory",
    "sms_sender_perms_group",
    "sms_sender_perms_allow_unexpected_path",
    "sms_sender_perms_remove_blocking_denies",
    "sms_sender_perms_own_entry",
    "sms_sender_perms_logon",
)
"""The variables of the role `sms_sender_perms` that can differ from host to host."""


_MAY_BE_TEMPLATE = re.compile("^#jinja2:|{")


class HostConnections:
    """Makes connections, not connected yet, one host after the other: Ansible's templating is of one thread.

    Args:
        task: the task, whose keywords are options of connections too.
        play_context: that of the play, which has the options of the command line.
        loader: Ansible's loader of files.
        variables: the variables of the host that Ansible runs the task for.
    """

    def __init__(self, task: Any, play_context: Any, loader: Any, variables: Mapping[str, Any]) -> None:
        self._task = task
        self._play_context = play_context
        self._loader = loader
        self._manager = task.get_variable_manager()
        self._keys = dict(task.dump_attrs())
        # These keywords belong to the task. Options of connections with the same names mean something else.
        self._keys.pop("retries", None)
        self._keys["timeout"] = play_context.timeout
        # If that host has a password, Ansible has put it into the play context; other hosts must not get it.
        if play_context.password and not any(name in variables for name in C.MAGIC_VARIABLE_MAPPING["password"]):
            self._keys["password"] = play_context.password
        self._default = str(self._keys.get("connection") or C.config.get_config_value("DEFAULT_TRANSPORT"))

    def make(self, host: str) -> tuple[Any, dict[str, Any]]:
        """The host's connection plugin with its options set, and the `HOST_VARIABLES` that the host has.

        Raises:
            AnsibleError: a variable cannot be templated, or there is no such connection plugin.
        """
        variables = self._variables(host)
        templar = Templar(loader=self._loader, variables=variables)
        own = _templated(HOST_VARIABLES, variables, templar)
        kind = variables.get("ansible_connection")
        kind = self._default if kind is None else str(templar.template(kind))
        connection = connection_loader.get(kind, self._play_context, None)
        if connection is None:
            raise AnsibleError(f"{host}: there is no connection plugin {kind}")
        connection.set_options(task_keys=self._keys, var_options=_options(connection, variables, templar))
        return connection, own

    def load(self, host: str) -> None:
        """Import what the host's kind of connection needs. Processes that are forked later share this memory."""
        with suppress(Exception):  # an error of this host is reported when the host is read
            connection, _own = self.make(host)
            load_wires(str(connection.transport))

    def _variables(self, host: str) -> Mapping[str, Any]:
        """All variables of a host in this task, not templated. They are not kept."""
        known = self._manager._inventory.get_host(host)
        if known is None:
            raise AnsibleError(f"the inventory has no host {host}")
        # Without the lists, Ansible would build those of all hosts of the play again for each host.
        found: dict[str, Any] = self._manager.get_vars(
            play=self._task.play, host=known, task=self._task, _hosts=[host], _hosts_all=[host]
        )
        return found


def _options(connection: Any, variables: Mapping[str, Any], templar: Any) -> dict[str, Any]:
    """The variables that are options of this connection plugin, and those that it passes to its library."""
    options = _templated(C.config.get_plugin_vars("connection", connection._load_name), variables, templar)
    extras: dict[str, Any] = {}
    if getattr(connection, "allow_extras", False):
        prefix = f"ansible_{connection.extras_prefix}_"
        names = [name for name in variables if name.startswith(prefix) and name not in options]
        extras = _templated(names, variables, templar)
    return {**options, "_extras": extras}


def _templated(names: Iterable[str], variables: Mapping[str, Any], templar: Any) -> dict[str, Any]:
    """Those of the variables that the host has, without the omitted ones."""
    found: dict[str, Any] = {}
    for name in names:
        if name in variables:
            value = variables[name]
            # Most are no templates; Ansible takes longer to find that out. A template's own delimiters come after "#".
            if isinstance(value, str) and not _MAY_BE_TEMPLATE.search(value):
                found[name] = value
            else:
                with suppress(Omitted):
                    found[name] = templar.template(value)
    return found
