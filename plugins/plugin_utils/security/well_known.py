# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIDs that are the same on every Windows host, by SDDL alias and by English name.

Sources: [MS-DTYP] 2.4.2.4 (well-known SIDs) and 2.5.1.1 (SDDL aliases). An alias relative to a domain (DA, DU, LA …)
is a relative identifier only.
"""

from __future__ import annotations

from .errors import SecurityDescriptorError
from .sid import Sid

_S = Sid.parse

SDDL_ALIASES: dict[str, Sid] = {
    "AA": _S("S-1-5-32-579"),
    "AC": _S("S-1-15-2-1"),
    "AN": _S("S-1-5-7"),
    "AO": _S("S-1-5-32-548"),
    "AS": _S("S-1-18-1"),
    "AU": _S("S-1-5-11"),
    "BA": _S("S-1-5-32-544"),
    "BG": _S("S-1-5-32-546"),
    "BO": _S("S-1-5-32-551"),
    "BU": _S("S-1-5-32-545"),
    "CD": _S("S-1-5-32-574"),
    "CG": _S("S-1-3-1"),
    "CO": _S("S-1-3-0"),
    "CY": _S("S-1-5-32-569"),
    "ED": _S("S-1-5-9"),
    "ER": _S("S-1-5-32-573"),
    "ES": _S("S-1-5-32-576"),
    "HA": _S("S-1-5-32-578"),
    "HI": _S("S-1-16-12288"),
    "IS": _S("S-1-5-32-568"),
    "IU": _S("S-1-5-4"),
    "LS": _S("S-1-5-19"),
    "LU": _S("S-1-5-32-559"),
    "LW": _S("S-1-16-4096"),
    "ME": _S("S-1-16-8192"),
    "MP": _S("S-1-16-8448"),
    "MS": _S("S-1-5-32-577"),
    "MU": _S("S-1-5-32-558"),
    "NO": _S("S-1-5-32-556"),
    "NS": _S("S-1-5-20"),
    "NU": _S("S-1-5-2"),
    "OW": _S("S-1-3-4"),
    "PO": _S("S-1-5-32-550"),
    "PS": _S("S-1-5-10"),
    "PU": _S("S-1-5-32-547"),
    "RA": _S("S-1-5-32-575"),
    "RC": _S("S-1-5-12"),
    "RD": _S("S-1-5-32-555"),
    "RE": _S("S-1-5-32-552"),
    "RM": _S("S-1-5-32-580"),
    "RU": _S("S-1-5-32-554"),
    "SI": _S("S-1-16-16384"),
    "SO": _S("S-1-5-32-549"),
    "SS": _S("S-1-18-2"),
    "SU": _S("S-1-5-6"),
    "SY": _S("S-1-5-18"),
    "UD": _S("S-1-5-84-0-0-0-0-0"),
    "WD": _S("S-1-1-0"),
    "WR": _S("S-1-5-33"),
}

DOMAIN_ALIASES: dict[str, int] = {
    "AP": 525,
    "CA": 517,
    "CN": 522,
    "DA": 512,
    "DC": 515,
    "DD": 516,
    "DG": 514,
    "DU": 513,
    "KA": 526,
    "LA": 500,
    "LG": 501,
    "PA": 520,
    "RS": 553,
}
"""Relative identifiers of the aliases for accounts of a domain ([MS-DTYP] 2.4.2.4)."""

FOREST_ALIASES: dict[str, int] = {"EA": 519, "EK": 527, "RO": 498, "SA": 518}
"""Relative identifiers of the aliases for accounts of a forest's root domain."""

ALIAS_OF: dict[Sid, str] = {sid: alias for alias, sid in SDDL_ALIASES.items()}

