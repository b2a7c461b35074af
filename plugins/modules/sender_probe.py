#!/usr/bin/python
# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: sender_probe
short_description: Prove that a Sender account gets into a site server
description:
  - Connects to C(\\server\SMS_SITE) as the Sender account and does what a site's sender does there, step by step. Reports
    how each step went, with the server's NT status.
  - The steps are V(connect), V(log_on), V(open_share), V(list), V(create), V(write), V(read), V(rename) and V(delete).
    The task fails if one of O(required_steps) fails. The others are tried too, and only reported. With the Read and Write
    that Systems Management Server 1.2 asks for, a rename and a deletion are refused, and that is right.
  - The file that it makes has a random name and is deleted, by the server itself as soon as the connection ends, also if
    the probe is killed. It never touches a file that it did not make.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  account:
    description:
      - The Sender account, as V(DOMAIN\\name) or V(name@dns.domain).
    type: str
    required: true
  password:
    description:
      - Its password.
      - With O(auth=kerberos) it can be left out where a ticket is at hand.
    type: str
  product:
    description:
      - What runs on the site server, which says what its O(share) is and which are the O(required_steps).
      - V(sms_1_2), V(sms_2_0), V(sms_2003), V(configmgr_2007), V(configmgr), or one of O(products).
    type: str
    default: sms_1_2
  required_steps:
    description:
      - The steps that have to succeed, if they are not those that the O(product)'s rights allow.
    type: list
    elements: str
    choices: [connect, log_on, open_share, list, create, write, read, rename, delete]
  server:
    description:
      - Name or address of the site server.
      - The default is the address of the host that the task is for.
      - Kerberos needs the full name.
    type: str
  auth:
    description:
      - How the account logs on.
    type: str
    choices: [ntlm, kerberos]
    default: ntlm
  port:
    description:
      - TCP port of the server.
      - The default is the variable C(ansible_smb_port) of the host, or else V(445).
    type: int
  dialect:
    description:
      - V(auto) is SMB 2 and 3, V(nt1) is SMB 1, which Windows NT 4.0 needs. SMB 1 is never spoken unasked.
      - The default is the variable C(ansible_smb_dialect) of the host, or else V(auto).
    type: str
    choices: [auto, nt1]
  signing:
    description:
      - Whether a server that does not sign is refused.
      - The default is the variable C(ansible_smb_signing) of the host, or else V(required).
    type: str
    choices: [required, if_offered]
  encryption:
    description:
      - Whether a server that does not encrypt is refused.
      - The default is the variable C(ansible_smb_encryption) of the host, or else V(false).
    type: bool
  timeout:
    description:
      - Longest time for one exchange with the server, in seconds. To connect and negotiate is one, to log on is one, and
        so is each request until its final answer.
      - The default is the variable C(ansible_smb_timeout) of the host, or else V(30).
    type: int
