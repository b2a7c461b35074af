# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WMI of a host that gives the answers that a test wrote."""

from __future__ import annotations

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wmi import Wmi
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.wsman import EnvelopeSettings
from tests.unit.wsman.server_side import NS, Reply, reply


class Scripted:
    """Gives the answers that a test wrote, one after the other."""

    def __init__(self, *replies: Reply) -> None:
        self._replies = list(replies)
        self.requests: list[bytes] = []

    def send(self, envelope: bytes) -> bytes:
        self.requests.append(envelope)
        return self._replies.pop(0)(envelope)

    def close(self) -> None:
        pass

    @property
    def wmi(self) -> Wmi:
        """A host that gives them."""
        return Wmi(
            "C01", self, EnvelopeSettings("http://c01.corp.example:5985/wsman", max_envelope_size=4 * 1024 * 1024)
        )


def enumerated(*items: str) -> Reply:
    """Answers a query with all its items at once."""
    content = f"<n:EnumerationContext/><w:Items>{''.join(items)}</w:Items><w:EndOfSequence/>"
    return reply(NS["n"] + "/EnumerateResponse", f"<n:EnumerateResponse>{content}</n:EnumerateResponse>")


def begun(*items: str) -> Reply:
    """Answers a query with its first items."""
    content = f"<n:EnumerationContext>uuid:1</n:EnumerationContext><w:Items>{''.join(items)}</w:Items>"
    return reply(NS["n"] + "/EnumerateResponse", f"<n:EnumerateResponse>{content}</n:EnumerateResponse>")


def pulled(*items: str) -> Reply:
    """Answers a pull with more items, and not the last."""
    content = f"<n:EnumerationContext>uuid:1</n:EnumerationContext><n:Items>{''.join(items)}</n:Items>"
    return reply(NS["n"] + "/PullResponse", f"<n:PullResponse>{content}</n:PullResponse>")


def fragment(**properties: str) -> str:
    """An item of a query for chosen properties."""
    return (
        f"<w:XmlFragment>{''.join(f'<{name}>{value}</{name}>' for name, value in properties.items())}</w:XmlFragment>"
    )
