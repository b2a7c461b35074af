# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option `sms_directory`: the domain controllers that are asked about accounts of domains."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `sitekeeper.sms.directory`."""

    DOCUMENTATION = r"""
options:
  sms_directory:
    description:
      - The domain controllers that are asked for the groups and the state of accounts of domains, by LDAP. List one or
        more of each domain. If the first one of a domain does not answer, the next one is asked.
      - Without it, no domain is asked. The result then lists what was not looked at.
      - Each account is asked for once in a run of Ansible, for all hosts and processes together. So a membership that
        the same run changes is not seen. After a failed logon, that domain controller is not asked again in this run,
        because each further wrong password could lock the account.
      - Every message is signed and encrypted over TCP port 389 (NTLM or Kerberos), as domain controllers require it.
        LDAP over TLS (port 636) is not needed and not supported.
      - Needs the Python packages C(impacket) and C(pyspnego) on the controller.
    type: list
    elements: dict
    suboptions:
      server:
        description:
          - Name or address of a domain controller. Kerberos needs its full name, or
            O(sms_directory[].kerberos_hostname_override).
        type: str
        required: true
      address:
        description:
          - Name or address to connect to. The default is O(sms_directory[].server).
        type: str
      port:
        description:
          - TCP port of LDAP.
        type: int
        default: 389
      auth:
        description:
          - The authentication protocol. The default is V(kerberos) if the connection of the host uses Kerberos, or else
            V(ntlm).
        type: str
        choices: [ntlm, kerberos]
      user:
        description:
          - The account that asks, as V(DOMAIN\\name) or V(name@REALM). Any account of the domain, or of a domain that
            it trusts, may ask.
          - The default is the account of the host's connection, with its password or its ticket. A certificate, and an
            account of the host itself, cannot be used for it.
        type: str
      password:
        description:
          - The password of O(sms_directory[].user). May be omitted with Kerberos. Then the ticket from C(kinit) is
            used.
        type: str
      kerberos_hostname_override:
        description:
          - The full name of the domain controller, as in its service principal C(ldap/name). Set it if
            O(sms_directory[].server) is another name or an address.
        type: str
      domains:
        description:
          - The NetBIOS names of domains, by DNS name, as in O(sitekeeper.sms.smb#connection:domains).
          - The default is the option of the host's connection, if that is C(sitekeeper.sms.smb).
        type: dict
      timeout:
        description:
          - The longest time for a connection with its logon, and for each query, in seconds. At most V(300).
        type: int
        default: 10
"""
