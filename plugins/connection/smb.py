# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection `sitekeeper.sms.smb`."""

from __future__ import annotations

DOCUMENTATION = r"""
name: smb
short_description: Connect to a site server over SMB and remote procedure calls
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
description:
  - Connects to site servers without WinRM, such as Windows NT 4.0 with Systems Management Server 1.2, or where WinRM is
    disabled.
  - The modules of this collection work over it with the same arguments and results as over WinRM. It runs no commands,
    so other modules do not work over it. It can read and write whole files.
  - Every message is signed in both directions, and the signatures of the server are verified. See O(signing) for
    servers that do not sign.
  - Uses one TCP connection to port 445, and more (see O(parallel)) to propagate inherited permissions to files and
    folders.
  - A path is accessed through a share that contains it, an administrative share (C(D$) for drive D) first.
requirements:
  - impacket >= 0.13 (Python package on the controller)
notes:
  - Over SMB the client must propagate inherited permissions to existing files and folders, as the tools of Windows do
    from a client. So the controller does. The folder itself is written last. If a run is interrupted, run it again to
    continue.
options:
  host:
    description:
      - Name or address of the site server. Kerberos needs its fully qualified name in the domain, or
        O(kerberos_hostname_override).
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
      - name: ansible_smb_host
  remote_user:
    description:
      - The account, as V(DOMAIN\\name), V(name@dns.domain), or V(name) for an account of the server itself. It must be
        a member of the server's Administrators group.
      - With O(auth=kerberos), use V(name@REALM), or V(DOMAIN\\name) and O(domains). The default realm is
        C(default_realm) of C(krb5.conf). May be omitted with a ticket from C(kinit). Then the account of the ticket is
        used.
      - With O(auth=kerberos), the account may be one of a domain that the domain of the server trusts. The realm of the
        server is then found by C([domain_realm]) of C(krb5.conf), or by the name of the server.
    type: str
    vars:
      - name: ansible_user
      - name: ansible_smb_user
    keyword:
      - name: remote_user
  password:
    description:
      - The password of the account.
      - May be omitted with O(auth=kerberos). Then the ticket from C(kinit) is used. It is in the file that
        E(KRB5CCNAME) or C(default_ccache_name) of C(krb5.conf) names, or in C(/tmp/krb5cc_) followed by the user's
        number.
    type: str
    vars:
      - name: ansible_password
      - name: ansible_smb_password
  port:
    description:
      - TCP port. The variable C(ansible_port) is not used, because it is often the port of WinRM.
    type: int
    default: 445
    vars:
      - name: ansible_smb_port
  dialect:
    description:
      - The SMB version. V(auto) is the highest version of SMB 2 and 3 that the server supports.
      - V(nt1) is SMB 1 only, for Windows NT 4.0 and others older than Windows Server 2008. SMB 1 is never used with
        V(auto).
    type: str
    choices: [auto, nt1]
    default: auto
    vars:
      - name: ansible_smb_dialect
  auth:
    description:
      - The authentication protocol.
      - V(kerberos) uses the KDCs of the realm from C(/etc/krb5.conf) or E(KRB5_CONFIG). If the realm is not in that
        file, it uses the hosts to which the name of the realm resolves, as the name of a domain does. It needs no
        further package, and with a password no C(kinit). Ticket caches other than files (C(KEYRING), C(KCM)) cannot be
        read.
    type: str
    choices: [ntlm, kerberos]
    default: ntlm
    vars:
      - name: ansible_smb_auth
  kerberos_hostname_override:
    description:
      - The fully qualified name of the server in the domain, as in its service principal C(cifs/name). Set it if
        O(host) is another name or an address.
    type: str
    vars:
      - name: ansible_smb_kerberos_hostname_override
  domains:
    default: {}
    vars:
      - name: ansible_smb_domains
  signing:
    description:
      - Whether messages must be signed. V(required) refuses a server that does not sign.
      - V(if_offered) accepts such a server. Then others may change messages on the network without being detected.
        Windows NT 4.0 needs it.
    type: str
    choices: [required, if_offered]
    default: required
    vars:
      - name: ansible_smb_signing
  encryption:
    description: Whether to encrypt (SMB 3), and to refuse a server that does not.
    type: bool
    default: false
    vars:
      - name: ansible_smb_encryption
  # Not timeout, which Ansible would give the task keyword of that name, and that is 10 seconds where nobody sets it.
  answer_timeout:
    description:
      - The longest time for one exchange with the server, in seconds. Connect with negotiation is one exchange, the
        logon is one, and each request or remote procedure call with its final answer is one. Interim messages of the
        server do not extend the time.
      - The limit applies to each exchange. A long operation of many exchanges, such as the propagation of inherited
        permissions, has no limit as a whole.
      - Increase it for a slow line. An exchange transfers 64 KiB of a file, or up to 4 MiB of a list of shares.
    type: int
    default: 30
    vars:
      - name: ansible_smb_timeout
  parallel:
    description: The maximum number of connections that propagate inherited permissions at the same time.
    type: int
    default: 4
    vars:
      - name: ansible_smb_parallel
extends_documentation_fragment:
  - sitekeeper.sms.domains
"""

from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError  # noqa: E402
from ansible.plugins.connection import ConnectionBase  # noqa: E402

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SMB  # noqa: E402
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (  # noqa: E402
    AuthenticationFailed,
    ConnectionUnsupported,
    SiteServerError,
    Unreachable,
    local_path,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.connect import smb_site_server  # noqa: E402
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.smb import SmbSiteServer  # noqa: E402
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wires import adapter_of  # noqa: E402


class Connection(ConnectionBase):  # type: ignore[misc]
    """Holds the options. `site_server.wires` opens what a module of this collection needs."""

    transport = SMB
    allow_executable = False
    has_pipelining = False

    _server: SmbSiteServer | None = None

    def _connect(self) -> Connection:
        if self._server is None:
            host = str(self.get_option("host"))
            try:
                adapter_of(host, self)
                self._server = smb_site_server(host, self)
            except ConnectionUnsupported as error:
                raise AnsibleError(str(error)) from None
        self._connected = True
        return self

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Refuse: there are no commands over this connection."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        raise AnsibleError(
            f"No commands can be run over ansible_connection: {SMB}, so this module does "
            "not work there. Those of the collection sitekeeper.sms do; also set gather_facts: false"
        )

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file to the site server, over one that is there; `out_path` is a local path on it."""
        super().put_file(in_path, out_path)
        try:
            with Path(in_path).open("rb") as source:
                self._ask(lambda server: server.put_file(_local(out_path), source.read))
        except OSError as error:
            raise AnsibleError(f"could not read {in_path}: {error}") from None

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file from the site server; `in_path` is a local path on it."""
        super().fetch_file(in_path, out_path)
        try:
            with Path(out_path).open("wb") as target:
                self._ask(lambda server: target.writelines(server.open_file(_local(in_path))))
        except OSError as error:
            raise AnsibleError(f"could not write {out_path}: {error}") from None

    def close(self) -> None:
        """Log off."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._connected = False

    def _ask(self, question: Any) -> None:
        try:
            question(self._server)
        except AuthenticationFailed as error:
            raise AnsibleAuthenticationFailure(str(error)) from None
        except Unreachable as error:
            raise AnsibleConnectionFailure(str(error)) from None
        except SiteServerError as error:
            raise AnsibleError(str(error)) from None


def _local(path: str) -> str:
    try:
        return local_path(path)
    except ValueError as error:
        raise AnsibleError(str(error)) from None
