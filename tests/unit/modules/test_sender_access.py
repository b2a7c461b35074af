# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sender_access asks of a server beside the access itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.action.sender_access import ActionModule
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Unreachable
from tests.unit.fake_site_server import FakeSiteServer

SENDER = "S-1-5-21-1004336348-1177238915-682003330-1104"
ARGUMENTS: dict[str, Any] = {
    "senders": [SENDER],
    "product": "sms_1_2",
    "services": True,
    "group_members": "report",
    "allow_unexpected_path": False,
}


class Gone(FakeSiteServer):
    """Answers everything but the question for the account of a service."""

    def service_account(self, service: str) -> str:
        raise Unreachable(self.host, f"read the account of service {service}", "connection refused", "Check it.")


def test_a_server_that_cannot_tell_its_services_is_not_written() -> None:
    # A host that is unreachable by then would be told as one on which nothing was written.
    server = Gone()
    server.hold("D:(A;;FA;;;BA)", "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)")
    action = ActionModule.__new__(ActionModule)
    action._task = SimpleNamespace(check_mode=False, diff=False)
    with pytest.raises(Unreachable):
        action.run_task(server, ARGUMENTS)
    assert not [line for line in server.log if line.startswith("write")]
