# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two ways to a host's WMI: through Ansible's winrm connection to the lab, and to answers that a test wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wires import wmi_connection
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wmi import Wmi
from tests.connection_plugins import connection_plugin
from tests.lab.model import Logon
from tests.lab.testing import RunningHost


@contextmanager
def lab_wmi(host: RunningHost, logon: Logon | None = None) -> Iterator[Wmi]:
    """The WMI of a host of the lab, its counters at zero."""
    made = connection_plugin("winrm", host.winrm(logon))
    host.controls.reset_counters()
    with wmi_connection(host.endpoint.host.name, made) as (wmi, _user):
        yield wmi


def operations(host: RunningHost) -> list[str]:
    """What the host was asked, in order."""
    return [exchange["operation"] for exchange in host.controls.counters()["exchanges"]]
