# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which directory is asked about a domain."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import (
    Directories,
    DirectoryError,
    DirectoryUnreachable,
    Domain,
    DomainAccount,
    NoDirectory,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid

CORP, PARTNER, OTHER = (Sid.parse(f"S-1-5-21-{number}-2-3") for number in (1, 7, 9))
UNREACHABLE = DirectoryUnreachable("c02", "log on to the directory", "no answer", "Check it.")


@dataclass
class Named:
    """A directory that has a domain only, or an error instead."""

    found: Domain | DirectoryError
    asked: int = 0
    shown: DomainAccount | None = None

    def known(self, name: str) -> DomainAccount | None:
        return self.shown if self.shown and self.shown.name == name else None

    def domain(self) -> Domain:
        self.asked += 1
        if isinstance(self.found, DirectoryError):
            raise self.found
        return self.found


def directories(*found: Domain | DirectoryError) -> tuple[Directories, list[Named]]:
    made = [Named(each) for each in found]
    return Directories(made), made  # type: ignore[arg-type]


def test_the_directory_of_a_domain():
    chosen, made = directories(Domain("corp.example", CORP), Domain("partner.example", PARTNER))
    assert chosen
    assert chosen.of(PARTNER) is made[1]
    assert chosen.of(CORP) is made[0]
    assert made[1].asked == 1


def test_none_is_allowed_and_false():
    assert not Directories()
    with pytest.raises(NoDirectory) as caught:
        Directories().of(CORP)
    assert caught.value.reason == f"no domain controller of the domain {CORP} in sms_directory"
    assert str(caught.value) == (
        f"sms_directory: could not ask about accounts of {CORP}: no domain controller of the domain {CORP} in "
        "sms_directory. Add one."
    )


def test_a_domain_that_none_of_them_has():
    chosen, _made = directories(Domain("corp.example", CORP), Domain("partner.example", PARTNER))
    with pytest.raises(NoDirectory, match=str(OTHER)):
        chosen.of(OTHER)


def test_one_that_does_not_answer_may_be_the_one():
    chosen, _made = directories(UNREACHABLE, Domain("corp.example", CORP))
    with pytest.raises(DirectoryUnreachable) as caught:
        chosen.of(PARTNER)
    assert caught.value is UNREACHABLE


def test_another_domain_controller_of_the_domain_is_asked_then():
    chosen, made = directories(UNREACHABLE, Domain("corp.example", CORP), Domain("corp.example", CORP))
    assert chosen.of(CORP) is made[1]


def test_a_domain_controller_that_lies_about_its_domain_is_not_that_of_its_real_one():
    chosen, _made = directories(Domain("corp.example", OTHER))
    with pytest.raises(NoDirectory):
        chosen.of(CORP)


def test_accounts_that_they_have_shown():
    chosen, made = directories(Domain("corp.example", CORP), Domain("corp.example", CORP), UNREACHABLE)
    account = DomainAccount(Sid.parse(f"{CORP}-1104"), "smssend", None)
    assert chosen.known("smssend") == ()
    made[0].shown = made[1].shown = account
    assert chosen.known("smssend") == (account,)
    assert chosen.known("other") == ()
    made[2].shown = DomainAccount(Sid.parse(f"{PARTNER}-1104"), "smssend", None)
    assert chosen.known("smssend") == (account, made[2].shown)
    assert sum(each.asked for each in made) == 0
