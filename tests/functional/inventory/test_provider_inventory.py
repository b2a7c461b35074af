# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin with a live SMS Provider, the lab's, as its source."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from ansible.errors import AnsibleParserError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.utils.display import Display

from tests.functional.site_server.reaching import operations
from tests.lab.testing import running_lab
from tests.unit.inventory.inventories import NAME, hosts_of, run
from tests.waiting import PATIENT

HOST = "c01.corp.example"
PASSWORD = "S3cret-of-the-reader"
READER, STRANGER = "CORP\\reader", "CORP\\stranger"
TEMPLATE = "Lager {{ 7 * 6 }}"


def site(code, parent=None, addresses=(), **more):
    described = {"code": code, "server": f"{code.lower()}.corp.example", "product": "configmgr"}
    return described | ({"parent": parent} if parent else {}) | {"addresses": [{"to": to} for to in addresses]} | more


SITES = [
    site("C01", addresses=["P01"], name=TEMPLATE),
    site("P01", "C01", addresses=["C01", "S01"]),
    site("S01", "P01", addresses=["P01"]),
]


def scenario(sites, provider=None):
    provider = {"site": "C01", "sites": sites, "administrators": [READER], **(provider or {})}
    logons = [{"user": READER, "password": PASSWORD}, {"user": STRANGER, "password": PASSWORD}]
    return {"logons": logons, "hosts": [{"name": "C01", "sms_provider": provider}, {"name": "P01"}]}


@pytest.fixture(scope="module")
def lab():
    with running_lab(scenario(SITES)) as lab:
        yield lab


@pytest.fixture
def host(lab):
    lab["C01"].controls.reset_counters()
    return lab["C01"]


def patient(connection):
    """The variables of a patient client that this connection has."""
    return {name: value for name, value in PATIENT.items() if name.startswith(f"ansible_{connection}_")}


def source(host, connection="winrm", password=PASSWORD, user=READER, **more):
    """What names the SMS Provider of a host of the lab."""
    own = {
        "winrm": {"ansible_winrm_scheme": "http", "ansible_winrm_transport": "ntlm", **patient("winrm")},
        "psrp": {"ansible_psrp_protocol": "http", "ansible_psrp_auth": "ntlm", **patient("psrp")},
    }
    variables = {"ansible_host": host.address, "ansible_port": host.endpoint.port, "ansible_user": user}
    return {
        "host": HOST,
        "connection": connection,
        "variables": {**variables, "ansible_password": password, **own[connection], **more.pop("variables", {})},
        **more,
    }


@pytest.fixture
def warnings(monkeypatch):
    """What the plugin warns of."""
    said = []
    monkeypatch.setattr(Display, "warning", lambda _self, text, **_more: said.append(text))
    return said


def everything(inventory):
    things = {**inventory.hosts, **inventory.groups}
    return {name: thing.vars for name, thing in things.items()}


# -- what becomes of it


@pytest.mark.parametrize("connection", ["winrm", "psrp"])
def test_a_live_site_is_an_inventory(parse, host, connection, warnings):
    inventory = parse({"sms_provider": source(host, connection)})
    assert {name: hosts_of(inventory, name) for name in inventory.groups if name.startswith("sms_")} == {
        "sms_sites": ["c01", "p01", "s01"],
        "sms_central": ["c01"],
        "sms_primary": ["p01"],
        "sms_secondary": ["s01"],
        "sms_below_C01": ["p01", "s01"],
        "sms_below_P01": ["s01"],
        "sms_site_C01": ["c01"],
        "sms_site_P01": ["p01"],
        "sms_site_S01": ["s01"],
        "sms_product_configmgr": ["c01", "p01", "s01"],
    }
    grants = inventory.get_host("p01.corp.example").vars["sms_grants"]
    assert sorted(grant["account"] for grant in grants) == ["CORP\\C01$", "CORP\\S01$"]
    assert [described["code"] for described in inventory.groups["sms_sites"].vars["sms_sites"]] == ["C01", "P01", "S01"]
    assert warnings == []
    # What leads to the SMS Provider stays in the file.
    assert PASSWORD not in repr(everything(inventory))
    assert "sms_provider" not in repr(everything(inventory))
    assert host.address not in repr(everything(inventory))


