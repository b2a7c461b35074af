# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain back end before anything runs: what the machine must have, and steps that fail or never end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.domain import DomainLab, computer, requirements
from tests.lab.domain.computer import run_bounded, wait_for
from tests.lab.domain.description import CHANGE, SITES, Account, Entry
from tests.lab.domain.shares import descriptor
from tests.lab.errors import LabError


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine that has everything; the test takes something away."""
    monkeypatch.setattr(requirements, "missing_for_samba", lambda: "")
    monkeypatch.setattr(requirements, "find", lambda program: f"/usr/sbin/{program}")
    monkeypatch.setattr(requirements, "_FILES", {})
    monkeypatch.setattr(requirements, "_may_mount", lambda: True)
    return monkeypatch


def test_nothing_is_missing_on_a_complete_machine(complete: pytest.MonkeyPatch):
    assert requirements.missing() == ""


def test_missing_packages_are_named_in_one_sentence(complete: pytest.MonkeyPatch):
    complete.setattr(requirements, "find", lambda program: None if program in ("samba", "wbinfo") else program)
    complete.setattr(requirements, "_FILES", {"/nonexistent/*/libnss_winbind.so.2": "libnss-winbind"})
    assert requirements.missing() == (
        "the domain lab needs the packages libnss-winbind, samba-ad-dc, winbind (Debian: apt-get install samba-ad-dc "
        "samba-ad-provision winbind libnss-winbind ldap-utils ldb-tools krb5-user)"
    )


def test_the_samba_lab_is_needed_too(complete: pytest.MonkeyPatch):
    complete.setattr(requirements, "missing_for_samba", lambda: "the Samba lab needs root: SMB is port 445")
    assert requirements.missing() == "the domain lab needs root: SMB is port 445"


def test_without_mount_namespaces_there_is_no_domain(complete: pytest.MonkeyPatch):
    complete.setattr(requirements, "_may_mount", lambda: False)
    assert "mount namespaces" in requirements.missing()


def test_a_lab_that_cannot_run_leaves_nothing(complete: pytest.MonkeyPatch, tmp_path: Path):
    complete.setattr("tests.lab.domain.lab.missing", lambda: "the domain lab needs more")
    lab = DomainLab(tmp_path)
    with pytest.raises(LabError, match="the domain lab needs more"):
        lab.start()
    lab.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_step_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(computer, "STEP_SECONDS", 0.2)
    with pytest.raises(LabError, match=r"^the join: not done after 0\.2 seconds$"):
        run_bounded(["sleep", "60"], "the join", "", {"PATH": "/bin:/usr/bin"})


def test_a_step_that_fails_shows_what_it_printed_and_not_its_arguments():
    with pytest.raises(LabError) as raised:
        run_bounded(["sh", "-c", "echo no logon servers; exit 3", "secret"], "the join", "", {"PATH": "/bin:/usr/bin"})
    assert str(raised.value) == "the join: exit code 3: no logon servers"


def test_waiting_ends_when_nothing_is_left_to_wait_for(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(LabError, match=r"^smbd answers: smbd ended$"):
        wait_for(lambda: False, "smbd answers", lambda: "smbd ended")
    monkeypatch.setattr(computer, "STEP_SECONDS", 0.1)
    with pytest.raises(LabError, match=r"^smbd answers: not so after 0\.1 seconds$"):
        wait_for(lambda: False, "smbd answers", lambda: "")


def test_a_dacl_names_only_who_exists():
    with pytest.raises(LabError, match=r"CORP\\nobody is neither"):
        descriptor((Entry(r"CORP\nobody", CHANGE),), {})


def test_an_account_has_a_name_that_windows_allows():
    assert Account("smssend (old)").name == "smssend (old)"
    with pytest.raises(ValueError, match=r"no account can have the name 'a\*b'"):
        Account("a*b")


def test_the_description_is_a_value():
    assert hash(SITES) == hash(SITES)
    assert [server.name for server in SITES.servers] == ["C01", "P01", "S01"]
