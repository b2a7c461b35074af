# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks names of site servers. They are inventory hosts, so Ansible must not read them as something else."""

from __future__ import annotations

import ipaddress
import re

# A NetBIOS or DNS name: Microsoft Learn, "Naming conventions in Active Directory for computers, domains, sites, and
# OUs", which also gives the length. Its characters have no meaning in a pattern: Ansible, "Patterns: targeting hosts
# and groups".
_NAME = re.compile(r"\w(?:[\w-]*\w)?(?:\.\w(?:[\w-]*\w)?)*")
_MAX_LENGTH = 255

# Groups of every inventory: Ansible, "How to build your inventory", Default groups.
_GROUPS = frozenset({"all", "ungrouped"})

# Names of the computer itself: RFC 6761, 6.3, and the hosts files of Linux distributions.
_CONTROLLER = re.compile(r"localhost|localhost\.localdomain|.*\.localhost", re.IGNORECASE)

# What the C library reads as an IPv4 address, with one to four parts: inet_aton(3). A computer name, or its last label,
# is never a number.
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE | re.ASCII)


def server_problem(server: str) -> str | None:
    """Return what is wrong with the name of a site server, as the end of a sentence, or None."""
    if server.lower() in _GROUPS:
        return "is a group that Ansible makes in every inventory; give the computer's name"
    if _CONTROLLER.fullmatch(server):
        return "is the controller itself; give the computer's name"
    if _is_address(server):
        return "is an IP address; give the computer's name, and set ansible_host of this host to the address"
    if len(server) > _MAX_LENGTH or not _NAME.fullmatch(server):
        return "is not a valid computer name; give the computer's name: letters, digits, - and _, separated by dots"
    return None


def _is_address(server: str) -> bool:
    if _NUMBER.fullmatch(server.rpartition(".")[2]):
        return True
    try:
        ipaddress.ip_address(server)
    except ValueError:
        return False
    return True
