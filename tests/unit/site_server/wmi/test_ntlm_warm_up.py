# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logon without a server."""

from __future__ import annotations

from typing import Any

import pytest
import spnego

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wires import load_wires
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi import ntlm_warm_up

made: list[Any] = []


@pytest.fixture(autouse=True)
def _watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps the security contexts that are made."""
    made.clear()
    real = spnego.client

    def client(*args: Any, **kwargs: Any) -> Any:
        made.append(real(*args, **kwargs))
        return made[-1]

    monkeypatch.setattr(spnego, "client", client)


@pytest.mark.parametrize("kinds", [(), ("winrm",), ("psrp",)])
def test_it_gets_as_far_as_a_sealed_message(kinds: tuple[str, ...]) -> None:
    load_wires(*kinds)
    (context,) = made
    # With extended session security the messages are numbered ([MS-NLMP] 3.4.4.2): the rehearsed one was 0.
    assert context.complete
    assert context.wrap_winrm(b"next").header[-4:] == bytes((1, 0, 0, 0))


def test_a_wire_without_ntlm_over_http_does_not_need_it() -> None:
    load_wires("sitekeeper.sms.smb")
    assert not made


@pytest.mark.parametrize("level", ["9", "high"])
def test_where_ntlm_cannot_begin_whoever_logs_on_is_told_of_it(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LM_COMPAT_LEVEL", level)
    ntlm_warm_up.warm_up_ntlm()
    assert not made


def test_a_controller_without_pyspnego(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ntlm_warm_up, "spnego", None)
    ntlm_warm_up.warm_up_ntlm()
    assert not made
