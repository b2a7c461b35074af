# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the control API, standard library only: for tests and demonstrations that run beside a lab.

>>> lab = LabClient.from_file(Path("build/lab/endpoints.json"))  # doctest: +SKIP
>>> lab.get("P01", "share-descriptor", share="SMS_SITE")["entries"]  # doctest: +SKIP
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, Request, build_opener

from ..waiting import PATIENCE

# The control API is on the loopback: a proxy of the environment must not see it.
_opener = build_opener(ProxyHandler({}))


class LabClientError(Exception):
    """The lab refused, or is not there."""


@dataclass(frozen=True, slots=True)
class LabClient:
    """Talks to a running lab. ``hosts`` are the host entries of ``endpoints.json``."""

    url: str
    token: str = field(repr=False)
    hosts: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @classmethod
    def from_file(cls, path: Path) -> LabClient:
        """The client of the lab that wrote this ``endpoints.json``; raises LabClientError."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return cls(data["control"]["url"], data["control"]["token"], tuple(data["hosts"]))
        except (OSError, ValueError, KeyError) as error:
            raise LabClientError(f"{path}: no running lab ({error})") from None

    def get(self, host: str, what: str, **query: str) -> Any:
        """Read ``counters``, ``share-descriptor`` (share=), ``file-descriptor`` (path=), ``accounts``, ``shares``; on
        Samba, ``file-content`` (path=)."""
        return self._send("GET", host, what, query, None)

    def put(self, host: str, what: str, **body: Any) -> Any:
        """Set ``share-descriptor``, ``file-descriptor``, ``share-path`` or ``listening``; on Samba, ``smb-running``,
        ``smb-parameters``, ``account-state``, ``password`` or ``file-content``."""
        return self._send("PUT", host, what, {}, body)

    def post(self, host: str, what: str, **body: Any) -> Any:
        """Add to ``accounts``, ``directories``, ``files`` or ``misbehaviour``; on Samba, ``many-files``."""
        return self._send("POST", host, what, {}, body)

    def delete(self, host: str, what: str, **query: str) -> Any:
        """Remove ``accounts`` (name=), ``paths`` (path=), ``shares`` (share=); reset ``counters``, ``misbehaviour``."""
        return self._send("DELETE", host, what, query, None)

    def host_names(self) -> list[str]:
        """The inventory names of all hosts."""
        return [host["dns_name"] for host in self._request("GET", f"{self.url}/hosts", None)]

    def _send(self, method: str, host: str, what: str, query: dict[str, str], body: Any) -> Any:
        url = f"{self.url}/hosts/{quote(host)}/{what}" + (f"?{urlencode(query)}" if query else "")
        return self._request(method, url, body)

    def _request(self, method: str, url: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            with _opener.open(Request(url, data, headers, method=method), timeout=PATIENCE) as response:
                return json.load(response)
        except HTTPError as error:
            raise LabClientError(f"{method} {url}: {error.read().decode(errors='replace')}") from None
        except URLError as error:
            raise LabClientError(f"{method} {url}: {error.reason}") from None
