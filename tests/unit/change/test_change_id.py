# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The number of a change names its files: it is a name, and no path."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.sitekeeper.sms.plugins.action import change_apply, change_rollback
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    ChangeError,
    make_document,
    read_document,
    write_document,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.arguments import plan_of
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.document import checked_change_id
from tests.unit.change.samples import CREATED, VERSIONS, section, validator
from tests.unit.change.test_shapes import PLAN, sealed, with_value

SAYS = (
    r"is not a valid change number\. Use letters \(A to Z\), digits, spaces and \. _ - # :, "
    "a letter or digit at both ends"
)

GOOD = ["CHG0012345", "1", "RFC-2026.11_3", "CHG 12345", "Change #12", "PRJ:7", "x" * 100]
BAD = [
    "",
    " ",
    " CHG1",
    "CHG1 ",
    "-e",
    "--help",
    ".",
    "..",
    ".hidden",
    "../CHG1",
    "/etc/cron.d/x",
    "a/b",
    "a\\b",
    "CHG1/",
    "CHG1\n",
    "CHG\n1",
    "CHG\t1",
    "CHG\0001",
    "CHG\x1b[2J1",
    "CHG\u202e1",
    "CHG\ud8001",
    "CHG\u0661",
    "ÄND1",
    "~root",
    "$HOME",
    "{{ x }}",
    "a;b",
    "x" * 101,
    "x" * 100_000,
]


@pytest.mark.parametrize("change_id", GOOD)
def test_a_number_as_change_boards_have_them(tmp_path: Path, change_id: str) -> None:
    assert checked_change_id(change_id) == change_id
    plan = make_document(change_id, CREATED, VERSIONS, {"p01": section()})
    validator("plan").validate(plan)
    path = tmp_path / f"{change_id}.plan.json"
    write_document(path, plan)
    assert read_document(path).change_id == change_id
    assert path.parent == tmp_path
    assert plan_of({"path": str(path), "change_id": change_id}).change_id == change_id


@pytest.mark.parametrize("change_id", BAD)
def test_what_is_no_name_is_refused_before_a_file_is_touched(tmp_path: Path, change_id: str) -> None:
    with pytest.raises(ChangeError, match=SAYS) as refusal:
        make_document(change_id, CREATED, VERSIONS, {})
    # It goes to a terminal and to logs.
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 400
    # A directory: whoever opened it would say so.
    arguments = {"path": str(tmp_path), "record": str(tmp_path), "change_id": change_id}
    if change_id:
        with pytest.raises(ChangeError, match=SAYS):
            plan_of(arguments)
        for module in (change_apply, change_rollback):
            action = object.__new__(module.ActionModule)
            action._task = SimpleNamespace(check_mode=False)
            with pytest.raises(ChangeError, match=SAYS):
                action.run_task(SimpleNamespace(host="p01", operator=None), arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("change_id", [name for name in BAD if name.isprintable()])
def test_a_plan_of_such_a_change_is_none(tmp_path: Path, change_id: str) -> None:
    content, whole = sealed(with_value(PLAN, ("head", "change_id"), change_id))
    assert not validator("plan").is_valid(whole)
    (tmp_path / "plan.json").write_bytes(content)
    with pytest.raises(ChangeError, match="its head, change_id must be a change number"):
        read_document(tmp_path / "plan.json")
