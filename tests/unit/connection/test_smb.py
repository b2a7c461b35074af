# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection plugin `sitekeeper.sms.smb`: files over it, no commands, and errors as Ansible's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError
from ansible.playbook.play_context import PlayContext

from ansible_collections.sitekeeper.sms.plugins.connection import smb
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    AuthenticationFailed,
    ConnectionUnsupported,
    Unreachable,
)

PATH = "D:\\SMS\\LOGS\\despool.log"


class Files:
    """A site server that holds files, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.held: dict[str, bytes] = {PATH: b"a log"}
        self.failure = failure
        self.closed = 0

    def put_file(self, path: str, read: Callable[[int], bytes]) -> None:
        if self.failure:
            raise self.failure
        self.held[path] = read(1 << 20)

    def open_file(self, path: str) -> Iterator[bytes]:
        if self.failure:
            raise self.failure
        yield self.held[path]

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[[Files | Exception], smb.Connection]:
    """Makes the plugin of a host, whose server is given."""

    def make(server: Files | Exception) -> smb.Connection:
        def open_server(host: str, _connection: Any, **_options: Any) -> Files:
            assert host == "p01"
            if isinstance(server, Exception):
                raise server
            return server

        monkeypatch.setattr(smb, "smb_site_server", open_server)
        made = smb.Connection(PlayContext())
        monkeypatch.setattr(made, "get_option", lambda _name: "p01")
        return made

    return make


def test_files_go_both_ways_over_one_session(connect: Any, tmp_path: Path) -> None:
    server = Files()
    connection = connect(server)
    (tmp_path / "new").write_bytes(b"new")
    connection.put_file(str(tmp_path / "new"), "D:/SMS/new.txt")
    connection.fetch_file(PATH, str(tmp_path / "got"))
    assert server.held["D:\\SMS\\new.txt"] == b"new"
    assert (tmp_path / "got").read_bytes() == b"a log"
    connection.close()
    connection.close()
    assert server.closed == 1


def test_there_are_no_commands(connect: Any) -> None:
    with pytest.raises(AnsibleError, match=r"No commands can be run over ansible_connection: sitekeeper\.sms\.smb"):
        connect(Files()).exec_command("whoami")


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (AuthenticationFailed("p01", "log on", "wrong password", "Check it."), AnsibleAuthenticationFailure),
        (Unreachable("p01", "connect", "connection refused", "Check it."), AnsibleConnectionFailure),
        (AccessDenied("p01", "read it", "Access is denied", "Connect as an administrator."), AnsibleError),
    ],
)
def test_errors_are_ansibles_own(connect: Any, tmp_path: Path, failure: Exception, kind: type[Exception]) -> None:
    with pytest.raises(AnsibleError) as caught:
        connect(Files(failure)).fetch_file(PATH, str(tmp_path / "got"))
    assert caught.type is kind
    assert "p01: could not " in str(caught.value)


def test_options_that_do_not_fit_are_a_sentence(connect: Any) -> None:
    with pytest.raises(AnsibleError, match="no impacket"):
        connect(ConnectionUnsupported("p01: no impacket")).fetch_file(PATH, "/dev/null")


@pytest.mark.parametrize("path", ["relative", "\\\\p01\\share\\x", "D:\\a\\..\\b"])
def test_a_path_that_is_not_local_is_refused(connect: Any, tmp_path: Path, path: str) -> None:
    server = Files()
    with pytest.raises(AnsibleError):
        connect(server).fetch_file(path, str(tmp_path / "got"))


def test_files_of_the_controller_that_cannot_be_used(connect: Any, tmp_path: Path) -> None:
    with pytest.raises(AnsibleError, match="could not read"):
        connect(Files()).put_file(str(tmp_path / "missing"), PATH)
    with pytest.raises(AnsibleError, match="could not write"):
        connect(Files()).fetch_file(PATH, str(tmp_path))
