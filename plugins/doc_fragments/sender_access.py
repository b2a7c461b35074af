# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that read, plan or give the access of site-to-site accounts."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `sitekeeper.sms.sender_access`, and its variants `own_entry` and `services`."""

    DOCUMENTATION = r"""
options:
  senders:
    description:
      - The site-to-site accounts, as V(DOMAIN\\name), V(name@dns.domain), V(DOMAIN\\COMPUTER$), or a SID. For a local
        account, V(.\\name) or V(COMPUTER\\name).
      - SMS calls them Sender accounts, Configuration Manager calls them file replication accounts.
      - With an empty list, the task is skipped and does not connect.
    type: list
    elements: str
    required: true
  product:
    description:
      - The product on the site server. It decides the share, the directory and the required rights.
      - "V(sms_1_2), Systems Management Server 1.2: Full Control of the share C(SMS_SITE), Read and Write on the
        directory C(Site.srv\\Despoolr.box\\Receive), its subfolders and files (Q179118)."
      - "V(sms_2_0), Systems Management Server 2.0: Change on the share C(SMS_SITE), Modify on the directory
        C(inboxes\\despoolr.box\\receive), its subfolders and files."
      - "V(sms_2003) and V(configmgr_2007): Change on that share for the members of the local group
        C(SMS_SiteToSiteConnection_<code>). Modify on that directory, its subfolders and files, for each account
        itself."
      - "V(configmgr), 2012 to current branch: the group has Change on the share and Full Control of the directory."
      - Or the name of one of O(products).
    type: str
    default: sms_1_2
  site_code:
    description:
      - Code of the site. With V(sms_2003), V(configmgr_2007) and V(configmgr), the name of the local group that holds
        rights for the accounts follows from it. These products require O(site_code) or O(group).
    type: str
  group:
    description:
      - Name of the local group that holds rights for the accounts. The default is the product's.
    type: str
  directory:
    description:
      - Local path of the directory. The default is the path of the share.
    type: str
  allow_unexpected_path:
    description:
      - Whether to accept a share with another path than the directory of the O(product), or than O(directory) if it is
        set.
      - With V(false), such a share is an error.
    type: bool
    default: false
  logon:
    description:
      - Whether to look at the rights to log on over the network, and at the state of accounts of the server itself.
      - Over P(sitekeeper.sms.smb#connection) these are the rights in force. Over WinRM they are those that group
        policy sets, which takes one more request. WMI does not show the local security policy.
      - The state of domain accounts is looked at if O(sms_directory) is set.
    type: bool
    default: false
"""

    OWN_ENTRY = r"""
options:
  own_entry:
    description:
      - Whether each account must have entries of its own, or direct membership in O(group), even if another group gives
        it access.
      - With V(false), an account that gets in through any group is in its desired state.
    type: bool
    default: false
"""

    SERVICES = r"""
options:
  services:
    description:
      - Whether to read the logon accounts of the product's services. Each service takes one more request.
    type: bool
    default: false
"""
