# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account, groups, and a directory that does not answer, which tests share."""

from __future__ import annotations

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import DirectoryNoAnswer, DomainAccount
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.port import Domain
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account

CORP, P01, PARTNER = "S-1-5-21-1-2-3", "S-1-5-21-7-7-7", "S-1-5-21-9-9-9"

ACCOUNT = Account(Sid.parse(f"{CORP}-1104"), "CORP\\P01$")
SERVERS, OTHERS = Sid.parse(f"{CORP}-1300"), Sid.parse(f"{CORP}-1301")
ADMINISTRATORS = Sid.parse("S-1-5-32-544")
CONNECTION = Sid.parse(f"{P01}-1012")
DOMAIN = DomainAccount(ACCOUNT.sid, "P01$", groups=frozenset({SERVERS}))


class SilentDirectory:
    """A directory of a domain whose domain controller does not answer about accounts."""

    host = "dc1"

    def __init__(self, sid: str = CORP) -> None:
        self._sid = Sid.parse(sid)

    def domain(self) -> Domain:
        return Domain("corp.example", self._sid)

    def account(self, sid: Sid) -> DomainAccount:
        raise DirectoryNoAnswer(self.host, f"read the account {sid}", "no answer", "Check that it is up.")

    def groups_with(self, members: frozenset[Sid]) -> frozenset[Sid]:
        raise AssertionError

    def find(self, name: str) -> Sid:
        raise AssertionError

    def known(self, name: str) -> DomainAccount | None:
        return None
