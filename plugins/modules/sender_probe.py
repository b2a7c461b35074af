#!/usr/bin/python
# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: sender_probe
short_description: Test the access of a site-to-site account to a site server
description:
  - Connects to C(\\server\SMS_SITE) as the account and does what a sender does, step by step. Returns the result of
    each step with the NT status of the server.
  - The steps are V(connect), V(log_on), V(open_share), V(list), V(create), V(write), V(read), V(rename) and V(delete).
    The task fails if one of O(required_steps) fails. The other steps are also tried, and only reported. With the Read
    and Write that Systems Management Server 1.2 requires, rename and delete are refused, as expected.
  - The test file has a random name. The server deletes it when the connection ends, also if the probe is killed. The
    probe never touches a file that it did not create.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  account:
    description:
      - The site-to-site account, as V(DOMAIN\\name) or V(name@dns.domain).
      - With O(auth=kerberos), V(DOMAIN\\name) needs the realm of the domain, see O(domains). The account may be one of a
        domain that the domain of the server trusts.
    type: str
    required: true
  password:
    description:
      - The password of the account.
      - May be omitted with O(auth=kerberos) if a ticket is available.
    type: str
  product:
    description:
      - The product on the site server. It decides the default of O(share) and O(required_steps).
      - V(sms_1_2), V(sms_2_0), V(sms_2003), V(configmgr_2007), V(configmgr), or one of O(products).
    type: str
    default: sms_1_2
  required_steps:
    description:
      - The steps that must succeed. The default is those that the rights of the O(product) allow.
    type: list
    elements: str
    choices: [connect, log_on, open_share, list, create, write, read, rename, delete]
  server:
    description:
      - Name or address of the site server.
      - The default is the address of the task's host.
      - Kerberos needs the fully qualified name.
    type: str
  auth:
    description:
      - The authentication protocol.
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
      - The SMB version. V(auto) is SMB 2 and 3. V(nt1) is SMB 1, which Windows NT 4.0 needs.
      - The default is the variable C(ansible_smb_dialect) of the host, or else V(auto).
    type: str
    choices: [auto, nt1]
  signing:
    description:
      - Whether to refuse a server that does not sign.
      - The default is the variable C(ansible_smb_signing) of the host, or else V(required).
    type: str
    choices: [required, if_offered]
  encryption:
    description:
      - Whether to refuse a server that does not encrypt.
      - The default is the variable C(ansible_smb_encryption) of the host, or else V(false).
    type: bool
  timeout:
    description:
      - The longest time for one exchange with the server, in seconds. Connect with negotiation is one exchange, the
        logon is one, and each request with its final answer is one.
      - The default is the variable C(ansible_smb_timeout) of the host, or else V(30).
    type: int
extends_documentation_fragment:
  - sitekeeper.sms.product
  - sitekeeper.sms.domains.host
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.site_server
attributes:
  check_mode:
    support: partial
    details: Runs only the steps that read. RV(works) is V(null) if they succeed.
  diff_mode:
    support: none
    details: Changes nothing.
  connection:
    description: The host on which the probe runs.
    details:
      - It runs on the controller if the connection of the task is P(ansible.builtin.winrm#connection),
        P(ansible.builtin.psrp#connection) or C(sitekeeper.sms.smb). That connection is used only to delete the file if
        the account has no right to.
      - With any other connection it runs on the task's host. To test access from another host, delegate the task to it.
        C(server) is then still the address of the host in the play.
requirements:
  - impacket >= 0.13 and Python >= 3.10, on the host on which the probe runs
notes:
  - The file is created with delete-on-close. A file can remain in two cases only, if the server refuses delete-on-close
    and the probe is killed with SIGKILL, or if the server crashes. Files of earlier probes, older than an hour, are
    listed in RV(leftovers) and not touched.
  - A wrong password counts once towards the lockout of the account.
seealso:
  - module: sitekeeper.sms.sender_access
  - module: sitekeeper.sms.sender_access_info
"""

EXAMPLES = r"""
- name: Test the Sender account of the parent site
  sitekeeper.sms.sender_probe:
    account: CORP\smssend
    password: "{{ smssend_password }}"

- name: Test the account by Kerberos, with the ticket from kinit
  sitekeeper.sms.sender_probe:
    server: p01.corp.example
    account: CORP\smssend
    auth: kerberos
    domains:
      corp.example: CORP

- name: Verify that another account has no access
  sitekeeper.sms.sender_probe:
    account: CORP\bystander
    password: "{{ bystander_password }}"
  register: stranger
  failed_when: stranger.works

- name: Test the account from the sending site server
  sitekeeper.sms.sender_probe:
    account: CORP\smssend
    password: "{{ smssend_password }}"
  delegate_to: sending
"""

RETURN = r"""
works:
  description: Whether all required steps succeeded. V(null) in check mode if all tried steps succeeded.
  returned: always
  type: bool
  sample: true
server:
  description: The name or address of the server that was used.
  returned: always
  type: str
  sample: p01.corp.example
share:
  description: The share.
  returned: always
  type: str
  sample: SMS_SITE
account:
  description: The account that was used.
  returned: always
  type: str
  sample: "CORP\\smssend"
product:
  description: The product whose requirements were applied.
  returned: always
  type: str
  sample: sms_1_2
dialect:
  description: The SMB dialect. Empty if the logon failed.
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
  description: All steps, in order.
  returned: always
  type: list
  elements: dict
  contains:
    step:
      description: Its name.
      type: str
      sample: create
    required:
      description: Whether the step must succeed.
      type: bool
      sample: true
    ok:
      description: Whether the step succeeded. V(null) if it was not tried.
      type: bool
      sample: false
    status:
      description: Name of the NT status from the server. Empty if there is none.
      type: str
      sample: STATUS_ACCESS_DENIED
    code:
      description: The NT status as a number.
      type: str
      sample: "0xC0000022"
    detail:
      description: What happened, or why the step was not tried. Empty after success.
      type: str
      sample: the permissions of the share or of the directory do not let the account make files
    milliseconds:
      description: Duration. The time of V(connect) is part of V(log_on), unless V(connect) failed.
      type: float
      sample: 2.1
left_behind:
  description: Names of own files that could not be removed. RV(ignore:changed) is V(true) only if this list is not empty.
  returned: always
  type: list
  elements: str
  sample: []
leftovers:
  description: Names of files that remain from earlier probes.
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
            "domains": {"type": "dict"},
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
