# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install pip from the wheel that Python carries, in place of the get-pip.py that ansible-test downloads.

ansible-test runs this once in each virtual environment it makes. The options that it passes, which ask for
one release of pip, are ignored: it only uses pip to install its own pinned requirements, and any release can.
"""

from __future__ import annotations

import ensurepip

if __name__ == "__main__":
    ensurepip.bootstrap(default_pip=True)
