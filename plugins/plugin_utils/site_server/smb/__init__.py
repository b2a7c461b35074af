# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`SiteServer` over SMB and remote procedure calls, on impacket.

Nothing is imported here, so that a controller that reaches no host over SMB does not import impacket.
"""
