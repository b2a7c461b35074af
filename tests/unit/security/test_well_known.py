# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SDDL aliases and English names of well-known SIDs."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptorError, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.well_known import (
    DOMAIN_ALIASES,
    FOREST_ALIASES,
    NAME_OF,
    SDDL_ALIASES,
    sid_of,
    well_known_sid,
)


def test_english_names_mean_the_same_with_and_without_authority() -> None:
    assert well_known_sid("BUILTIN\\Administrators") == well_known_sid("administrators") == Sid.parse("S-1-5-32-544")
    assert well_known_sid("nt authority\\system") == well_known_sid("SYSTEM") == Sid.parse("S-1-5-18")
    assert well_known_sid("CORP\\Administrators") is None


@pytest.mark.parametrize(
    ("name", "sid"),
    [
        ("ENTERPRISE DOMAIN CONTROLLERS", "S-1-5-9"),
        ("NT AUTHORITY\\Local account", "S-1-5-113"),
        ("Local account and member of Administrators group", "S-1-5-114"),
        ("BUILTIN\\Pre-Windows 2000 Compatible Access", "S-1-5-32-554"),
    ],
)
def test_names_that_policies_give_user_rights_to(name: str, sid: str) -> None:
    # Microsoft, "Well-known SIDs".
    assert well_known_sid(name) == Sid.parse(sid)


def test_the_aliases_are_the_documented_ones() -> None:
    # [MS-DTYP] 2.5.1.1 for the aliases, 2.4.2.4 for their SIDs.
    builtin = {"AA": 579, "AO": 548, "BA": 544, "BG": 546, "BO": 551, "BU": 545, "CD": 574, "CY": 569, "ER": 573}
    builtin |= {"ES": 576, "HA": 578, "IS": 568, "LU": 559, "MS": 577, "MU": 558, "NO": 556, "PO": 550, "PU": 547}
    builtin |= {"RA": 575, "RD": 555, "RE": 552, "RM": 580, "RU": 554, "SO": 549}
    authority = {"AN": 7, "AU": 11, "ED": 9, "IU": 4, "LS": 19, "NS": 20, "NU": 2, "PS": 10, "RC": 12, "SU": 6}
    authority |= {"SY": 18, "WR": 33}
    others = {"AC": "S-1-15-2-1", "AS": "S-1-18-1", "CG": "S-1-3-1", "CO": "S-1-3-0", "OW": "S-1-3-4"}
    others |= {"SS": "S-1-18-2", "UD": "S-1-5-84-0-0-0-0-0", "WD": "S-1-1-0"}
    labels = {"LW": 0x1000, "ME": 0x2000, "MP": 0x2100, "HI": 0x3000, "SI": 0x4000}
    documented = {alias: f"S-1-5-32-{rid}" for alias, rid in builtin.items()}
    documented |= {alias: f"S-1-5-{rid}" for alias, rid in authority.items()}
    documented |= {alias: f"S-1-16-{rid}" for alias, rid in labels.items()} | others
    assert {alias: str(sid) for alias, sid in SDDL_ALIASES.items()} == documented


def test_the_aliases_of_a_domain_are_the_documented_ones() -> None:
    # The same sections.
    domain, forest = Sid.parse("S-1-5-21-1-2-3"), Sid.parse("S-1-5-21-4-5-6")
    of_domain = {"AP": 525, "CA": 517, "CN": 522, "DA": 512, "DC": 515, "DD": 516, "DG": 514, "DU": 513, "KA": 526}
    of_domain |= {"LA": 500, "LG": 501, "PA": 520, "RS": 553}
    of_forest = {"EA": 519, "EK": 527, "RO": 498, "SA": 518}
    for known, root in ((of_domain, domain), (of_forest, forest)):
        for alias, rid in known.items():
            assert str(sid_of(alias, domain, forest)) == f"{root}-{rid}"
            assert str(sid_of(alias, domain)) == f"{domain}-{rid}"
            with pytest.raises(SecurityDescriptorError, match="relative to a domain"):
                sid_of(alias)
    assert set(DOMAIN_ALIASES) == set(of_domain)
    assert set(FOREST_ALIASES) == set(of_forest)


@pytest.mark.parametrize("word", ["", "ZZ", "ba", "DAX"])
def test_other_words_are_no_aliases(word: str) -> None:
    with pytest.raises(SecurityDescriptorError, match="is unknown"):
        sid_of(word, Sid.parse("S-1-5-21-1-2-3"))


def test_aliases_are_unique() -> None:
    assert len(set(SDDL_ALIASES.values())) == len(SDDL_ALIASES)
    assert len(set(NAME_OF)) == len(NAME_OF)


ADMINISTRATORS = "01020000000000052000000020020000"
