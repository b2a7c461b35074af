# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quick part of the fault matrix. All of it: `make faults`; one cell: `python -m tests.faults --cell NAME`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cells import HTTP, SMB, WRITING, Cell
from tests.faults.playing import played
from tests.faults.scenes import HttpStage, SmbStage, Stage
from tests.faults.wire import Fate
from tests.lab.samba import missing

BASIC, NTLM, PSRP = HTTP
AT_ONCE = 6

READING_HTTP = {
    BASIC: ("none", "redirect_307", "body_drip", "gzip_bomb", "http_403_body", "garbage"),
    NTLM: ("none", "header_drip", "http_401", "entity_bomb", "fault_odd"),
    PSRP: ("none", "redirect_308", "endless_continue", "deep_xml", "huge"),
}
WRITING_HTTP = (
    (BASIC, "http_500", "share", Fate.DONE),
    (BASIC, "redirect_307", "share", Fate.LOST),
    (BASIC, "never", "share", Fate.LATE),
    (BASIC, "body_drip", "directory", Fate.DONE),
    (NTLM, "http_401", "share", Fate.DONE),
    (NTLM, "reset", "share", Fate.LATE),
    (NTLM, "fault_denied", "share", Fate.DONE),
    (NTLM, "fault_denied", "share", Fate.LOST),
    (NTLM, "returned_21", "directory", Fate.DONE),
    (NTLM, "wrong_relates_to", "share", Fate.DONE),
    (PSRP, "redirect_308", "directory", Fate.DONE),
    (PSRP, "http_503", "share", Fate.LOST),
    (NTLM, "acknowledged_not_done", "share", None),
    (NTLM, "changed_meanwhile", "share", None),
    (BASIC, "changed_meanwhile", "directory", None),
    (NTLM, "dies_done", "share", None),
    (NTLM, "dies_undone", "share", None),
    (NTLM, "killed", "share", None),
)
WRITING_SMB = (
    ("reset", "share", Fate.DONE),
    ("reset", "directory", Fate.LATE),
    ("close", "share", Fate.LOST),
    ("zero_length", "share", Fate.DONE),
    ("denied", "share", Fate.DONE),
    ("changed_meanwhile", "share", None),
)


@pytest.fixture(scope="module")
def over_http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = HttpStage(tmp_path_factory.mktemp("faults") / "stage", AT_ONCE)
    yield stage
    stage.close()


@pytest.fixture(scope="module")
def over_smb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    directory: Path = tmp_path_factory.mktemp("faults")
    stage = SmbStage(directory / "stage", AT_ONCE)
    yield stage
    stage.close()


def hold(stage: Stage, cells: list[Cell]) -> None:
    failed = [verdict for verdict in played(stage, cells, AT_ONCE) if not verdict.held]
    assert not failed, "\n".join(f"{each.cell}: {'; '.join(each.reasons)}" for each in failed)


@pytest.mark.parametrize("operation", ["audit", "fleet", "inventory"])
def test_what_is_read_over_http(over_http: Stage, operation: str) -> None:
    cells = [Cell(operation, transport, fault) for transport, faults in READING_HTTP.items() for fault in faults]
    hold(over_http, cells)


@pytest.mark.parametrize("operation", WRITING)
def test_what_is_written_over_http(over_http: Stage, operation: str) -> None:
    cells = [Cell(operation, transport, fault, target, fate) for transport, fault, target, fate in WRITING_HTTP]
    hold(over_http, [Cell(operation, NTLM, "none"), *cells])


@pytest.mark.parametrize("operation", ["apply", "rollback"])
def test_a_record_that_cannot_be_written(over_http: Stage, operation: str) -> None:
    hold(over_http, [Cell(operation, NTLM, "disk_full", f"event{number}") for number in range(4)])


@pytest.mark.skipif(bool(missing()), reason=f"{missing()}; as root on Debian, `make test` installs what it needs")
@pytest.mark.parametrize("transport", SMB)
def test_what_goes_over_smb(over_smb: Stage, transport: str) -> None:
    cells = [Cell("audit", transport, fault) for fault in ("none", "never", "keep_alive", "locked_out")]
    cells += [Cell("probe", transport, fault) for fault in ("none", "drip", "logon_failure")]
    cells += [Cell("audit", transport, "pending")] if transport == "smb_3" else []
    cells += [Cell("apply", transport, fault, target, fate) for fault, target, fate in WRITING_SMB]
    hold(over_smb, cells)
