# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes two domains trust each other. A program of its own, for the system's Python (see ``populate.py``).

It is ``samba-tool domain trust create``, run in this process so that no password is an argument of a program. Standard
input is JSON: the realm of the other domain, the administrator of each, with its password.
"""

from __future__ import annotations

import json
import sys

from samba.netcmd.main import cmd_sambatool  # type: ignore[import-not-found]


def main() -> int:
    wanted = json.load(sys.stdin)
    arguments = [
        *("domain", "trust", "create", wanted["realm"]),
        *("--type=external", "--direction=both", "--create-location=both"),
        f"--configfile={wanted['smb_conf']}",
        f"--username={wanted['user']}@{wanted['realm']}",
        f"--password={wanted['password']}",
        f"--local-dc-username={wanted['user']}",
        f"--local-dc-password={wanted['local_password']}",
    ]
    return int(cmd_sambatool()._run("samba-tool", *arguments) or 0)


if __name__ == "__main__":
    sys.exit(main())
