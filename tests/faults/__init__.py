# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: every operation, over every transport, under every fault that makes sense there.

``python -m tests.faults`` runs it; docs/faults.md explains how to read it. What a server holds, and what it was asked
to write, is what the lab says. Only ``driver`` imports the collection.
"""
