# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure Samba: its interpreter runs this with a case as JSON on standard input, and prints what it took.

Standard library and Samba only.
"""

from __future__ import annotations

import json
import platform
import sys

import samba  # type: ignore[import-not-found]
from samba.dcerpc import security  # type: ignore[import-not-found]
from samba.ndr import ndr_pack, ndr_unpack  # type: ignore[import-not-found]
from samba.security import access_check  # type: ignore[import-not-found]

from .measure import microseconds


def main() -> None:
    """Measure one case."""
    case = json.load(sys.stdin)
    data = bytes.fromhex(case["descriptor"])
    token = security.token()
    token.sids = [security.dom_sid(case["account"])]
    token.num_sids = 1
    entry = security.ace()
    entry.type, entry.flags, entry.access_mask = security.SEC_ACE_TYPE_ACCESS_ALLOWED, case["flags"], case["mask"]
    entry.trustee = security.dom_sid(case["new_account"])

    def parse(_unused: object = None) -> security.descriptor:
        return ndr_unpack(security.descriptor, data)

    def rewrite(_unused: object = None) -> bytes:
        descriptor = parse()
        descriptor.dacl_add(entry)
        return bytes(ndr_pack(descriptor))

    descriptor = parse()
    json.dump(
        {
            "version": samba.version,
            "python": platform.python_version(),
            "granted": access_check(descriptor, token, case["mask"]),
            "rewritten": rewrite().hex(),
            "microseconds": {
                "parse": microseconds(parse, lambda: None),
                "check": microseconds(lambda _unused: access_check(descriptor, token, case["mask"]), lambda: None),
                "edit": microseconds(lambda fresh: fresh.dacl_add(entry), parse),
                "rewrite": microseconds(rewrite, lambda: None),
            },
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
