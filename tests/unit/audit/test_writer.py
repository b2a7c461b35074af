# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit file: what an interrupted run leaves behind, and what the next one makes of it."""

from __future__ import annotations

import json
import stat
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import AuditFile, AuditFileError

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=timezone.utc)
ABOUT = {"collection": "0.1.0", "ansible": "2.19.0"}


def opened(
    path: Path, question: str = "q", *, about: dict[str, str] | None = None, max_age: float = 3600, now: datetime = NOW
) -> AuditFile:
    return AuditFile(path, question, about or ABOUT, max_age=max_age, now=now)


def kept(path: Path) -> dict[str, tuple[str, str | None]]:
    with closing(opened(path)) as file:
        return file.kept


def host(name: str, status: str = "in_desired_state", message: str | None = None) -> bytes:
    return json.dumps({"type": "host", "host": name, "status": status, "message": message}).encode()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fleet.jsonl"


@pytest.fixture
def interrupted(path: Path) -> Path:
    """The file of a run that read two hosts, could not read a third, and was killed while it wrote a fourth."""
    file = opened(path)
    file.add(host("a"))
    file.add(host("b", "drifted", "words"))
    file.add(host("c", "unreachable", "down"))
    file.close()
    with path.open("ab") as torn:
        torn.write(b'{"type":"host","host":"d","sta')
    return path


def test_a_whole_run(path: Path) -> None:
    file = opened(path)
    file.add(host("a"))
    file.end({"hosts": 1, "in_desired_state": 1, "drifted": 0, "unreachable": 0, "error": 0})
    file.close()
    header, answer, end = lines(path)
    assert header == {
        "type": "header",
        "format": "sitekeeper.sms/audit",
        "version": 1,
        "collection": "0.1.0",
        "ansible": "2.19.0",
        "started": "2026-05-04T03:02:01Z",
        "question": "q",
    }
    assert answer["host"] == "a"
    assert {key: end[key] for key in ("type", "hosts", "in_desired_state")} == {
        "type": "end",
        "hosts": 1,
        "in_desired_state": 1,
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_read_is_kept_and_what_was_not_is_asked_again(interrupted: Path) -> None:
    file = opened(interrupted, now=NOW + timedelta(minutes=59))
    file.add(host("d"))
    file.close()
    assert file.kept == {"a": ("in_desired_state", None), "b": ("drifted", "words")}
    assert [line.get("host") for line in lines(interrupted)] == [None, "a", "b", "c", "d"]


def test_the_last_line_of_a_host_counts(path: Path) -> None:
    file = opened(path)
    for line in (host("a"), host("b", "unreachable"), host("a", "error"), host("b", "drifted")):
        file.add(line)
    file.close()
    assert kept(path) == {"b": ("drifted", None)}


@pytest.mark.parametrize(
    "other",
    [
        {"question": "another"},
        {"about": {**ABOUT, "collection": "0.2.0"}},
        {"now": NOW + timedelta(minutes=61)},
        {"max_age": 0},
    ],
    ids=["question", "version", "too old", "fresh"],
)
def test_another_question_or_an_old_file_is_written_anew(interrupted: Path, other: dict[str, Any]) -> None:
    file = opened(interrupted, **other)
    file.close()
    assert file.kept == {}
    assert [line["type"] for line in lines(interrupted)] == ["header"]


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(days=400)])
def test_a_file_from_the_future_is_written_anew_and_said_to_be_so(interrupted: Path, ahead: timedelta) -> None:
    """By a clock that was wrong, then or now: how old the answers are nobody knows."""
    file = opened(interrupted, now=NOW - ahead)
    file.close()
    assert file.kept == {}
    assert [line["type"] for line in lines(interrupted)] == ["header"]
    clock = (NOW - ahead).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert file.warning == (
        f"{interrupted}: the audit in this file began at 2026-05-04T03:02:01Z, which is later than the clock of this "
        f"controller ({clock}). Its answers are not used, and all hosts are read again. Check the clock."
    )


@pytest.mark.parametrize("age", [timedelta(0), timedelta(minutes=59), timedelta(minutes=61)])
def test_a_file_from_the_past_needs_no_warning(interrupted: Path, age: timedelta) -> None:
    with closing(opened(interrupted, now=NOW + age)) as file:
        assert file.warning is None


def test_where_answers_are_not_to_be_kept_their_time_is_no_matter(interrupted: Path) -> None:
    for other in ({"question": "another"}, {"max_age": 0}):
        with closing(opened(interrupted, now=NOW - timedelta(days=1), **other)) as file:
            assert file.warning is None


def test_a_line_whose_status_is_no_text_keeps_nothing(path: Path) -> None:
    file = opened(path)
    file.add(host("a"))
    file.add(b'{"type":"host","host":"b","status":["drifted"]}')
    file.close()
    assert kept(path) == {"a": ("in_desired_state", None)}


def test_a_finished_file_is_written_anew(path: Path) -> None:
    file = opened(path)
    file.add(host("a"))
    file.end({})
    file.close()
    assert kept(path) == {}
    assert [line["type"] for line in lines(path)] == ["header"]


def test_another_file_is_left_alone(path: Path) -> None:
    path.write_text("- name: my playbook\n", encoding="utf-8")
    with pytest.raises(AuditFileError, match="no audit file"):
        opened(path)
    assert path.read_text(encoding="utf-8") == "- name: my playbook\n"


def test_another_file_is_left_alone_by_a_run_that_keeps_nothing(path: Path) -> None:
    path.write_text("- name: my playbook\n", encoding="utf-8")
    with pytest.raises(AuditFileError, match="no audit file"):
        opened(path, max_age=0)
    assert path.read_text(encoding="utf-8") == "- name: my playbook\n"


def test_two_runs_do_not_write_one_file(path: Path) -> None:
    first = opened(path)
    with closing(first), pytest.raises(AuditFileError, match="another run"):
        opened(path)
    opened(path).close()


def test_no_link_is_followed(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AuditFileError, match="cannot be written"):
        opened(path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_directory_is_said(tmp_path: Path) -> None:
    with pytest.raises(AuditFileError, match="No such file or directory"):
        opened(tmp_path / "nowhere" / "fleet.jsonl")
