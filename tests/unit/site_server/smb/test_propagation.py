# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inheritance brought to the children of a directory, on files in memory; real servers stand in tests/functional."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import format_sddl, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.port import Propagated
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb import propagation
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.descriptors import read_descriptor
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.propagation import Broken, Propagation
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb import DirectoryEntry

OLD, NEW = "D:PAI(A;OICI;FA;;;BA)", "D:PAI(A;OICI;FA;;;BA)(A;OICI;FR;;;WD)"
FILE, FOLDER, LINK = 0x20, 0x10, 0x410
INHERITED = "O:BAG:SYD:AI(A;ID;FA;;;BA)"
INHERITED_FOLDER = "O:BAG:SYD:AI(A;OICIID;FA;;;BA)"


class Files:
    """A tree in memory; each write is in `log`, and a path in `failures` fails."""

    def __init__(self, tree: dict[str, tuple[int, str]]) -> None:
        self.tree = {"Receive": (FOLDER, OLD), **tree}
        self.failures: dict[str, SmbError] = {}
        self.log: list[str] = []

    def may_write(self, _share: str, path: str) -> None:
        self._fail(f"may write {path}")

    def entries(self, _share: str, path: str) -> Iterator[DirectoryEntry]:
        for name, (attributes, _sddl) in list(self.tree.items()):
            above, _backslash, last = name.rpartition("\\")
            if above == path:
                yield DirectoryEntry(last, attributes, 1)

    def security(self, _share: str, path: str) -> Any:
        self._fail(f"read {path}")
        return SimpleNamespace(security=parse_sddl(self.tree[path][1]).to_bytes())

    def set_dacl(self, _share: str, path: str, descriptor: bytes) -> None:
        self.log.append(path)
        self._fail(f"write {path}")
        self.tree[path] = (self.tree[path][0], format_sddl(read_descriptor(descriptor)))

    def _fail(self, what: str) -> None:
        if what in self.failures:
            raise self.failures[what]


def write(monkeypatch: pytest.MonkeyPatch, files: Files) -> Propagated:
    monkeypatch.setattr(propagation, "file_client", lambda _session: files)
    session: Any = SimpleNamespace(server_time=10**12)
    return Propagation(session, lambda: session, "D$", "Receive", connections=1).write(parse_sddl(NEW))


def tree() -> Files:
    return Files(
        {
            "Receive\\a.txt": (FILE, INHERITED),
            "Receive\\b": (FOLDER, INHERITED_FOLDER),
            "Receive\\b\\c.txt": (FILE, INHERITED),
            "Receive\\own": (FOLDER, "O:BAG:SYD:P(A;OICI;FA;;;BA)"),
            "Receive\\own\\d.txt": (FILE, INHERITED),
            "Receive\\link": (LINK, INHERITED_FOLDER),
            "Receive\\link\\e.txt": (FILE, INHERITED),
        }
    )


def test_children_come_first_and_the_directory_last(monkeypatch: pytest.MonkeyPatch) -> None:
    files = tree()
    done = write(monkeypatch, files)
    assert files.log[-1] == "Receive"
    # What keeps entries out has none of them, and so has what is below it; a link leads out of the tree.
    assert sorted(files.log[:-1]) == ["Receive\\a.txt", "Receive\\b", "Receive\\b\\c.txt", "Receive\\link"]
    assert (done.examined, done.updated, done.refused) == (5, 4, 0)
    assert "(A;ID;FR;;;WD)" in files.tree["Receive\\b\\c.txt"][1]


def test_a_second_run_writes_the_directory_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    files = tree()
    write(monkeypatch, files)
    files.log.clear()
    assert write(monkeypatch, files).updated == 0
    assert files.log == ["Receive"]


def test_what_the_operator_may_not_change_is_named_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    files = tree()
    files.failures["write Receive\\b\\c.txt"] = SmbError("refused", "STATUS_ACCESS_DENIED", status=0xC0000022)
    done = write(monkeypatch, files)
    assert (done.refused, done.updated) == (1, 3)
    assert done.refusals == ("b\\c.txt (STATUS_ACCESS_DENIED)",)
    assert files.log[-1] == "Receive"


def test_what_is_gone_meanwhile_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    files = tree()
    files.failures["read Receive\\a.txt"] = SmbError("refused", "STATUS_OBJECT_NAME_NOT_FOUND", status=0xC0000034)
    assert write(monkeypatch, files).refused == 0


@pytest.mark.parametrize(
    ("where", "uncertain", "written"),
    [("Receive\\a.txt", 1, False), ("Receive\\b\\c.txt", 1, False), ("Receive", 0, None)],
)
def test_a_connection_that_breaks_leaves_its_last_write_open(
    monkeypatch: pytest.MonkeyPatch, where: str, uncertain: int, written: bool | None
) -> None:
    files = tree()
    files.failures[f"write {where}"] = SmbError("unreachable", "the connection broke")
    with pytest.raises(Broken) as broken:
        write(monkeypatch, files)
    assert (broken.value.uncertain, broken.value.written) == (uncertain, written)
    assert broken.value.updated == len(files.log) - 1
    assert files.log[-1] == where


def test_a_directory_that_may_not_be_written_is_refused_before_anything_is(monkeypatch: pytest.MonkeyPatch) -> None:
    files = tree()
    files.failures["may write Receive"] = SmbError("refused", "STATUS_ACCESS_DENIED", status=0xC0000022)
    with pytest.raises(SmbError):
        write(monkeypatch, files)
    assert files.log == []
