# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account and groups that the tests of tokens share."""

from __future__ import annotations

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import DomainAccount
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account

CORP, P01, PARTNER = "S-1-5-21-1-2-3", "S-1-5-21-7-7-7", "S-1-5-21-9-9-9"

ACCOUNT = Account(Sid.parse(f"{CORP}-1104"), "CORP\\P01$")
SERVERS, OTHERS = Sid.parse(f"{CORP}-1300"), Sid.parse(f"{CORP}-1301")
ADMINISTRATORS = Sid.parse("S-1-5-32-544")
CONNECTION = Sid.parse(f"{P01}-1012")
DOMAIN = DomainAccount(ACCOUNT.sid, "P01$", groups=frozenset({SERVERS}))
