# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which site a host of the inventory serves: one rule for the role, the plan, the fleet and the summaries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .model import Hierarchy

ROLE_SITE_CODE = "sms_sender_perms_site_code"
"""The variable of the role that names the site of a host; it comes first."""
INVENTORY_SITE_CODE = "sms_site_code"
"""The variable that the inventory plugin gives to a host; it counts for hosts that are no site's server by name."""

_ADVICE = "Add the site, correct its server, set sms_site_code for this host, or leave the host out with --limit."
_UNKNOWN_CODE = "Site '{}' of this host is not in sms_sites"
_UNKNOWN_SERVER = "No site in sms_sites has the server '{}'"
_MESSAGE = re.compile(rf"(?:{_UNKNOWN_CODE}|{_UNKNOWN_SERVER}). {_ADVICE}".replace("{}", ".*?").replace(". ", r"\. "))


class NoSite(ValueError):
    """A host whose site is not in the hierarchy; the text is a complete message."""

    def __init__(self, host: str, code: str) -> None:
        problem = _UNKNOWN_CODE.format(code) if code else _UNKNOWN_SERVER.format(host)
        super().__init__(f"{problem}. {_ADVICE}")

    @staticmethod
    def message_in(text: str) -> str | None:
        """Return the message of a `NoSite` within the message that Ansible makes of it; None if there is none."""
        found = _MESSAGE.search(text)
        return found[0] if found else None


def codes_by_server(hierarchy: Hierarchy) -> dict[str, str]:
    """Return the code of each site by its server in lower case, as `site_code_of` takes it."""
    return {site.server.lower(): site.code for site in hierarchy.sites}


def site_code_of(host: str, variables: Mapping[str, Any], codes: Mapping[str, str]) -> str:
    """Return the code of a host's site in upper case, the empty string if nothing names one.

    Args:
        host: the host as the inventory calls it.
        variables: the host's variables, or the two of them that name a site.
        codes: see `codes_by_server`.
    """
    code = variables.get(ROLE_SITE_CODE) or codes.get(host.lower()) or variables.get(INVENTORY_SITE_CODE) or ""
    return str(code).upper()