extends_documentation_fragment:
  - sitekeeper.sms.product
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.site_server
attributes:
  check_mode:
    support: partial
    details: Does the steps that only read. RV(works) is V(null) if they succeed.
  diff_mode:
    support: none
    details: Changes nothing.
  connection:
    description: Where the probe starts from.
    details:
      - It starts from the controller if the connection of the task is P(ansible.builtin.winrm#connection),
        P(ansible.builtin.psrp#connection) or C(sitekeeper.sms.smb). That connection is used only to delete the file where
        the account may not.
      - With any other connection it starts from the task's host. Delegate it to the host from which access is to be
        proved; C(server) is then the address of the host that the task is for.
requirements:
  - impacket >= 0.13 and Python >= 3.10, on the controller or on the host that it starts from
notes:
  - The file is made with delete-on-close. A server that refuses this is the one case in which a file can stay behind when
    the probe is killed with SIGKILL; so does one of a server that crashes. Files of earlier probes, older than an hour,
    are listed in RV(leftovers) and not touched.
  - A wrong password counts towards the account's lockout, once.
seealso:
  - module: sitekeeper.sms.sender_access
  - module: sitekeeper.sms.sender_access_info
"""

EXAMPLES = r"""
- name: The Sender account of the site above gets in
  sitekeeper.sms.sender_probe:
    account: CORP\smssend
    password: "{{ smssend_password }}"

- name: A stranger does not
  sitekeeper.sms.sender_probe:
    account: CORP\bystander
    password: "{{ bystander_password }}"
  register: stranger
  failed_when: stranger.works

- name: It gets in from the site server that sends
  sitekeeper.sms.sender_probe:
    account: CORP\smssend
    password: "{{ smssend_password }}"
  delegate_to: sending
"""

RETURN = r"""
works:
  description: Whether all required steps succeeded; V(null) in check mode if those that were tried did.
  returned: always
  type: bool
  sample: true
server:
  description: The server, as it was connected to.
  returned: always
  type: str
  sample: p01.corp.example
share:
  description: The share.
  returned: always
  type: str
  sample: SMS_SITE
account:
  description: The account that was logged on.
  returned: always
  type: str
  sample: "CORP\\smssend"
product:
  description: The product whose requirements were applied.
  returned: always
  type: str
  sample: sms_1_2
dialect:
  description: What was spoken; empty if nobody was logged on.
  returned: always
  type: str
  sample: SMB 3.1.1
signed:
  description: Whether messages were signed.
  returned: always
  type: bool
  sample: true
encrypted:
  description: Whether messages were encrypted.
  returned: always
  type: bool
  sample: false
steps:
  description: All steps in their order.
  returned: always
  type: list
  elements: dict
  contains:
    step:
      description: Its name.
      type: str
      sample: create
    required:
      description: Whether it has to succeed.
      type: bool
      sample: true
    ok:
      description: Whether it succeeded; V(null) if it was not tried.
      type: bool
      sample: false
    status:
      description: Name of the NT status that the server sent; empty if it sent none.
      type: str
      sample: STATUS_ACCESS_DENIED
    code:
      description: The same as a number.
      type: str
      sample: "0xC0000022"
    detail:
      description: What happened, or why it was not tried; empty for success.
      type: str
      sample: the permissions of the share or of the directory do not let the account make files
    milliseconds:
      description: How long it took. To connect is counted with V(log_on), unless it failed.
      type: float
      sample: 2.1
left_behind:
  description: Names of own files that could not be removed. RV(ignore:changed) is V(true) only if there are any.
  returned: always
  type: list
  elements: str
  sample: []
leftovers:
  description: Names of files that earlier probes left behind.
  returned: always
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.sitekeeper.sms.plugins.module_utils.sender_probe import STEPS, ProbeRequest, probe, result_of
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import IMPACKET_IMPORT_ERROR


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "account": {"type": "str", "required": True},
            "password": {"type": "str", "no_log": True},
            "product": {"type": "str", "default": "sms_1_2"},
            # The action plugin fills in what has no default, and what follows from the product.
            "products": {"type": "dict"},
            "share": {"type": "str"},
            "required_steps": {"type": "list", "elements": "str", "choices": list(STEPS)},
            "server": {"type": "str"},
            "auth": {"type": "str", "choices": ["ntlm", "kerberos"], "default": "ntlm"},
            "port": {"type": "int"},
            "dialect": {"type": "str", "choices": ["auto", "nt1"]},
            "signing": {"type": "str", "choices": ["required", "if_offered"]},
            "encryption": {"type": "bool"},
            "timeout": {"type": "int"},
        },
        supports_check_mode=True,
    )
    if IMPACKET_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("impacket"), exception=IMPACKET_IMPORT_ERROR)
    request = ProbeRequest.from_arguments(module.params, reading_only=module.check_mode)
    result = result_of(request, probe(request))
    result["product"] = module.params["product"]
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
