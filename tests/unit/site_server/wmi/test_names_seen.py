# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from the names that a server showed."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.names_seen import Known, NamesSeen, Place

ADMINISTRATORS = Sid.parse("S-1-5-32-544")
CONNECTION = Sid.parse("S-1-5-21-7-8-9-1001")
ADMINS = Sid.parse("S-1-5-21-1-2-3-512")


def seen(host: str = "p01.corp.example", **names: str) -> NamesSeen:
    made = NamesSeen(host)
    made.see({Sid.parse(sid.replace("_", "-")): name for sid, name in names.items()})
    return made


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("p01", "P01"),
        ("P01.corp.example", "P01"),
        ("sms-site-server-07.corp.example", "SMS-SITE-SERVER"),
        ("p01.", "P01"),
        ("192.0.2.7", None),
        ("fd00::7", None),
        ("7", None),
        ("p_01", None),
        ("the primary", None),
        ("", None),
        ("pöhl", None),
    ],
)
def test_the_name_of_a_computer_by_that_of_the_host(host: str, domain: str | None) -> None:
    place = seen(host, S_1_5_32_544="BUILTIN\\Administrators").place(ADMINISTRATORS)
    assert place == (None if domain is None else Place(domain, "Administrators", Known.GUESSED))


def test_a_built_in_group_has_the_name_that_the_server_shows_and_the_domain_of_wmi() -> None:
    names = seen(S_1_5_32_544="VORDEFINIERT\\Administratoren")
    assert names.place(ADMINISTRATORS) == Place("P01", "Administratoren", Known.GUESSED)
    names.see_domain("SITE1")
    assert names.place(ADMINISTRATORS) == Place("SITE1", "Administratoren", Known.SHOWN)


def test_no_name_is_made_up() -> None:
    # On a German server another group may have the English name.
    assert seen().place(ADMINISTRATORS) is None
    assert seen(S_1_5_32_544="").place(ADMINISTRATORS) is None
    assert seen(S_1_5_32_544="BUILTIN\\").place(ADMINISTRATORS) is None


def test_a_group_with_the_computers_name_is_a_local_one_and_another_is_looked_up() -> None:
    names = NamesSeen("p01")
    names.see({CONNECTION: "p01\\Connection", ADMINS: "CORP\\Domain Admins"})
    assert names.place(CONNECTION) == Place("P01", "Connection", Known.GUESSED)
    assert names.place(ADMINS) is None
    names.see_domain("SITE1")
    assert names.place(CONNECTION) is None


def test_a_group_that_was_looked_up() -> None:
    names = NamesSeen("p01")
    place = Place("SITE1", "Connection", Known.LOOKED_UP)
    names.see_group(CONNECTION, place)
    names.see({ADMINISTRATORS: "BUILTIN\\Administrators"})
    assert names.place(CONNECTION) == place
    assert names.place(ADMINISTRATORS) == Place("SITE1", "Administrators", Known.SHOWN)


def test_what_was_seen_first_stays() -> None:
    names = seen(S_1_5_32_544="BUILTIN\\Administrators")
    names.see({ADMINISTRATORS: "P01\\Administrators"})
    names.see_domain("P01")
    names.see_domain("OTHER")
    names.see_domain("")
    assert names.name_of(ADMINISTRATORS) == "BUILTIN\\Administrators"
    assert names.place(ADMINISTRATORS) == Place("P01", "Administrators", Known.SHOWN)
    assert names.name_of(CONNECTION) is None


def test_places_without_regard_to_case() -> None:
    place = Place("P01", "Administrators", Known.GUESSED)
    assert place.is_same(Place("p01", "ADMINISTRATORS", Known.LOOKED_UP))
    assert not place.is_same(Place("P02", "Administrators", Known.GUESSED))
    assert not place.is_same(Place("P01", "Users", Known.GUESSED))


def test_the_sid_of_a_name() -> None:
    names = NamesSeen("p01")
    names.see({ADMINISTRATORS: "VORDEFINIERT\\Administratoren", ADMINS: "CORP\\Admins", CONNECTION: "P01\\Connection"})
    assert names.sid_of("corp\\ADMINS") == ADMINS
    assert names.sid_of("Administratoren") == ADMINISTRATORS
    assert names.sid_of("VORDEFINIERT\\Administratoren") == ADMINISTRATORS
    # A name without a domain could be of any domain.
    assert names.sid_of("Admins") is None
    assert names.sid_of("Connection") is None
    assert names.sid_of("P01\\Administratoren") is None
    assert names.sid_of("") is None


def test_a_name_of_two_accounts_is_none() -> None:
    names = NamesSeen("p01")
    names.see({ADMINS: "CORP\\Admins", Sid.parse("S-1-5-21-1-2-3-600"): "corp\\admins"})
    assert names.sid_of("CORP\\Admins") is None