def test_constructed_features(parse, host):
    inventory = parse(
        {
            "sms_provider": source(host),
            "strict": True,
            "compose": {"ansible_host": "sms_site_code | lower"},
            "groups": {"owing": "sms_grants | length > 1"},
            "keyed_groups": [{"key": "sms_site_domain", "prefix": "domain"}],
        }
    )
    assert inventory.get_host("s01.corp.example").vars["ansible_host"] == "s01"
    assert hosts_of(inventory, "owing") == ["p01"]
    assert hosts_of(inventory, "domain_CORP") == ["c01", "p01", "s01"]


def test_what_is_left_out_is_warned_of(parse, host, warnings, tmp_path):
    domains = {"branch.example": "BRANCH"}
    host.controls.misbehave({"kind": "fault", "operation": "Win32_NTDomain.Query", "value": 5})
    try:
        parse({"sms_provider": source(host, domains=domains)})
    finally:
        host.controls.behave()
    assert warnings[0] == (
        f"{tmp_path / 'corp.sms_hierarchy.yml'}: the SMS Provider of {HOST}: "
        "Windows does not let this account read the NetBIOS names of domains: corp.example."
    )


def test_the_site_code_and_the_domains_are_not_asked_for_where_they_are_given(parse, host):
    given = source(host, site_code="c01", domains={"corp.example": "HQ"})
    inventory = parse({"sms_provider": given})
    assert operations(host) == ["SMS_Site.Query", "SMS_SCI_Address.Query"]
    assert inventory.get_host(HOST).vars["sms_site_server_account"] == "HQ\\C01$"


def test_the_host_is_its_own_address_unless_another_is_given(parse, host):
    given = source(host)
    given["host"] = given["variables"].pop("ansible_host")
    assert len(parse({"sms_provider": given}).hosts) == 3


# -- templates and secrets


def test_texts_may_be_templates(parse, host, monkeypatch):
    monkeypatch.setenv("SMS_PASSWORD", PASSWORD)
    given = source(
        host,
        password="{{ lookup('env', 'SMS_PASSWORD') }}",
        site_code="{{ 'C' ~ '01' }}",
        domains={"corp.example": "{{ 'h' | upper }}Q"},
        variables={"ansible_winrm_transport": ["{{ 'nt' ~ 'lm' }}"]},
    )
    given["host"] = "c01.{{ 'corp' }}.example"
    inventory = parse({"sms_provider": given})
    assert inventory.get_host(HOST).vars["sms_site_domain"] == "HQ"


def vaulted(host, ciphertext):
    """A file with the password encrypted, as ansible-vault encrypt_string writes it."""
    given = yaml.safe_dump({"plugin": NAME, "sms_provider": source(host, password="PLACEHOLDER")})
    encrypted = ciphertext.decode().replace("\n", "\n        ")
    return given.replace("PLACEHOLDER", f"!vault |\n        {encrypted}")


def test_a_password_may_be_encrypted(parse, host):
    secrets = [("default", VaultSecret(b"Pass-1"))]
    loader = DataLoader()
    loader.set_vault_secrets(secrets)
    contents = vaulted(host, VaultLib(secrets).encrypt(PASSWORD))
    assert PASSWORD not in contents
    assert len(parse(contents, loader=loader).hosts) == 3


def test_a_password_that_can_not_be_decrypted(parse, host):
    contents = vaulted(host, VaultLib([("default", VaultSecret(b"Pass-1"))]).encrypt(PASSWORD))
    line = contents.splitlines().index("    ansible_password: !vault |") + 1
    with pytest.raises(AnsibleParserError) as caught:
        parse(contents)
    told = f"\n- line {line}: sms_provider, variables: ansible_password can't be decrypted: "
    assert told in str(caught.value)
    assert operations(host) == []


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("{{ nobody_said }}", r"can't be evaluated: .*nobody_said.* \(it can use lookups and extra variables only\)"),
        ("{{ lookup('file', '/no/such/file') }}", r"can't be evaluated: .*/no/such/file.*"),
        ("{{ '" + PASSWORD + "' | no_such_filter }}", r"can't be evaluated: .*no_such_filter.*"),
        ("{{ 1 / 0 }}", r"can't be evaluated: .*division by zero.*"),
        # These are meant literally, and what is wrong with them would tell.
        (PASSWORD + "{{", "can't be evaluated"),
        ("x{% " + PASSWORD + " %}", "can't be evaluated"),
        ("x{{ S3cret }}", r"can't be evaluated \(it can use lookups and extra variables only\)"),
    ],
)
def test_a_password_that_can_not_be_evaluated(parse, host, password, told):
    with pytest.raises(AnsibleParserError) as caught:
        parse({"sms_provider": source(host, password=password)})
    assert re.search(rf"\n- line \d+: sms_provider, variables: ansible_password {told}\.$", str(caught.value))
    assert "S3cret" not in str(caught.value)
    assert operations(host) == []


