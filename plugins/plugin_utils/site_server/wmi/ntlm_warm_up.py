# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A logon by NTLM without a server, before Ansible forks a process for each host.

OpenSSL looks for RC4 when it is first used, and Python builds its sets of flags. Together that takes longer than a
whole logon, and without the warm-up each process does it again.
"""

from __future__ import annotations

from contextlib import suppress

try:
    import spnego
except ImportError:  # then nothing is sealed
    spnego = None  # type: ignore[assignment]

_CHALLENGE = bytes.fromhex(
    "4e544c4d53535000 02000000 0c000c00 38000000 33828ae2 0123456789abcdef 0000000000000000 24002400 44000000"
    "06007017 0000000f 530065007200760065007200 02000c0044006f006d00610069006e00 01000c00530065007200760065007200"
    "00000000"
)
"""The challenge of [MS-NLMP] 4.2.4.3."""


def warm_up_ntlm() -> None:
    """Answer a challenge that no server has sent, and seal a message that is not sent."""
    if spnego is None:
        return
    with suppress(Exception):  # the next logon fails with the same error, and reports it
        context = spnego.client("User", "Password", protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        context.step()
        context.step(_CHALLENGE)
        context.wrap_winrm(b"Plaintext")
