# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine must have for a domain."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ..samba.tools import find
from ..samba.tools import missing as missing_for_samba

SYSTEM_PYTHON = "/usr/bin/python3"
_PROGRAMS = {
    "samba": "samba-ad-dc",
    "winbindd": "winbind",
    "wbinfo": "winbind",
    # Not the lab's own need: the tests look at the domain with these.
    "ldapsearch": "ldap-utils",
    "ldbsearch": "ldb-tools",
    "kinit": "krb5-user",
}
_FILES = {
    "/usr/share/samba/setup/provision.ldif": "samba-ad-provision",
    "/usr/lib/*/samba/ldb/samba_dsdb.so": "samba-dsdb-modules",
    "/usr/lib/*/libnss_winbind.so.2": "libnss-winbind",
    "/usr/libexec/samba/samba-dcerpcd": "samba",
}
_INSTALL = "apt-get install samba-ad-dc samba-ad-provision winbind libnss-winbind ldap-utils ldb-tools krb5-user"
DCERPCD = "/usr/libexec/samba/samba-dcerpcd"


def missing() -> str:
    """Why no domain can run here, and what to do about it; empty if one can."""
    reason = missing_for_samba()
    if reason:
        return reason.replace("the Samba lab", "the domain lab")
    lacking = {package for program, package in _PROGRAMS.items() if not find(program)}
    lacking |= {package for pattern, package in _FILES.items() if not any(Path("/").glob(pattern[1:]))}
    if lacking:
        return f"the domain lab needs the packages {', '.join(sorted(lacking))} (Debian: {_INSTALL})"
    if not _may_mount():
        return "the domain lab needs mount namespaces (unshare --mount), which this container or kernel refuses"
    return ""


def _may_mount() -> bool:
    """Whether root may have a mount namespace: containers often refuse it."""
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "mount", "--bind", "/usr", "/usr"],
        capture_output=True,
        check=False,
        timeout=60,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    return done.returncode == 0
