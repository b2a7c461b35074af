# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the probe's tests."""

from __future__ import annotations

from tests.functional.probe.support import lab_server, server, wire

__all__ = ["lab_server", "server", "wire"]
