# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of Samba: whether they are here, where a host keeps its files, and how the programs are run on them."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ...waiting import PATIENCE
from ..errors import LabError

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin:/sbin:/bin"
_PROGRAMS = {
    **dict.fromkeys(("smbd", "pdbedit", "net", "smbcontrol", "sharesec"), "samba"),
    # Not the lab's own need: the tests look at its hosts with these.
    **dict.fromkeys(("smbclient", "smbcacls", "rpcclient"), "smbclient"),
}
_INSTALL = "apt-get install samba samba-vfs-modules smbclient python3-samba libnss-wrapper"


def missing() -> str:
    """Why no Samba lab can run here, and what to do about it; empty if one can."""
    if os.geteuid() != 0:
        return "the Samba lab needs root: SMB is port 445, and NT ACLs are attributes that only root may write"
    lacking = {package for program, package in _PROGRAMS.items() if not find(program)}
    if not _is_preloadable("libnss_wrapper.so"):
        lacking.add("libnss-wrapper")
    if not lacking and not _has_module("acl_xattr"):
        lacking.add("samba-vfs-modules")
    if lacking:
        return f"the Samba lab needs the packages {', '.join(sorted(lacking))} (Debian: {_INSTALL})"
    return ""


def find(program: str) -> str | None:
    """Where a program is; a user's PATH often lacks the sbin directories."""
    return shutil.which(program, path=_PATH)


def _is_preloadable(library: str) -> bool:
    """Whether the dynamic linker finds it: it complains and goes on if not."""
    done = subprocess.run(
        ["/bin/true"], env={"LD_PRELOAD": library}, capture_output=True, check=False, timeout=PATIENCE
    )
    return not done.stderr


def _has_module(name: str) -> bool:
    options = subprocess.run(
        [find("smbd") or "smbd", "-b"], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    directories = [line.partition(":")[2].strip() for line in options.stdout.splitlines() if "MODULESDIR" in line]
    return any(Path(directory, "vfs", f"{name}.so").exists() for directory in directories)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a host's files are. Names are short: Unix sockets below allow a path of 107 bytes."""

    base: Path

    @property
    def smb_conf(self) -> Path:
        return self.base / "smb.conf"

    @property
    def private(self) -> Path:
        return self.base / "p"

    @property
    def messages(self) -> Path:
        """A socket for each process of Samba, named by its process id."""
        return self.state / "msg.sock"

    @property
    def state(self) -> Path:
        return self.base / "s"

    @property
    def rpc(self) -> Path:
        return self.base / "r"

    @property
    def log(self) -> Path:
        return self.base / "log" / "smbd"

    @property
    def passwd(self) -> Path:
        return self.base / "passwd"

    @property
    def group(self) -> Path:
        return self.base / "group"

    @property
    def services(self) -> Path:
        return self.base / "services.reg"

    @property
    def disk(self) -> Path:
        """What C$ shows; a directory for each drive of the scenario."""
        return self.base / "disk"

    @property
    def user_databases(self) -> tuple[Path, ...]:
        """What makes another host know the same accounts."""
        return (self.private / "passdb.tdb", self.private / "secrets.tdb")

    @property
    def group_database(self) -> Path:
        """The groups, and the members of the local ones."""
        return self.state / "group_mapping.tdb"

    def make(self) -> None:
        """Make the directories; what others may pass through is open, what holds secrets is not."""
        if len(str(self.messages / "4194304")) > 107:
            raise LabError(f"{self.base}: this path is too long for Unix sockets; choose a shorter one (--build)")
        self.base.mkdir(parents=True)
        self.disk.mkdir()
        self.disk.chmod(0o777)
        for directory in (self.private, self.state, self.rpc, self.log.parent):
            directory.mkdir(mode=0o755)
        self.private.chmod(0o700)

    def environment(self) -> dict[str, str]:
        """The environment in which the Unix accounts are those of our files, and of nothing else."""
        return os.environ | {
            "PATH": _PATH,
            "LC_ALL": "C.UTF-8",
            "LD_PRELOAD": "libnss_wrapper.so",
            "NSS_WRAPPER_PASSWD": str(self.passwd),
            "NSS_WRAPPER_GROUP": str(self.group),
        }

    def run(self, program: str, *arguments: str, text: str = "") -> str:
        """Run a program of Samba on this host's files, with ``text`` as its input; raises LabError."""
        command = [find(program) or program, "-s", str(self.smb_conf), *arguments]
        try:
            done = subprocess.run(
                command,
                input=text,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
                env=self.environment(),
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LabError(f"{program}: {error}") from None
        if done.returncode:
            raise LabError(f"{' '.join([program, *arguments])}: {(done.stderr or done.stdout).strip()}")
        return done.stdout
