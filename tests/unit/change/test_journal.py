# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of JSON lines: appended to by several processes at once, torn by crashes, locked for a host, read back."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import ChangeError, append, host_lock, read_journal
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.record import Event
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import parse_sddl
from tests.unit.change.samples import recorder
from tests.waiting import PATIENCE

_WRITER = """
import sys
from pathlib import Path
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import append
for number in range(200):
    append(Path(sys.argv[1]), {"writer": sys.argv[2], "number": number, "filling": "x" * 5000})
"""


def test_processes_that_write_at_the_same_time_tear_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    environment = {**os.environ, "PYTHONPATH": path_of()}
    with ExitStack() as stack:
        writers = []
        for name in "abc":
            command = [sys.executable, "-c", _WRITER, str(path), name]
            writer = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            stack.callback(writer.wait)
            stack.callback(writer.kill)
            writers.append(writer)
        assert [writer.wait(PATIENCE) for writer in writers] == [0, 0, 0]
    journal = read_journal(path)
    assert journal.torn == ()
    for name in "abc":
        assert [line["number"] for line in journal.lines if line["writer"] == name] == list(range(200))
    times = [line["time"] for line in journal.lines]
    assert times == sorted(times)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def path_of() -> str:
    return os.pathsep.join(entry for entry in sys.path if entry)


def test_a_torn_line_harms_no_other(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    append(path, {"number": 1})
    whole = path.read_bytes()
    with path.open("ab") as stream:
        stream.write(whole[:20])
    append(path, {"number": 2})
    journal = read_journal(path)
    assert [line["number"] for line in journal.lines] == [1, 2]
    assert journal.torn == (2,)
    assert path.read_bytes().startswith(whole + whole[:20] + b"\n")


def test_what_stands_in_a_record_stays(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    append(path, {"number": 1})
    before = path.read_bytes()
    append(path, {"number": 2})
    assert path.read_bytes().startswith(before)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("", encoding="utf-8")
    (tmp_path / "record.jsonl").symlink_to(tmp_path / "target")
    with pytest.raises(ChangeError, match="cannot be written"):
        append(tmp_path / "record.jsonl", {})
    assert (tmp_path / "target").read_bytes() == b""


def test_a_record_that_cannot_be_read_or_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ChangeError, match=r"the record .* cannot be written: No such file or directory"):
        append(tmp_path / "nowhere" / "record.jsonl", {})
    with pytest.raises(ChangeError, match=r"the record .* cannot be read: No such file or directory"):
        read_journal(tmp_path / "record.jsonl")


def test_reading_for_one_host_leaves_the_others_alone(tmp_path: Path) -> None:
    path, held = tmp_path / "record.jsonl", parse_sddl("D:(A;;FA;;;BA)")
    for number in range(10):
        recorder(path, f"p{number}")(Event.WRITTEN, kind="share", name="SMS_SITE", before=held, after=held)
    assert [line["host"] for line in read_journal(path, "p7").lines] == ["p0", "p7"]


# -- two runs at the same time

_HOLDER = """
import sys
from pathlib import Path
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import host_lock
with host_lock(Path(sys.argv[1]), "p01"):
    print("alone", flush=True)
    sys.stdin.read()
"""


def test_two_runs_do_not_work_on_the_same_host_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    with (
        subprocess.Popen(
            [sys.executable, "-c", _HOLDER, str(path)],
            env={**os.environ, "PYTHONPATH": path_of()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as other,
        ExitStack() as stack,
    ):
        stack.callback(other.kill)
        assert other.stdout is not None
        assert other.stdout.readline() == b"alone\n"
        with (
            pytest.raises(ChangeError, match=r"^p01: another run .* is working on this host"),
            host_lock(path, "p01"),
        ):
            pytest.fail("both are alone")
        with host_lock(path, "p02"), host_lock(tmp_path / "another.jsonl", "p01"), host_lock(None, "p01"):
            append(path, {"while": "it is locked"})
        # However it ends.
        other.kill()
    with host_lock(path, "p01"):
        append(path, {"number": 2})
    assert len(read_journal(path).lines) == 2


def test_what_cannot_be_locked_is_said(tmp_path: Path) -> None:
    (tmp_path / "record.jsonl.lock").symlink_to(tmp_path / "target")
    with pytest.raises(ChangeError, match="cannot be written"), host_lock(tmp_path / "record.jsonl", "p01"):
        pytest.fail("it is locked")
    assert not (tmp_path / "target").exists()
