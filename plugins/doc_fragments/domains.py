# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option `domains`: NetBIOS names of domains."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments `sitekeeper.sms.domains` and, for a task of a host, `sitekeeper.sms.domains.host`."""

    DOCUMENTATION = r"""
options:
  domains:
    description:
      - The NetBIOS names of domains, by DNS name, for example V(CORP) for the key C(corp.example). With Kerberos, the
        realm of an account V(DOMAIN\\name) is the DNS name of its domain.
      - For a domain that is not listed, the realm is the one that has the NetBIOS name as its first label. It is looked
        for in the ticket from C(kinit), then in the domains of the name of the server, then in C(krb5.conf).
    type: dict
"""

    HOST = r"""
options:
  domains:
    description:
      - The NetBIOS names of domains, by DNS name, for example V(CORP) for the key C(corp.example). With Kerberos, the
        realm of an account V(DOMAIN\\name) is the DNS name of its domain.
      - For a domain that is not listed, the realm is the one that has the NetBIOS name as its first label. It is looked
        for in the ticket from C(kinit), then in the domains of the name of the server, then in C(krb5.conf).
      - The default is the variable C(ansible_smb_domains) of the host.
    type: dict
"""
