# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection plugins as a task gets them: with the options that the variables of a host give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible import constants as C  # noqa: N812
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader


def connection_plugin(kind: str, variables: Mapping[str, Any]) -> Any:
    """The plugin `winrm` or `psrp` of a host with these variables."""
    return with_options(connection_loader.get(kind, PlayContext()), kind, variables)


def with_options(plugin: Any, kind: str, variables: Mapping[str, Any]) -> Any:
    """The plugin, with the options that these variables give it.

    As Ansible's task executor does it: what no option of the plugin takes is for the library behind it.
    """
    taken = C.config.get_plugin_vars("connection", kind)
    prefix = f"ansible_{kind}_"
    extras = {name: value for name, value in variables.items() if name.startswith(prefix) and name not in taken}
    plugin.set_options(var_options={**variables, "_extras": extras})
    return plugin
