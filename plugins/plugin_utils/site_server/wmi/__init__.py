# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`SiteServer` over WS-Management: the adapter, and the transports that send its messages.

Nothing is imported here: each transport needs a library of its own, and `wires` imports only what is used.
"""