@pytest.mark.parametrize("key", ["host", "site_code", "connection"])
def test_a_text_that_can_not_be_evaluated(parse, host, key):
    with pytest.raises(AnsibleParserError, match=rf"line \d+: sms_provider: {key} can't be evaluated: .*nobody_said"):
        parse({"sms_provider": source(host) | {key: "{{ nobody_said }}"}})


# -- what the file says besides


def test_the_file_adds_what_the_sms_provider_does_not_know(parse, host):
    described = [
        {"code": "p01", "service_account": "CORP\\smssvc", "trusted_domains": ["BRANCH"], "domain": "HQ"},
        {"code": "C01", "name": None, "forest": "corp.example"},
        # Older than any SMS Provider.
        {"code": "X01", "server": "x01", "product": "sms_1_2", "parent": "P01", "service_account": "CORP\\old"},
    ]
    inventory = parse({"sms_provider": source(host), "sms_sites": described})
    primary = inventory.get_host("p01.corp.example").vars
    assert primary["sms_site_service_account"] == "CORP\\smssvc"
    assert primary["sms_site_parent"] == "C01"
    # Not the one that the SMS Provider's domain gives.
    assert (primary["sms_site_domain"], primary["sms_site_server_account"]) == ("HQ", "HQ\\P01$")
    assert inventory.get_host(HOST).vars["sms_site_name"] is None
    assert hosts_of(inventory, "sms_below_P01") == ["s01", "x01"]
    by_code = {entry["code"]: entry for entry in inventory.groups["sms_sites"].vars["sms_sites"]}
    assert sorted(by_code) == ["C01", "S01", "X01", "p01"]
    assert by_code["C01"]["forest"] == "corp.example"
    assert by_code["p01"]["trusted_domains"] == ["BRANCH"]


def test_mistakes_of_the_file_have_their_lines_and_the_others_their_source(parse, host):
    contents = yaml.safe_dump({"plugin": NAME, "sms_provider": source(host)}, sort_keys=False) + (
        "sms_sites:\n"
        "  - code: S01\n"
        "    type: central\n"
        "  - code: S09\n"
        "    parent: P01\n"
        "  - 5\n"
        "  - code: P01\n"
        "    server: c01.corp.example\n"
    )
    first = contents.splitlines().index("sms_sites:") + 1
    with pytest.raises(AnsibleParserError) as caught:
        parse(contents)
    told = str(caught.value)
    assert f"\n- line {first + 3}: site S09: server is missing" in told
    assert f"\n- line {first + 5}: entry 3 of sms_sites must be a dictionary" in told


@pytest.mark.parametrize("described", [[], None])
def test_no_sites_besides(parse, host, described):
    assert len(parse({"sms_provider": source(host), "sms_sites": described}).hosts) == 3


def test_sites_that_are_no_list(parse, host):
    with pytest.raises(AnsibleParserError, match=r"sms_sites must be a list of sites, but it is a dictionary"):
        parse({"sms_provider": source(host), "sms_sites": {"code": "C01"}})


def test_what_makes_no_hierarchy_is_said_to_be_the_sms_provider_s(parse):
    two_on_one = [site("C01"), site("P01", "C01", server=HOST)]
    with running_lab(scenario(two_on_one)) as lab, pytest.raises(AnsibleParserError) as caught:
        parse({"sms_provider": source(lab["C01"])})
    assert f"\n- the SMS Provider of {HOST}: site C01, site P01: all on server" in str(caught.value)


# -- the cache


@pytest.fixture
def cached(tmp_path):
    return {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}


