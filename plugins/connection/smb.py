# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection `sitekeeper.sms.smb`."""

from __future__ import annotations

DOCUMENTATION = r"""
name: smb
short_description: Reach a site server by SMB and remote procedure calls
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
description:
  - For site servers without WinRM, such as Windows NT 4.0, for which Systems Management Server 1.2 was made, and those
    where it is switched off.
  - Carries the modules of this collection, with the same arguments and results as over WinRM. It runs no commands, so
    that other modules do not work over it; it does read and write whole files.
  - "Every message is signed both ways, and the server's signatures are verified (see O(signing) for servers that do not
    sign). Takes one TCP connection to port 445,
    and further ones (see O(parallel)) where the children of a directory have to be brought in line."
  - A path is reached through the share that leads there, an administrative one (C(D$) for drive D) before others.
requirements:
  - impacket >= 0.13 (Python package on the controller)
notes:
  - A server brings the children of a directory in line only with what is changed on the server itself. Over SMB this is
    done from here, as Windows' own tools do it from a client. The folder itself is written last; a run that breaks half
    way is run again, and goes on where it stopped.
options:
  host:
    description:
      - Name or address of the site server. For Kerberos, its full name in the domain, or see
        O(kerberos_hostname_override).
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
      - name: ansible_smb_host
  remote_user:
    description:
      - The account, a member of the server's Administrators group, as V(DOMAIN\\name), V(name@dns.domain), or V(name)
        for one of the server itself.
      - With O(auth=kerberos), V(name@REALM); without a realm, it is C(default_realm) of C(krb5.conf). With a ticket of
        C(kinit) it may be left out, and is then the ticket's own.
    type: str
    vars:
      - name: ansible_user
      - name: ansible_smb_user
    keyword:
      - name: remote_user
  password:
    description:
      - Its password. With O(auth=kerberos) it may be left out; then the ticket is used that C(kinit) left in the file
        that E(KRB5CCNAME) or C(default_ccache_name) of C(krb5.conf) names, or in C(/tmp/krb5cc_) and the user's number.
    type: str
    vars:
      - name: ansible_password
      - name: ansible_smb_password
  port:
    description:
      - TCP port. The variable C(ansible_port) does not count, since it is often WinRM's.
    type: int
    default: 445
    vars:
      - name: ansible_smb_port
  dialect:
    description:
      - V(auto) is SMB 2 and 3, the highest that the server speaks.
      - V(nt1) is SMB 1 and nothing else, for Windows NT 4.0 and others older than Windows Server 2008. It is never come
        to by negotiation.
    type: str
    choices: [auto, nt1]
    default: auto
    vars:
      - name: ansible_smb_dialect
  auth:
    description:
      - How to log on.
      - V(kerberos) asks the realm's KDCs that C(/etc/krb5.conf), or E(KRB5_CONFIG), names; for a realm that it does not
        name, the hosts to which the realm's name leads, as that of a domain does. No further package is needed, nor is
        C(kinit) where there is a password. Caches of tickets other than files (C(KEYRING), C(KCM)) cannot be read.
    type: str
    choices: [ntlm, kerberos]
    default: ntlm
    vars:
      - name: ansible_smb_auth
  kerberos_hostname_override:
    description:
      - The server's full name in the domain, as its service principal C(cifs/name) has it, if O(host) is something else
        such as an address.
    type: str
    vars:
      - name: ansible_smb_kerberos_hostname_override
  signing:
    description:
      - V(required) refuses a server that does not sign.
      - V(if_offered) accepts one, and with it messages that others may have changed on their way. Windows NT 4.0 needs
        it.
    type: str
    choices: [required, if_offered]
    default: required
    vars:
      - name: ansible_smb_signing
  encryption:
    description: Whether to encrypt, and refuse a server that cannot (SMB 3).
    type: bool
    default: false
    vars:
      - name: ansible_smb_encryption
  # Not timeout, which Ansible would give the task keyword of that name, and that is 10 seconds where nobody sets it.
  answer_timeout:
    description:
      - Longest time for one exchange with the server, in seconds. To connect and negotiate is one, to log on is one,
        and so is each request or remote procedure call until its final answer. A server gets no more time by sending
        anything else meanwhile.
      - A long operation, such as to bring the children of a directory in line, has no limit as a whole. Each of its
        exchanges has.
      - Raise it for a slow line. An exchange transfers 64 KiB of a file, or up to 4 MiB of a list of shares.
    type: int
    default: 30
    vars:
      - name: ansible_smb_timeout
  parallel:
    description: Most connections at once that bring the children of a directory in line.
    type: int
    default: 4
    vars:
      - name: ansible_smb_parallel
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
