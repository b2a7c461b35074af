# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab: virtual Windows hosts that speak WS-Management, for development and tests.

Start it with ``python -m tests.lab --hosts 6``; in a test, use ``tests.lab.testing.running_lab``.
"""
