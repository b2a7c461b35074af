# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment in docs/fleet.md has the collection, and what the collection needs.

Everything is done that ansible-builder does before a container engine is needed, with the collection's own archive.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.waiting import PATIENCE

CHECKOUT = Path(__file__).resolve().parents[3]
PROGRAMS = Path(sys.executable).parent

# As README.md says. ansible-core is what the definition of the environment installs.
PYTHON = {"pywinrm", "pypsrp", "impacket"}
# Where each program or header that is needed is packaged, on Fedora and Enterprise Linux and on Debian: ssh-keygen and
# kinit to run, and a compiler and headers to make gssapi and krb5.
RUN = {"rpm": {"openssh-clients", "krb5-workstation"}, "dpkg": {"openssh-client", "krb5-user"}}
COMPILE = {"rpm": {"gcc", "krb5-devel", "python3-devel"}, "dpkg": {"gcc", "libkrb5-dev", "python3-dev"}}


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A directory with the definition of the guide, the archive, and the build context that ansible-builder makes."""
    (definition,) = re.findall(
        r"^```yaml\n(# execution-environment\.yml\n.*?)^```$",
        (CHECKOUT / "docs" / "fleet.md").read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    (tmp_path / "execution-environment.yml").write_text(definition, encoding="utf-8")
    run(tmp_path, "ansible-galaxy", "collection", "build", CHECKOUT, "--output-path", tmp_path / "build")
    run(tmp_path, "ansible-builder", "create", "--output-filename", "Containerfile")
    return tmp_path / "context"


def run(directory: Path, program: str, *arguments: str | Path) -> str:
    # An image has no collection before.
    paths = {
        "ANSIBLE_HOME": str(directory / "home"),
        "ANSIBLE_COLLECTIONS_PATH": str(directory / "none"),
        "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false",
    }
    done = subprocess.run(
        [PROGRAMS / program, *arguments],
        cwd=directory,
        env={**os.environ, **paths, "ANSIBLE_NOCOLOR": "1"},
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_context_installs_the_collection_with_what_it_needs(context: Path, tmp_path: Path) -> None:
    steps = (context / "Containerfile").read_text(encoding="utf-8")
    stage = steps.partition("AS galaxy\n")[2].partition("\nFROM ")[0]
    steps_in_order = (
        "COPY _build /build\nWORKDIR /build\n",
        "ansible-galaxy collection install ",
        " -r requirements.yml ",
    )
    places = [stage.rindex(step) for step in steps_in_order]
    assert places == sorted(places)
    # The same step, in the directory that becomes /build.
    collections = tmp_path / "collections"
    files = context / "_build"
    run(files, "ansible-galaxy", "collection", "install", "--offline", "-r", "requirements.yml", "-p", collections)
    assert (collections / "ansible_collections" / "sitekeeper" / "sms" / "MANIFEST.json").is_file()
    # What the next stage does there, with what the definition itself asks for.
    introspected = run(
        tmp_path,
        "ansible-builder",
        *("introspect", "--user-pip", files / "requirements.txt", "--user-bindep", files / "bindep.txt"),
        *("--write-bindep", tmp_path / "bindep.txt", collections),
    )
    needs: dict[str, Any] = yaml.safe_load(introspected)
    python = [Requirement(line.partition("#")[0]) for line in needs["python"]]
    assert {requirement.name for requirement in python} == PYTHON
    assert {(one.name, *one.extras) for one in python if "kerberos" in one.extras} == {
        ("pywinrm", "kerberos"),
        ("pypsrp", "kerberos"),
    }
    own = {"python3.12-devel"}
    for family, platform in (("rpm", "centos-9"), ("dpkg", "debian-12")):
        profiles = (f"platform:{family}", f"platform:{platform}")
        compiles = COMPILE[family] | (own if family == "rpm" else set())
        assert packages(tmp_path / "bindep.txt", *profiles) == RUN[family]
        assert packages(tmp_path / "bindep.txt", *profiles, "compile") == RUN[family] | compiles


def packages(file: Path, *profiles: str) -> set[str]:
    """The packages that bindep, with which the image is made, finds in a file for a platform."""
    program = (
        "import sys, bindep.depends\n"
        "depends = bindep.depends.Depends(open(sys.argv[1]).read())\n"
        "print(*(rule[0] for rule in depends.active_rules(sys.argv[2:])))\n"
    )
    return set(run(file.parent, "python", "-c", program, file, *profiles).split())
