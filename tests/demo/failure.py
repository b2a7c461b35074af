# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends the demonstration early."""


class Failure(Exception):
    """A step did not hold; says what was expected and what happened."""


def check(holds: object, otherwise: str) -> None:
    """Raise Failure with the words ``otherwise`` unless it holds."""
    if not holds:
        raise Failure(otherwise)
