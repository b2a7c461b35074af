#!/usr/bin/env bash
# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs what the tests against real SMB servers and in a browser use, if that can be done: as root, on Debian. Elsewhere
# it says which tests will be left out. The lab and the tests start servers of their own, so those of the packages are not
# started.
set -euo pipefail

packages=(samba samba-vfs-modules smbclient python3-samba libnss-wrapper)
# A KDC, what fills its database, and kinit: for the tests of logons by Kerberos.
packages+=(krb5-kdc krb5-admin-server krb5-user)
# A domain controller, member servers, and what the tests look at them with.
packages+=(samba-ad-dc samba-ad-provision winbind libnss-winbind ldap-utils ldb-tools)
# A browser, for the tests of the HTML report.
packages+=(chromium)
left_out="the tests against Samba (its security descriptors, the lab's SMB servers, its domain, Kerberos) and in Chromium are left out"

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done

if [ "$(id -u)" -ne 0 ]; then
  echo "Not root: $left_out. To run them: sudo make test${missing[*]:+ (it installs ${missing[*]})}" >&2
  exit 0
fi
[ "${#missing[@]}" -gt 0 ] || exit 0
if ! command -v apt-get >/dev/null; then
  echo "No apt-get: $left_out. To run them, install Samba's smbd, smbclient, vfs_acl_xattr, Python bindings, AD DC, winbindd with its NSS module, nss_wrapper, MIT's krb5kdc, kadmin.local, kinit, and Chromium." >&2
  exit 0
fi

# Where nothing says otherwise, installing a server on Debian starts it.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 0755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
install() {
  apt-get install --quiet --quiet --yes --no-install-recommends "$@" >/dev/null
}
# One by one if not all together: what a distribution lacks (Ubuntu's Chromium is no package) keeps nothing else out.
if apt-get update --quiet --quiet && install "${missing[@]}"; then
  exit 0
fi
for package in "${missing[@]}"; do
  install "$package" || echo "apt-get cannot install $package: the tests that use it are left out" >&2
done
