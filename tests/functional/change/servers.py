# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Site servers of the lab as change control gets them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import SiteServer
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from tests.functional.site_server.reaching import lab_wmi
from tests.lab.testing import RunningHost


@contextmanager
def server_of(host: RunningHost) -> Iterator[SiteServer]:
    """A site server of the lab, over WinRM; its requests are counted from zero."""
    with lab_wmi(host) as wmi:
        yield WsmanSiteServer(wmi, host.user)