def test_while_it_is_cached_nobody_is_asked(parse, host, cached, tmp_path, monkeypatch, warnings):
    given = source(host, password="{{ lookup('env', 'SMS_PASSWORD', default=undef()) }}")
    monkeypatch.setenv("SMS_PASSWORD", PASSWORD)
    host.controls.misbehave({"kind": "fault", "operation": "Win32_NTDomain.Query", "value": 5})
    try:
        first = parse({"sms_provider": given, **cached})
    finally:
        host.controls.behave()
    said = list(warnings)
    assert len(said) == 2
    (entry,) = (tmp_path / "cache").iterdir()
    assert PASSWORD not in entry.read_text()
    assert READER not in entry.read_text()
    host.controls.reset_counters()
    # Neither the password is needed then.
    monkeypatch.delenv("SMS_PASSWORD")
    again = parse({"sms_provider": given, **cached})
    assert everything(again) == everything(first)
    assert warnings == said * 2
    # What stands in the file is new each time.
    more = parse({"sms_provider": given, "sms_sites": [{"code": "C01", "forest": "corp.example"}], **cached})
    assert "corp.example" in [site.get("forest") for site in more.groups["sms_sites"].vars["sms_sites"]]
    assert operations(host) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"site_code": "C01"},
        {"domains": {"corp.example": "HQ"}},
        {"connection": "psrp"},
        {"user": READER.lower()},
        {"variables": {"ansible_winrm_connection_timeout": 20}},
    ],
)
def test_another_question_is_not_answered_from_the_cache(parse, host, cached, changed):
    parse({"sms_provider": source(host), **cached})
    host.controls.reset_counters()
    parse({"sms_provider": source(host, **changed), **cached})
    assert operations(host) != []


def test_the_cache_can_be_refreshed(parse, host, cached):
    parse({"sms_provider": source(host), **cached})
    host.controls.reset_counters()
    parse({"sms_provider": source(host), **cached}, cache=False)
    assert operations(host)[0] == "SMS_ProviderLocation.Query"


def test_a_cache_that_is_damaged_counts_as_none(parse, host, cached, tmp_path):
    parse({"sms_provider": source(host), **cached})
    (entry,) = (tmp_path / "cache").iterdir()
    entry.write_text(entry.read_text().replace("sites", "seats"))
    host.controls.reset_counters()
    assert len(parse({"sms_provider": source(host), **cached}).hosts) == 3
    assert operations(host) != []


def test_another_password_is_the_same_question(parse, host, cached):
    parse({"sms_provider": source(host), **cached})
    host.controls.reset_counters()
    parse({"sms_provider": source(host, password="another"), **cached})
    assert operations(host) == []


# -- what can go wrong on the way


def refused(parse, given):
    with pytest.raises(AnsibleParserError) as caught:
        parse({"sms_provider": given})
    told = str(caught.value)
    assert f": the sites can't be read from the SMS Provider of {given['host']}. {given['host']}: could not " in told
    assert PASSWORD not in told
    assert "\n" not in told
    return told


@pytest.mark.parametrize("connection", ["winrm", "psrp"])
def test_a_host_that_is_down(parse, host, connection):
    host.set_listening(False)
    try:
        assert "Check that the server is up" in refused(parse, source(host, connection))
    finally:
        host.set_listening(True)


@pytest.mark.parametrize("connection", ["winrm", "psrp"])
def test_a_wrong_password(parse, host, connection):
    told = refused(parse, source(host, connection, password=PASSWORD + "x"))
    assert "could not log on as CORP\\reader: the specified credentials were rejected" in told


@pytest.mark.parametrize("connection", ["winrm", "psrp"])
def test_an_account_that_may_not(parse, host, connection):
    told = refused(parse, source(host, connection, user=STRANGER))
    assert "Access is denied" in told
    assert "SMS Admins" in told


def test_a_host_without_an_sms_provider(parse, lab):
    told = refused(parse, source(lab["P01"]))
    assert "Connect to the computer that the SMS Provider runs on" in told


def test_variables_that_only_pywinrm_knows_reach_it(parse, host):
    told = refused(parse, source(host, variables={"ansible_winrm_message_encryption": "never"}))
    assert "Windows refuses unencrypted messages" in told


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"ansible_port": "five"}, "ansible_port"),
        ({"ansible_winrm_transport": "carrier_pigeon"}, "carrier_pigeon"),
    ],
)
def test_variables_that_the_connection_does_not_take(parse, host, variables, told):
    with pytest.raises(AnsibleParserError) as caught:
        parse({"sms_provider": source(host, variables=variables)})
    assert re.search(rf"the sites can't be read from the SMS Provider of {HOST}\. .*{told}", str(caught.value))
    assert PASSWORD not in str(caught.value)