_ENGLISH_NAMES: dict[str, Sid] = {
    "Everyone": _S("S-1-1-0"),
    "CREATOR OWNER": _S("S-1-3-0"),
    "CREATOR GROUP": _S("S-1-3-1"),
    "OWNER RIGHTS": _S("S-1-3-4"),
    "NT AUTHORITY\\NETWORK": _S("S-1-5-2"),
    "NT AUTHORITY\\BATCH": _S("S-1-5-3"),
    "NT AUTHORITY\\INTERACTIVE": _S("S-1-5-4"),
    "NT AUTHORITY\\SERVICE": _S("S-1-5-6"),
    "NT AUTHORITY\\ANONYMOUS LOGON": _S("S-1-5-7"),
    "NT AUTHORITY\\ENTERPRISE DOMAIN CONTROLLERS": _S("S-1-5-9"),
    "NT AUTHORITY\\Authenticated Users": _S("S-1-5-11"),
    "NT AUTHORITY\\This Organization": _S("S-1-5-15"),
    "NT AUTHORITY\\SYSTEM": _S("S-1-5-18"),
    "NT AUTHORITY\\LOCAL SERVICE": _S("S-1-5-19"),
    "NT AUTHORITY\\NETWORK SERVICE": _S("S-1-5-20"),
    "NT AUTHORITY\\Local account": _S("S-1-5-113"),
    "NT AUTHORITY\\Local account and member of Administrators group": _S("S-1-5-114"),
    "BUILTIN\\Administrators": _S("S-1-5-32-544"),
    "BUILTIN\\Users": _S("S-1-5-32-545"),
    "BUILTIN\\Guests": _S("S-1-5-32-546"),
    "BUILTIN\\Power Users": _S("S-1-5-32-547"),
    "BUILTIN\\Account Operators": _S("S-1-5-32-548"),
    "BUILTIN\\Server Operators": _S("S-1-5-32-549"),
    "BUILTIN\\Print Operators": _S("S-1-5-32-550"),
    "BUILTIN\\Backup Operators": _S("S-1-5-32-551"),
    "BUILTIN\\Replicator": _S("S-1-5-32-552"),
    "BUILTIN\\Pre-Windows 2000 Compatible Access": _S("S-1-5-32-554"),
    "BUILTIN\\Remote Desktop Users": _S("S-1-5-32-555"),
}

NAME_OF: dict[Sid, str] = {sid: name for name, sid in _ENGLISH_NAMES.items()}

_BY_NAME: dict[str, Sid] = {}
for _name, _sid in _ENGLISH_NAMES.items():
    _BY_NAME[_name.casefold()] = _sid
    _BY_NAME[_name.rpartition("\\")[2].casefold()] = _sid
_BY_NAME["localsystem"] = _S("S-1-5-18")


def sid_of(word: str, domain: Sid | None = None, forest_root: Sid | None = None) -> Sid:
    """Return the SID for the SID string `S-1-…` or the SDDL alias, both in upper case.

    Args:
        word: the text.
        domain: SID of the domain for aliases like DA (Domain Admins).
        forest_root: SID of the forest's root domain, for EA, SA, RO and EK. The default is `domain`.

    Raises:
        SecurityDescriptorError: the text is neither, or the domain of the alias is not given.
    """
    if word.startswith("S-"):
        return Sid.parse(word)
    if word in SDDL_ALIASES:
        return SDDL_ALIASES[word]
    for aliases, root in ((DOMAIN_ALIASES, domain), (FOREST_ALIASES, forest_root or domain)):
        if word in aliases:
            if root is None:
                raise SecurityDescriptorError(
                    f"the SID alias {word!r} is relative to a domain; give the domain's SID, or the account's"
                )
            return Sid(root.authority, (*root.subauthorities, aliases[word]))
    raise SecurityDescriptorError(f"the SID alias {word!r:.40} is unknown")


def well_known_sid(name: str) -> Sid | None:
    r"""Return the SID for an English built-in name, with or without its authority, or None.

    Windows localizes built-in names, but not their SIDs: `BUILTIN\Administrators` in a playbook is S-1-5-32-544 on a
    German server too.
    """
    return _BY_NAME.get(name.strip().casefold())
