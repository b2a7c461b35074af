# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory plugin ``sitekeeper.sms.hierarchy``: the description of a hierarchy is the inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: hierarchy
author: sitekeeper.sms contributors (!UNKNOWN)
version_added: 0.1.0
short_description: Use the site servers of an SMS or Configuration Manager hierarchy as inventory
description:
  - Creates the inventory from one file that describes the sites of a hierarchy, or that names a live site. The site
    servers become the hosts.
  - The variable C(sms_grants) of each host has the accounts that need access there, with the reasons. The group
    C(sms_sites) has the description as the variable C(sms_sites). So the role P(sitekeeper.sms.sms_sender_perms#role)
    and the playbooks of this collection can use this inventory directly.
  - The file name must end with C(.sms_hierarchy.yml) or C(.sms_hierarchy.yaml).
  - All errors in the file are reported together, each with its line.
  - Only plain YAML is read. Anchors, aliases, merge keys, tags (except C(!vault) in O(sms_provider.variables)) and
    duplicate keys are errors.
options:
  plugin:
    description: Identifies the file as one for this plugin.
    type: str
    required: true
    choices: [sitekeeper.sms.hierarchy]
  sms_sites:
    description:
      - The sites, as in the variable O(sitekeeper.sms.sms_sender_perms#role:main:sms_sites) of the role
        P(sitekeeper.sms.sms_sender_perms#role). C(code) and C(server) are required.
      - C(server) is the name of a computer. Patterns, addresses, C(localhost) and names of groups, such as C(all), are
        errors, also if they come from the SMS Provider. Put an address into the host variable C(ansible_host).
      - C(type) is V(central), V(primary) or V(secondary). Without it, a site without a parent is the central site, and
        a site with sites below it is a primary site. A site with a parent and no sites below it may be either, so it is
        in neither group.
      - C(server_account) is the computer account of the site server, such as C(CORP\P01$). Without it, it follows from
        C(domain) and the first label of C(server), if C(domain) is set.
      - C(domain) and C(forest) are those of the server. C(trusted_domains) lists the domains that the server's domain
        trusts. P(sitekeeper.sms.hierarchy_findings#filter) uses them to find accounts that cannot log on.
      - A site without C(addresses) sends to its parent and to the sites below it, and an SMS 1.2 site also to itself,
        with the default account of the product. For SMS 1.2 and 2.0 this is C(service_account). For SMS 2003 it is
        C(service_account), or the computer account if C(service_account) is not set. For Configuration Manager it is
        the computer account. If the account is not known, the site sends to no site.
      - An address of type V(MS_COURIER) has no account and needs no access.
      - Required unless O(sms_provider) is set. With O(sms_provider), a site needs only its C(code) and the values that
        the SMS Provider does not return. Values here override those of the SMS Provider, and null removes them. A site
        that the SMS Provider does not return is added.
    type: raw
  sms_provider:
    description:
      - Reads the sites from the SMS Provider of a live site of SMS 2.0 or later, over WinRM.
      - It returns the sites with their servers, names, products, parents and types, and their addresses with the
        accounts. It does not return C(service_account), C(forest) and C(trusted_domains). A warning lists everything
        else that is left out.
      - Each query may take 600 seconds and 2,000 answers. More is an error.
      - The account must be able to log on over WinRM. It must be an administrative user of Configuration Manager with
        the right to read sites, for example with the role Read-only Analyst.
      - Strings may be templates. They can use lookups and extra variables (C(-e)) only, because there are no hosts yet.
    type: dict
    version_added: 0.1.0
    suboptions:
      host:
        description: The computer that runs the SMS Provider. It is the site server unless the SMS Provider was moved.
        type: str
        required: true
      connection:
        description: The connection plugin to use.
        type: str
        choices: [winrm, psrp]
        default: winrm
      site_code:
        description: The site to read. The default is the local site of the SMS Provider.
        type: str
      domains:
        description:
          - The NetBIOS names of the domains of the site servers, by DNS name. Computer accounts contain them.
          - For a domain that is not listed, the name comes from Windows. Windows returns only names that are the first
            label of the DNS name.
        type: dict
      variables:
        description:
          - The connection variables, as for a host, such as C(ansible_user), C(ansible_password), C(ansible_port) and
            C(ansible_winrm_transport). The default of C(ansible_host) is O(sms_provider.host).
          - Values may be encrypted with Ansible Vault (C(!vault)). They do not become variables of the inventory and
            are not in the cache.
        type: dict
  sms_products:
    description:
      - Your own products, a dictionary by name. Sites can use these names as their C(product).
      - C(based_on) is the product that yours is derived from, V(sms_1_2), V(sms_2_0), V(sms_2003), V(configmgr_2007),
        V(configmgr), or another of your own that is listed before it. The other keys are the differences.
      - C(title), C(share), C(directory) (relative to the installation root), C(group) (with C({code}) for the site
        code), C(services) and C(logs) are names. C(share_access) has C(holder), V(account) or V(group), and
        C(access), V(full_control), V(change) or V(read). C(directory_access) has C(holder) and C(rights), as in
        P(sitekeeper.sms.ntfs_permissions#module). C(default_senders) lists V(service_account) and
        V(computer_account). The first one that is known is used.
      - Without C(based_on), share, directory, both accesses and C(source) are required.
    type: raw
extends_documentation_fragment:
  - constructed
  - inventory_cache
notes:
  - The groups are C(sms_sites) with every site server, C(sms_central), C(sms_primary) and C(sms_secondary),
    C(sms_product_configmgr) and so on, C(sms_site_P01) with the server of site P01, and C(sms_below_P01) with the
    servers of all sites below it. These groups are nested, so C(ansible-inventory --graph sms_sites) shows the
    hierarchy.
  - The variables of a host are C(sms_site_code), C(sms_site_name), C(sms_site_type), C(sms_site_parent),
    C(sms_site_product), C(sms_site_service_account), C(sms_site_server_account), C(sms_site_domain) and C(sms_grants).
    A value that is not known is null.
  - Put C(sitekeeper.sms.hierarchy) into C(enable_plugins) of C(ansible.cfg), section C(inventory). Without it,
    Ansible's own plugin C(auto) reads the file first and reports a file that is not YAML.
  - Put connection variables into C(group_vars) and C(host_vars) beside the file, as usual, or into O(compose).
  - The cache has the answers of an SMS Provider, by host, site code, domains, and connection variables without
    passwords. While the cache is valid, the SMS Provider is not contacted. The content of the file itself is never read
    from the cache.
seealso:
  - plugin: sitekeeper.sms.required_grants
    plugin_type: filter
  - plugin: sitekeeper.sms.hierarchy_findings
    plugin_type: filter
"""

EXAMPLES = r"""
# corp.sms_hierarchy.yml
plugin: sitekeeper.sms.hierarchy
sms_sites:
  - code: C01
    server: c01.corp.example
    service_account: CORP\smssvc
    addresses:
      - {to: C01, sender_account: CORP\smssvc}
      - {to: P01, sender_account: CORP\smssend}
  - code: P01
    server: p01.corp.example
    parent: C01
    service_account: CORP\smssvc
    # No addresses: it sends to C01, to S01 and to itself as CORP\smssvc.
  - code: S01
    server: s01.corp.example
    parent: P01
    type: secondary
    product: sms_2003
    domain: CORP
    # No addresses and no service account: it sends to P01 as CORP\S01$.
keyed_groups:
  - key: sms_site_domain
    prefix: domain
compose:
  ansible_connection: "'winrm'"
---
# live.sms_hierarchy.yml: a live site returns the rest.
plugin: sitekeeper.sms.hierarchy
sms_provider:
  host: c01.corp.example
  variables:
    ansible_user: CORP\reader
    ansible_password: "{{ lookup('ansible.builtin.env', 'SMS_PASSWORD') }}"
    ansible_winrm_transport: ntlm
  domains:
    corp.example: CORP
sms_sites:
  # The SMS Provider does not return the service account.
  - {code: C01, service_account: CORP\smssvc}
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: .cache
cache_timeout: 3600
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible import constants as C  # noqa: N812 - as Ansible's own plugins call it
from ansible.errors import AnsibleError, AnsibleParserError, AnsibleUndefinedVariable
from ansible.parsing.vault import AnsibleVaultError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.inventory import BaseFileInventoryPlugin, Cacheable, Constructable
from ansible.plugins.loader import connection_loader
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.files import open_to_read, refuse_other_than_file
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import (
    Grant,
    Hierarchy,
    HierarchyError,
    Problem,
    Site,
    read_hierarchy,
    required_grants,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.fields import (
    Fields,
    did_you_mean,
    is_list,
    kind_of,
    quoted,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.model import SITE_TYPES
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.marked_yaml import (
    MAX_BYTES,
    Document,
    MarkedYamlError,
    Vaulted,
    read_document,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    ConnectionUnsupported,
    SiteServerError,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wires import wmi_connection, wmi_connections

try:
    from ansible.template import trust_as_template
except ImportError:
    TEXTS_ARE_TEMPLATES = True

    def trust_as_template(value: str) -> str:
        """Before ansible-core 2.19, every text of an inventory is a template."""
        return value

else:
    TEXTS_ARE_TEMPLATES = False


SUFFIXES = (".sms_hierarchy.yml", ".sms_hierarchy.yaml")
ALL = "sms_sites"
DESCRIPTION = ("sms_sites", "sms_products")
PROVIDER = "sms_provider"
PROVIDER_KEYS = ("host", "connection", "site_code", "domains", "variables")
CONNECTIONS = wmi_connections()
TEMPLATES = ("compose", "groups", "keyed_groups")


@dataclass(frozen=True)
class Provider:
    """An SMS Provider to read. ``variables`` are as in the file, with templates and secrets."""

    host: str
    connection: str
    site_code: str | None
    domains: Mapping[str, str]
    variables: Mapping[str, Any] = field(repr=False)

    @property
    def called(self) -> str:
        """Its name in messages."""
        return f"the SMS Provider of {self.host}"

    def cache_key(self) -> str:
        """A key for what is read, from where and by which account. It contains no password, not even as a hash."""
        variables = {key: repr(value) for key, value in self.variables.items() if not _is_secret(key)}
        asked = (self.host, self.site_code, dict(self.domains), variables)
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


class InventoryModule(BaseFileInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]
    """Reads the file and the SMS Provider that it names, and adds their sites to the inventory."""

    NAME = "sitekeeper.sms.hierarchy"

    def verify_file(self, path: str) -> bool:
        """Return whether the file is for this plugin, by its name."""
        return path.endswith(SUFFIXES) and bool(super().verify_file(path))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill the inventory from the file.

        Raises:
            AnsibleParserError: the message has every mistake of the file with its line, or why the SMS Provider cannot
                be read.
        """
        super().parse(inventory, loader, path)
        try:
            document = read_document(self._contents(path), vaulted=(PROVIDER, "variables"))
        except MarkedYamlError as error:
            raise AnsibleParserError(_report(path, [(error.line, error.problem)])) from None
        self._take_options(path, document)
        provider = self._provider(path, document)
        description = _in_file(document)
        if provider is not None:
            provided = self._provided(path, document, provider, use_cache=cache)
            description["sms_sites"] = _merged(description["sms_sites"], provided)
        try:
            hierarchy = read_hierarchy(*(description[name] for name in DESCRIPTION))
        except HierarchyError as error:
            places = [(_place(document, problem, provider), problem.text) for problem in error.problems]
            raise AnsibleParserError(_report(path, places)) from None
        if problems := list(_called_as_groups(hierarchy, self.inventory.groups)):
            places = [(_place(document, problem, provider), problem.text) for problem in problems]
            raise AnsibleParserError(_report(path, places))
        self._add_sites(hierarchy, description, as_data=provider is not None)
        self._construct(hierarchy)

    def _contents(self, path: str) -> bytes:
        try:
            refuse_other_than_file(path)
            # A file that is encrypted by Ansible Vault is decrypted here.
            with open_to_read(self.loader.get_real_file(path)) as stream:
                return stream.read(MAX_BYTES + 1)
        except (OSError, AnsibleError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or error
            raise AnsibleParserError(f"{path}: it can't be read: {reason}") from None

    def _take_options(self, path: str, document: Document) -> None:
        """Check the outermost keys, and set the plugin's options except the description itself."""
        values = document.value
        if not isinstance(values, Mapping):
            text = "the file is empty; describe the sites in sms_sites"
            if values is not None:
                text = f"the file must be a dictionary with plugin and sms_sites, but it is {kind_of(values)}"
            raise AnsibleParserError(_report(path, [(document.marks.line if values is not None else 0, text)]))
        problems = []
        known = list(self.option_definitions)
        for name in values:
            if name not in known:
                hint = did_you_mean(name, known) or "; the keys of this plugin are in its documentation"
                problems.append((document.marks.line_of((name,)), f"unknown key {quoted(name)}{hint}"))
        if values.get("plugin") != self.NAME:
            reason = f"plugin is {quoted(values['plugin'])}" if values.get("plugin") else "plugin is missing"
            problems.append((document.marks.line_of(("plugin",)), f"{reason}; write plugin: {self.NAME}"))
        if values.get("sms_sites") is None and values.get(PROVIDER) is None:
            text = "sms_sites is missing; describe the sites there, or name a live site's SMS Provider in sms_provider"
            problems.append((document.marks.line_of(("sms_sites",)), text))
        if problems:
            raise AnsibleParserError(_report(path, problems))
        options = {name: value for name, value in values.items() if name not in (*DESCRIPTION, PROVIDER)}
        for name in TEMPLATES:
            if name in options:
                options[name] = _trusted(options[name])
        try:
            self.set_options(direct=options, var_options=self._vars)
            if self.get_option("cache"):
                self.load_cache_plugin()
        except AnsibleError as error:
            raise AnsibleParserError(f"{path}: {error}") from None

    def _provider(self, path: str, document: Document) -> Provider | None:
        """The SMS Provider that the file names; None if it names none."""
        values: Any = document.value
        if (given := values.get(PROVIDER)) is None:
            return None
        if not isinstance(given, Mapping):
            text = f"{PROVIDER} must be a dictionary with host and variables, but it is {kind_of(given)}"
            raise AnsibleParserError(_report(path, [(document.marks.line_of((PROVIDER,)), text)]))
        problems: list[Problem] = []
        # Not the variables: secrets are looked up when they are needed.
        values = {
            name: value if name == "variables" else self._evaluated(value, (PROVIDER, name), problems)
            for name, value in given.items()
        }
        if not problems:
            fields = Fields(values, PROVIDER, (PROVIDER,), problems)
            fields.refuse_unknown(PROVIDER_KEYS)
            names = fields.mapping("domains")
            provider = Provider(
                host=str(fields.text("host", "name the computer that the SMS Provider runs on")),
                connection=fields.choice("connection", CONNECTIONS, "connection", "the connections are")
                or CONNECTIONS[0],
                site_code=fields.code("site_code") or None,
                domains={str(dns): str(names.domain(dns)) for dns in values["domains"]} if names else {},
                variables=values["variables"] if fields.mapping("variables") else {},
            )
        if problems:
            raise AnsibleParserError(_report(path, _with_lines(document, problems)))
        return provider

    def _evaluated(self, value: Any, where: tuple[str, ...], problems: list[Problem]) -> Any:
        """The value of a text that may be secret and a template; None, and a problem, if it cannot be evaluated."""
        self.templar.available_variables = self._vars
        try:
            if isinstance(value, Vaulted):
                value = self.loader._vault.decrypt(value.ciphertext).decode()
            return self.templar.template(_trusted(value))
        except AnsibleVaultError as error:
            reason = f"can't be decrypted: {error}"
        except Exception as error:  # an expression and its plugins may raise anything
            reason = "can't be evaluated"
            # A password with odd characters may look like a template, and Ansible may repeat it in its message.
            if not _is_secret(where[-1]) or str(value).strip()[:2] + str(value).strip()[-2:] == "{{}}":
                reason += f": {str(error).replace(str(value), 'it')}"
            if isinstance(error, AnsibleUndefinedVariable):
                reason += " (it can use lookups and extra variables only)"
        problems.append(Problem(f"{', '.join(where[:-1])}: {where[-1]} {' '.join(reason.split()).rstrip('.')}.", where))
        return None

    def _provided(
        self, path: str, document: Document, provider: Provider, *, use_cache: bool
    ) -> list[dict[str, object]]:
        """The sites of the SMS Provider, from the cache if it has them."""
        caching = self.get_option("cache")
        key = f"{self.get_cache_key(path)}_{provider.cache_key()}"
        answer = self._cache.get(key) if caching and use_cache else None
        if not (isinstance(answer, Mapping) and answer.keys() >= {"sites", "warnings"}):
            answer = self._ask(path, document, provider)
            if caching:
                self._cache[key] = answer
        for warning in answer["warnings"]:
            self.display.warning(f"{path}: {provider.called}: {warning}")
        sites: list[dict[str, object]] = answer["sites"]
        return sites

    def _ask(self, path: str, document: Document, provider: Provider) -> dict[str, list[Any]]:
        # The messages of WMI take long to import, and a file that describes its sites itself needs none of them.
        from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.sms_provider import (  # noqa: PLC0415
            read_hierarchy_from_provider,
        )

        connection = connection_loader.get(provider.connection, PlayContext())
        known = C.config.get_plugin_vars("connection", provider.connection)
        variables = {"ansible_host": provider.host, **self._variables(path, document, provider, known)}
        extras = {name: value for name, value in variables.items() if name not in known}
        try:
            connection.set_options(var_options={**variables, "_extras": extras})
            with wmi_connection(provider.host, connection) as (wmi, _user):
                found = read_hierarchy_from_provider(wmi, site_code=provider.site_code, domains=provider.domains)
        except (SiteServerError, ConnectionUnsupported, AnsibleError) as error:
            raise AnsibleParserError(f"{path}: the sites can't be read from {provider.called}. {error}") from None
        return {"sites": list(found.sites), "warnings": list(found.warnings)}

    def _variables(self, path: str, document: Document, provider: Provider, known: Iterable[str]) -> dict[str, Any]:
        """The connection's variables, with templates evaluated and secrets decrypted."""
        problems: list[Problem] = []
        variables = {}
        for name, given in provider.variables.items():
            where = (PROVIDER, "variables", name)
            place = ", ".join(where[:-1])
            if name == "ansible_connection":
                text = f"{place}: ansible_connection does not belong here; write it as connection, beside variables."
                problems.append(Problem(text, where))
                continue
            if name not in known and not name.startswith(f"ansible_{provider.connection}_"):
                text = f"{place}: the connection {provider.connection} has no variable {quoted(name)}."
                problems.append(Problem(text, where))
                continue
            value = self._evaluated(given, where, problems)
            if isinstance(value, Mapping) or (_is_secret(name) and not isinstance(value, str | None)):
                # How a number or a truth value was written is lost.
                hint = "" if isinstance(value, Mapping) or is_list(value) else "; put it in quotes"
                text = f"{place}: {name} must be text, but it is {kind_of(value)}{hint}."
                problems.append(Problem(text, where))
            elif value is not None:
                variables[name] = value
        if problems:
            raise AnsibleParserError(_report(path, _with_lines(document, problems)))
        return variables

    def _add_sites(self, hierarchy: Hierarchy, description: Mapping[str, Any], *, as_data: bool) -> None:
        def set_variable(entity: str, name: str, value: Any) -> None:
            # Before ansible-core 2.19, a text is a template unless it is wrapped. From then on it is none by itself.
            self.inventory.set_variable(entity, name, wrap_var(value) if as_data and TEXTS_ARE_TEMPLATES else value)

        self.inventory.add_group(ALL)
        # On the group: thousands of hosts share it.
        for name in DESCRIPTION:
            if description.get(name) is not None:
                set_variable(ALL, name, description[name])
        for group in SITE_TYPES:
            self.inventory.add_group(f"sms_{group}")
        grants = required_grants(hierarchy)
        for site in _from_the_top(hierarchy):
            host = self.inventory.add_host(site.server)
            above = f"sms_below_{site.parent}" if site.parent else ALL
            self.inventory.add_child(above, host)
            for group in _groups_of(hierarchy, site):
                self.inventory.add_group(group)
                self.inventory.add_child(group, host)
            if hierarchy.children(site.code):
                below = self.inventory.add_group(f"sms_below_{site.code}")
                self.inventory.add_child(above, below)
            for name, value in _host_variables(hierarchy, site, grants[site.code]).items():
                set_variable(host, name, value)

    def _construct(self, hierarchy: Hierarchy) -> None:
        compose, groups, keyed_groups = (self.get_option(name) for name in TEMPLATES)
        if not (compose or groups or keyed_groups):
            return
        strict = self.get_option("strict")
        for site in hierarchy.sites:
            host = self.inventory.get_host(site.server)
            self._set_composite_vars(compose, host.get_vars(), site.server, strict=strict)
            self._add_host_to_composed_groups(groups, {}, site.server, strict=strict)
            self._add_host_to_keyed_groups(keyed_groups, {}, site.server, strict=strict)


def _in_file(document: Document) -> dict[str, Any]:
    values: Any = document.value
    return {name: values.get(name) for name in DESCRIPTION}


def _groups_of(hierarchy: Hierarchy, site: Site) -> list[str]:
    """The groups that a site server is in, besides those of the sites above it."""
    groups = [f"sms_site_{site.code}", f"sms_product_{site.product.name}"]
    if site_type := hierarchy.type_of(site):
        groups.append(f"sms_{site_type}")
    return groups


def _host_variables(hierarchy: Hierarchy, site: Site, grants: Iterable[Grant]) -> dict[str, Any]:
    """The variables of a site server, with the access that its site requires."""
    return {
        "sms_site_code": site.code,
        "sms_site_name": site.name,
        "sms_site_type": hierarchy.type_of(site),
        "sms_site_parent": site.parent,
        "sms_site_product": site.product.name,
        "sms_site_service_account": site.service_account,
        "sms_site_server_account": site.computer_account,
        "sms_site_domain": site.domain,
        "sms_grants": [
            {
                "account": grant.account,
                "member_of": site.product.group_on(site.code) if site.product.held_by_group else None,
                "reasons": list(grant.reasons),
            }
            for grant in grants
        ],
    }


def _called_as_groups(hierarchy: Hierarchy, known: Iterable[str]) -> Iterator[Problem]:
    """Yield the site servers with the name of a group: a play for that name would run on other hosts too."""
    groups = {ALL, *known, *(f"sms_{site_type}" for site_type in SITE_TYPES)}
    for site in hierarchy.sites:
        groups.update((*_groups_of(hierarchy, site), f"sms_below_{site.code}"))
    for number, site in enumerate(hierarchy.sites):
        if site.server in groups:
            text = f"site {site.code}: server {quoted(site.server)} is the name of a group, too; rename one of them."
            yield Problem(text, ("sms_sites", number, "server"))


def _from_the_top(hierarchy: Hierarchy) -> Iterator[Site]:
    """Yield every site after its parent, so that its groups exist."""
    waiting = [site for site in reversed(hierarchy.sites) if site.parent is None]
    while waiting:
        site = waiting.pop()
        yield site
        waiting.extend(reversed(hierarchy.children(site.code)))


def _trusted(value: Any) -> Any:
    """The same with every text in it a template: the author of this file decides what runs."""
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, list):
        return [_trusted(item) for item in value]
    if isinstance(value, dict):
        return {key: _trusted(item) for key, item in value.items()}
    return value


def _merged(described: Any, provided: list[dict[str, object]]) -> Any:
    """The sites of the file, each with what the SMS Provider adds to it, then the other sites of the SMS Provider.

    :func:`read_hierarchy` refuses what is no list or no site, so it stays. So the positions in the file stay too.
    """
    if described is None:
        return provided
    if not is_list(described):
        return described
    others = {str(site["code"]): site for site in provided}
    sites: list[object] = []
    for site in described:
        if isinstance(site, Mapping):
            more = others.pop(str(site.get("code")).upper(), {})
            # It depends on the domain, and the domain in the file counts.
            without = {"server_account"} if "domain" in site else set()
            sites.append({**{key: value for key, value in more.items() if key not in without}, **site})
        else:
            sites.append(site)
    return [*sites, *others.values()]


def _is_secret(variable: str) -> bool:
    """Whether the variable of a connection is a password: ansible_password, ansible_winrm_pass and others."""
    return "pass" in variable.lower()


def _place(document: Document, problem: Problem, provider: Provider | None) -> int | str:
    """The line of a problem, or the SMS Provider if it is not in the file."""
    marks = document.marks
    for step in problem.path[:3]:
        if step not in marks.parts:
            return provider.called if provider is not None else marks.line
        marks = marks.parts[step]
    return document.marks.line_of(problem.path)


def _with_lines(document: Document, problems: Iterable[Problem]) -> list[tuple[int | str, str]]:
    return [(document.marks.line_of(problem.path), problem.text) for problem in problems]


def _report(path: str, problems: Iterable[tuple[int | str, str]]) -> str:
    """``problems`` are texts, each with its line (0 if there is none) or its source."""
    lines = []
    for place, text in problems:
        source = f"line {place}" if isinstance(place, int) else place
        lines.append(f"{source}: {text}" if place else text)
    return "\n- ".join([f"{path} describes no usable hierarchy. Correct it:", *lines])
