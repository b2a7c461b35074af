# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the products require, and which paths they expect."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import PRODUCTS, product


def test_sms_1_2_is_what_the_article_says():
    # Q179118, RESOLUTION. Full Control: FILE_ALL_ACCESS of winnt.h. Read and Write, as NT 4.0 shows it: generic read
    # and write of a file, [MS-SMB2] 2.2.13.1.1.
    sms = product("sms_1_2")
    file_all_access = 0x000F0000 | 0x00100000 | 0x1FF
    read_control_and_synchronize = 0x00020000 | 0x00100000
    generic_read = 0x01 | 0x08 | 0x80 | read_control_and_synchronize
    generic_write = 0x02 | 0x04 | 0x10 | 0x100 | read_control_and_synchronize
    assert sms.share == "SMS_SITE"
    assert sms.directory == r"Site.srv\Despoolr.box\Receive"
    assert sms.share_mask == file_all_access
    assert sms.directory_mask == generic_read | generic_write
    assert sms.source == "Microsoft KB Q179118"


def test_products_are_listed_by_name():
    assert all(name == known.name for name, known in PRODUCTS.items())


def test_an_unknown_product_names_the_known_ones():
    with pytest.raises(ValueError, match=r"^unknown product 'sms_9'; known: sms_1_2$"):
        product("sms_9")


@pytest.mark.parametrize(
    "path",
    [
        r"D:\SMS\Site.srv\Despoolr.box\Receive",
        r"D:\Site.srv\Despoolr.box\Receive",
        "d:\\sms\\SITE.SRV\\despoolr.BOX\\receive\\",
        "D:/SMS/Site.srv/Despoolr.box/Receive/",
        r"D:\SMS\Site.srv\\Despoolr.box\Receive",
        r"\\?\D:\SMS\Site.srv\Despoolr.box\Receive",
    ],
)
def test_expected_paths(path):
    assert product("sms_1_2").expects(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        r"D:\SMS",
        r"D:\SMS\Site.srv\Despoolr.box",
        r"D:\SMS\Site.srv\Despoolr.box\Receive\Old",
        r"D:\SMS\MySite.srv\Despoolr.box\Receive",
        r"D:\SMS\Site.srv\Despoolr.box\Receive2",
        r"Despoolr.box\Receive",
        r"E:\inboxes\despoolr.box\receive",
    ],
)
def test_unexpected_paths(path):
    assert not product("sms_1_2").expects(path)
