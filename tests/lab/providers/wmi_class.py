# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a WMI class is to the lab: its keys, its instances, its methods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ..cim import Instance, Parameters, Value
from ..host import Host

Output = tuple[int, Mapping[str, Value]]
"""A method's ReturnValue and its output parameters."""

SUCCESS, ACCESS_DENIED, UNKNOWN_FAILURE, PRIVILEGE_MISSING, INVALID_PARAMETER = 0, 2, 8, 9, 21
"""Return values of the security settings' methods (learn.microsoft.com, Win32_LogicalFileSecuritySetting)."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method: the names of its input parameters and what it does to the instance with these keys."""

    parameters: tuple[str, ...]
    call: Callable[[Host, Mapping[str, str], Parameters], Output]
    writes: bool = False


@dataclass(frozen=True, slots=True)
class WmiClass:
    """A class of root/cimv2. ``get`` looks one instance up by its keys (in the order of ``keys``).

    ``narrowed`` gives the instances that the text conditions of a query (by names in lower case) leave to be looked at,
    or None where they do not narrow them.
    """

    name: str
    keys: tuple[str, ...]
    properties: tuple[str, ...]
    instances: Callable[[Host], Iterable[Instance]]
    get: Callable[[Host, Mapping[str, str]], Instance | None]
    methods: Mapping[str, Method] = field(default_factory=dict)
    narrowed: Callable[[Host, Mapping[str, str]], Iterable[Instance] | None] | None = None

    def method(self, name: str) -> tuple[str, Method] | None:
        """A method by name, in any case, with the name as it is declared."""
        for declared, method in self.methods.items():
            if declared.casefold() == name.casefold():
                return declared, method
        return None
