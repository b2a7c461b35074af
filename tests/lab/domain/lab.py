# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain and those that it trusts, started and ended together below one directory."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from ..errors import LabError
from ..samba.server import is_open_to_others
from .description import SITES, DomainDescription
from .domain import Domain
from .requirements import missing

_KRB5_CONF = """[libdefaults]
    default_realm = {realm}
    dns_lookup_realm = false
    dns_lookup_kdc = false
    dns_canonicalize_hostname = false
    rdns = false
[realms]
{realms}[domain_realm]
{names}"""
_REALM = """    {realm} = {{
        kdc = {address}
        admin_server = {address}
        kpasswd_server = {address}
    }}
"""
_NAMES = """    .{name} = {realm}
    {name} = {realm}
"""


class DomainLab:
    """A domain below ``build``. ``start`` and ``stop`` block; ``stop`` leaves nothing behind."""

    def __init__(self, build: Path, description: DomainDescription = SITES) -> None:
        self.description = description
        self.domains: dict[str, Domain] = {}
        """The domain itself and then the trusted ones, by NetBIOS name."""
        self._link = build.resolve() / "domain"
        self.base = self._link
        self._lock_file = self._link.with_suffix(".lock")
        self._lock: IO[bytes] | None = None

    @property
    def started(self) -> bool:
        """Whether the directory is this lab's: from the begin of ``start`` to the end of ``stop``."""
        return self._lock is not None

    @property
    def krb5_conf(self) -> Path:
        """What leads Kerberos clients to the domains (KRB5_CONFIG)."""
        return self.base / "krb5.conf"

    @property
    def hosts(self) -> dict[str, str]:
        """The addresses of all computers by DNS name."""
        return {name: address for domain in self.domains.values() for name, address in domain.hosts.items()}

    def start(self) -> None:
        """Make and start everything; raises LabError. What a failed start leaves is for ``stop``."""
        reason = missing()
        if reason:
            raise LabError(reason)
        self._lock = self._lock_directory()
        self._make_directory()
        for description in (self.description, *self.description.trusted):
            self.domains[description.netbios] = Domain(self.base / description.netbios, description)
        own, *trusted = self.domains.values()
        krb5_conf = _krb5_conf(self.domains.values())
        self.krb5_conf.write_text(krb5_conf, encoding="utf-8")
        for domain in self.domains.values():
            # One name server for all. The names of a trusted domain it gets from there; only it forwards, so no
            # question goes round in circles.
            domain.write_views(self.hosts, own.controller.address, krb5_conf)
        foreign: dict[str, str] = {}
        for domain in trusted:
            domain.populate({}, forwarder="")
            foreign |= domain.full_sids
        own.populate(foreign, forwarder=trusted[0].controller.address if trusted else "")
        with ThreadPoolExecutor() as pool:
            list(pool.map(Domain.start_controller, self.domains.values()))
        for domain in trusted:
            own.controller.trust(domain.description.realm, own.administrator, domain.administrator)
        own.start_members(foreign)

    def stop(self) -> None:
        """End all programs and remove all files."""
        if self._lock is None:
            return
        for domain in self.domains.values():
            domain.stop()
        self.remove_leftovers()
        self._lock_file.unlink()
        self._lock.close()
        self._lock = None

    # -- files

    def _lock_directory(self) -> IO[bytes]:
        """Keep other labs out of the directory; the lock goes with this process. Raises LabError."""
        self._lock_file.parent.mkdir(parents=True, exist_ok=True)
        lock = self._lock_file.open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise LabError(
                f"a domain runs in {self._link.parent} already; stop it, or choose another directory (--build)"
            ) from None
        return lock

    def _make_directory(self) -> None:
        """A directory in ``build``, or a link there to one for temporary files where senders cannot reach ``build``."""
        self.remove_leftovers()
        if is_open_to_others(self._link):
            self._link.mkdir()
            return
        self.base = Path(tempfile.mkdtemp(prefix="sms-domain-")).resolve()
        self.base.chmod(0o711)
        self._link.symlink_to(self.base)
        if not is_open_to_others(self.base):
            raise LabError(f"{self.base.parent} is closed to senders, and so is the way to {self._link}")

    def remove_leftovers(self) -> None:
        """Remove the files, also those of a lab that was killed."""
        shutil.rmtree(self._link.resolve(), ignore_errors=True)
        if self._link.is_symlink():
            self._link.unlink()


def _krb5_conf(domains: Iterable[Domain]) -> str:
    known = [(domain.description, domain.controller.address) for domain in domains]
    return _KRB5_CONF.format(
        realm=known[0][0].realm,
        realms="".join(_REALM.format(realm=item.realm, address=address) for item, address in known),
        names="".join(_NAMES.format(realm=item.realm, name=item.dns_domain) for item, _unused in known),
    )
