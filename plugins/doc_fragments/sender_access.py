# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked about the access of Sender accounts, to tell it, to plan it and to give it."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `sitekeeper.sms.sender_access`, and its variant `services`."""

    DOCUMENTATION = r"""
options:
  senders:
    description:
      - The Sender accounts, as V(DOMAIN\\name), V(name@dns.domain), V(.\\name) or V(COMPUTER\\name) for a local
        account, V(DOMAIN\\COMPUTER$), or a SID.
      - With an empty list the task is skipped, and does not connect.
    type: list
    elements: str
    required: true
  product:
    description:
      - What runs on the site server, which says what its share and directory are and which rights are required.
      - "V(sms_1_2), Systems Management Server 1.2: Full Control of the share C(SMS_SITE), Read and Write on the
        directory C(Site.srv\\Despoolr.box\\Receive), its subfolders and files (Q179118)."
      - "V(sms_2_0), Systems Management Server 2.0: Change on the share C(SMS_SITE), Modify on the directory
        C(inboxes\\despoolr.box\\receive), its subfolders and files."
      - "V(sms_2003) and V(configmgr_2007): Change on that share for the members of the local group
        C(SMS_SiteToSiteConnection_<code>); Modify on that directory, its subfolders and files, for each account
        itself."
      - "V(configmgr), 2012 to current branch: the group has Change on the share and Full Control of the directory."
      - Or one of O(products).
    type: str
    default: sms_1_2
  site_code:
    description:
      - Code of the site, from which the name of the local group follows that holds rights for the Sender accounts, with
        V(sms_2003), V(configmgr_2007) and V(configmgr). With these products it is required, or O(group) is.
    type: str
  group:
    description:
      - That local group, if its name is not the product's own.
    type: str
  directory:
    description:
      - Local path of the directory, if it is not where the product expects it.
      - The default is the path that the share points to.
    type: str
  allow_unexpected_path:
    description:
      - A share that points somewhere else than to the directory of the O(product), or to the given O(directory), is an
        error.
      - With V(true) it is accepted.
    type: bool
    default: false
"""

    SERVICES = r"""
options:
  services:
    description:
      - Whether to read the accounts that the product's services log on as, which takes one more request each.
    type: bool
    default: false
"""
