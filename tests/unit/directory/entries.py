# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes of an account as a domain controller returns them."""

from __future__ import annotations

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid

DOMAIN = "S-1-5-21-1-2-3"
SENDER = Sid.parse(f"{DOMAIN}-1101")
NEVER = 0x7FFFFFFFFFFFFFFF


def raw(sid: str | Sid) -> bytes:
    return Sid.parse(str(sid)).to_bytes()


def attributes(*groups: str, **changed: list[bytes]) -> dict[str, list[bytes]]:
    """Those of `SENDER`, an account that may log on, with its primary group and these groups."""
    return {
        "objectsid": [raw(SENDER)],
        "samaccountname": [b"P01$"],
        "tokengroups": [raw(f"{DOMAIN}-515"), *map(raw, groups)],
        "useraccountcontrol": [b"4096"],
        "msds-user-account-control-computed": [b"0"],
        "accountexpires": [str(NEVER).encode()],
        **changed,
    }