def test_servers_that_ansible_would_take_for_something_else(parse):
    """Whatever a live site says, a play on all hosts, on the controller or on an address does not follow from it."""
    sites = [
        site("C01"),
        site("P01", "C01", server="ALL"),
        site("P02", "C01", server="localhost"),
        site("P03", "C01", server="10.0.0.5"),
        site("P04", "C01", server="sms_sites"),
    ]
    with running_lab(scenario(sites)) as lab, pytest.raises(AnsibleParserError) as caught:
        parse({"sms_provider": source(lab["C01"])})
    said = str(caught.value).splitlines()
    asked = f"- the SMS Provider of {HOST}: site"
    assert said[1:] == [
        f"{asked} P01: server 'all' is a group that Ansible makes in every inventory; give the computer's name.",
        f"{asked} P02: server 'localhost' is the controller itself; give the computer's name.",
        f"{asked} P03: server '10.0.0.5' is an IP address; give the computer's name, and set ansible_host of "
        "this host to the address.",
    ]
    with running_lab(scenario([sites[0], sites[4]])) as lab, pytest.raises(AnsibleParserError) as caught:
        parse({"sms_provider": source(lab["C01"])})
    assert f"{asked} P04: server 'sms_sites' is the name of a group, too; rename one of them." in str(caught.value)


# -- as Ansible runs it


@pytest.fixture
def inventory_file(host, tmp_path):
    path = tmp_path / "corp.sms_hierarchy.yml"
    given = source(host, password="{{ given_password | default(lookup('ansible.builtin.env', 'SMS_PASSWORD'), true) }}")
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    path.write_text(yaml.safe_dump({"plugin": NAME, "sms_provider": given, **cache}))
    return path


def test_ansible_shows_the_tree_and_then_from_the_cache(inventory_file, host):
    directory = inventory_file.parent
    (directory / "password.json").write_text(json.dumps({"given_password": PASSWORD}))
    shown = run(directory, "inventory", "-i", inventory_file.name, "-e", "@password.json", "--graph", "sms_sites")
    assert shown.stdout == (
        "@sms_sites:\n"
        "  |--@sms_below_C01:\n"
        "  |  |--@sms_below_P01:\n"
        "  |  |  |--s01.corp.example\n"
        "  |  |--p01.corp.example\n"
        "  |--c01.corp.example\n"
    ), shown.stderr
    assert operations(host)[0] == "SMS_ProviderLocation.Query"
    host.controls.reset_counters()
    listed = run(directory, "inventory", "-i", inventory_file.name, "--list")
    assert sorted(json.loads(listed.stdout)["_meta"]["hostvars"]) == [HOST, "p01.corp.example", "s01.corp.example"]
    assert operations(host) == []
    assert PASSWORD not in shown.stdout + shown.stderr + listed.stdout + listed.stderr


def test_ansible_says_what_is_wrong(inventory_file, monkeypatch):
    monkeypatch.setenv("SMS_PASSWORD", PASSWORD + "x")
    shown = run(inventory_file.parent, "inventory", "-vvvv", "-i", inventory_file.name, "--list")
    said = " ".join(shown.stderr.split())
    assert "could not log on as CORP\\reader: the specified credentials were rejected" in said
    assert PASSWORD not in shown.stdout + shown.stderr


def test_what_the_sms_provider_tells_is_never_a_template(inventory_file):
    directory = inventory_file.parent
    checks = [
        # 7 * 6 in other words, since these lines are templates themselves.
        "'7 * 6' in sms_site_name",
        "'7 * 6' in sms_sites[0].name",
        "'42' not in sms_site_name ~ sms_sites[0].name ~ copied",
        "'7 * 6' in copied",
    ]
    tasks = [{"ansible.builtin.assert": {"that": checks}, "vars": {"copied": "{{ sms_site_name }}"}}]
    (directory / "play.yml").write_text(yaml.safe_dump([{"hosts": HOST, "gather_facts": False, "tasks": tasks}]))
    first = ("-e", json.dumps({"given_password": PASSWORD}))
    for variables in (first, ()):
        done = run(directory, "playbook", "-i", inventory_file.name, *variables, "play.yml")
        assert done.stdout.count("All assertions passed") == 1, done.stdout + done.stderr
