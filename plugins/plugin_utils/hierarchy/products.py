# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each product requires of a destination site server, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..security.rights import FULL_CONTROL, READ_AND_WRITE


@dataclass(frozen=True, slots=True)
class Product:
    """One product's requirements on the site server that a Sender writes to.

    ``directory`` is relative to the installation root. ``share_mask`` and ``directory_mask`` are access
    masks ([MS-DTYP] 2.4.3) that each Sender account must be granted. ``source`` names the document that
    states the requirement.
    """

    name: str
    title: str
    share: str
    directory: str
    share_mask: int
    directory_mask: int
    source: str

    def expects(self, path: str) -> bool:
        """Tell whether ``path`` (a Windows path, in either kind of slash) ends in this product's directory.

        Whole components are compared, without regard to case, as Windows does.
        """
        suffix = _components(self.directory)
        return _components(path)[-len(suffix) :] == suffix


def _components(path: str) -> list[str]:
    return [part for part in path.replace("/", "\\").lower().split("\\") if part]


PRODUCTS: Mapping[str, Product] = MappingProxyType(
    {
        known.name: known
        for known in (
            Product(
                name="sms_1_2",
                title="Systems Management Server 1.2",
                share="SMS_SITE",
                directory=r"Site.srv\Despoolr.box\Receive",
                share_mask=FULL_CONTROL,
                directory_mask=READ_AND_WRITE,
                source="Microsoft KB Q179118",
            ),
        )
    }
)


def product(name: str) -> Product:
    """Return the product called ``name``.

    Raises :class:`ValueError` with the names that are known when there is none.
    """
    try:
        return PRODUCTS[name]
    except KeyError:
        raise ValueError(f"unknown product '{name}'; known: {', '.join(PRODUCTS)}") from None
