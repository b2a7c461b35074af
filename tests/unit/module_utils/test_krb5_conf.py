# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""krb5.conf as MIT reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.krb5_conf import Configuration, read_configuration


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Configuration]:
    """What a krb5.conf of this text says."""

    def read(text: str) -> Configuration:
        (tmp_path / "krb5.conf").write_text(text, encoding="utf-8")
        monkeypatch.setenv("KRB5_CONFIG", str(tmp_path / "krb5.conf"))
        return read_configuration()

    return read


def test_krb5_conf_is_read_as_mit_reads_it(configured: Callable[[str], Configuration], tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "west").write_text("[realms]\nWEST.EXAMPLE = {\n kdc = dc.west.example\n}\n", encoding="utf-8")
    (tmp_path / "more" / "old.rpmsave").write_text("[libdefaults]\ndefault_realm = OLD\n", encoding="utf-8")
    (tmp_path / "one").write_text("[libdefaults]\n\tdefault_ccache_name = DIR:/run/%{uid}\n", encoding="utf-8")
    read = configured(
        f"""
includedir {tmp_path}/more
include {tmp_path}/one
# a comment
[libdefaults]
    default_realm = CORP.EXAMPLE
    default_realm = SECOND.EXAMPLE
[realms]
    CORP.EXAMPLE = {{
        kdc = dc1.corp.example
        kdc=dc2.corp.example:1088
        ; kdc = dc3.corp.example
        kdc = [2001:db8::1]:89
        kdc = https://proxy.corp.example/KdcProxy
        kdc = "dc4.corp.example"
        kdc = dc5.corp.example:65536
        admin_server = dc9.corp.example
        v4_instance_convert = {{
            kdc = no.such.example
        }}
        auth_to_local = DEFAULT
    }}
    EAST.EXAMPLE = {{
        admin_server = dc.east.example
    }}
[domain_realm]
    .corp.example = CORP.EXAMPLE
"""
    )
    assert read.default_realm == "CORP.EXAMPLE"
    assert read.kdcs_of("CORP.EXAMPLE") == [
        ("dc1.corp.example", 88),
        ("dc2.corp.example", 1088),
        ("2001:db8::1", 89),
        ("dc4.corp.example", 88),
    ]
    assert read.kdcs_of("WEST.EXAMPLE") == [("dc.west.example", 88)]
    assert read.kdcs_of("EAST.EXAMPLE") == [("EAST.EXAMPLE", 88)]
    assert read.cache.startswith("DIR:/run/")
    assert read.cache.removeprefix("DIR:/run/").isdigit()


@pytest.mark.parametrize("text", ["", "[", "}\n}\n=\n[realms]\nkdc = x\n", "\0" * 99, "include %s/krb5.conf\n" * 3])
def test_a_krb5_conf_that_says_nothing_leaves_the_realm_s_name(
    configured: Callable[[str], Configuration], tmp_path: Path, text: str
) -> None:
    read = configured(text.replace("%s", str(tmp_path)))
    assert read.default_realm == ""
    assert read.kdcs_of("CORP.EXAMPLE") == [("CORP.EXAMPLE", 88)]
    assert read.cache.startswith("FILE:/tmp/krb5cc_")


def test_several_files_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        text = f"[libdefaults]\ndefault_realm = {name.upper()}\n[realms]\nA = {{\nkdc = {name}.example\n}}\n"
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("KRB5_CONFIG", f"{tmp_path}/a:{tmp_path}/none:{tmp_path}/b")
    read = read_configuration()
    assert read.default_realm == "A"
    assert read.kdcs_of("A") == [("a.example", 88), ("b.example", 88)]


@pytest.mark.parametrize(
    ("host", "realm"),
    [
        ("p01.corp.example", "CORP.EXAMPLE"),
        ("P01.Corp.Example.", "CORP.EXAMPLE"),
        ("old.corp.example", "OLD.EXAMPLE"),
        ("a.old.corp.example", "OLD.EXAMPLE"),
        ("a.b.west.example", "WEST.EXAMPLE"),
        ("west.example", "WEST.EXAMPLE"),
        ("corp.example", ""),
        ("p01", ""),
        ("", ""),
        ("nothing.example", ""),
    ],
)
def test_the_most_specific_entry_is_the_realm_of_a_host(
    configured: Callable[[str], Configuration], host: str, realm: str
) -> None:
    """The order of MIT's hostrealm_profile.c: the host, its domain with a dot in front, its domain, and so on."""
    read = configured(
        """
[domain_realm]
    .corp.example = CORP.EXAMPLE
    OLD.corp.example = OLD.EXAMPLE
    west.example = WEST.EXAMPLE
"""
    )
    assert read.realm_of(host) == realm


def test_all_realms_are_listed(configured: Callable[[str], Configuration]) -> None:
    read = configured(
        """
[libdefaults]
    default_realm = A.EXAMPLE
[realms]
    B.EXAMPLE = {
        admin_server = dc.b.example
    }
    A.EXAMPLE = {
        kdc = dc.a.example
    }
[domain_realm]
    .c.example = C.EXAMPLE
"""
    )
    assert read.realms == ("A.EXAMPLE", "B.EXAMPLE", "C.EXAMPLE")
    assert configured("").realms == ()
