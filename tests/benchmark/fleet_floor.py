# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that a client can do: ``python -m tests.benchmark.fleet_floor <inventory> [--nt-hash]``.

The same logon and the same two requests for each host, by http.client and pyspnego alone: the envelopes are prepared,
and the answers are unsealed but not read. Shared out to processes and threads as `fleet_audit` does it. With
``--nt-hash`` pyspnego gets the NT hash of the password, as `fleet_audit` gives it, and makes no LM hash.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import struct
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import spnego
from Cryptodome.Hash import MD4

from ..waiting import PATIENCE

_THREADS = 32
_NT_HASH = "--nt-hash" in sys.argv
_PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
_TYPE = f'multipart/encrypted;protocol="{_PROTOCOL}";boundary="Encrypted Boundary"'
_WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root"
_TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"


def _envelope(class_path: str, keys: dict[str, str], method: str = "") -> str:
    uri = f"{_WMI}/{class_path}"
    selectors = "".join(f'<w:Selector Name="{name}">{value}</w:Selector>' for name, value in keys.items())
    action = f"{uri}/{method}" if method else f"{_TRANSFER}/Get"
    body = f'<p:{method}_INPUT xmlns:p="{uri}"/>' if method else ""
    return (
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="{_ADDRESSING}" '
        'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header><a:To>http://host:5985/wsman</a:To>'
        f'<w:ResourceURI s:mustUnderstand="true">{uri}</w:ResourceURI><a:ReplyTo>'
        f"<a:Address>{_ADDRESSING}/role/anonymous</a:Address></a:ReplyTo>"
        f'<a:Action s:mustUnderstand="true">{action}</a:Action><a:MessageID>uuid:{{}}</a:MessageID>'
        f"<w:OperationTimeout>PT30S</w:OperationTimeout><w:SelectorSet>{selectors}</w:SelectorSet></s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )


def _envelopes(path: str) -> tuple[str, str]:
    return (
        _envelope("microsoft/windows/smb/MSFT_SmbShare", {"Name": "SMS_SITE", "ScopeName": "*"}),
        _envelope("cimv2/Win32_LogicalFileSecuritySetting", {"Path": path}, "GetSecurityDescriptor"),
    )


def _read(host: dict[str, Any], envelopes: tuple[str, ...]) -> int:
    """Bytes of the answers."""
    connection = http.client.HTTPConnection(host["ansible_host"], host["ansible_port"], timeout=PATIENCE)

    def post(body: bytes, headers: dict[str, str], expected: int) -> tuple[http.client.HTTPResponse, bytes]:
        connection.request("POST", "/wsman", body, headers)
        response = connection.getresponse()
        if response.status != expected:
            raise AssertionError(f"HTTP {response.status}")
        return response, response.read()

    user, password = host["ansible_user"], host["ansible_password"]
    if _NT_HASH:
        nt_hash = MD4.new(password.encode("utf-16-le")).hexdigest()
        context = spnego.client(spnego.NTLMHash(user, nt_hash=nt_hash), protocol="ntlm")
    else:
        context = spnego.client(user, password, protocol="ntlm")
    first = base64.b64encode(context.step() or b"").decode()
    response, _body = post(b"", {"Authorization": f"Negotiate {first}"}, 401)
    token = base64.b64decode((response.getheader("WWW-Authenticate") or "").partition(" ")[2])
    last = base64.b64encode(context.step(token) or b"").decode()
    headers = {"Authorization": f"Negotiate {last}", "Content-Type": _TYPE}
    size = 0
    for envelope in envelopes:
        message = envelope.format(uuid.uuid4()).encode()
        sealed = context.wrap_winrm(message)
        length = len(message) + sealed.padding_length
        body = b"".join(
            (
                f"--Encrypted Boundary\r\n\tContent-Type: {_PROTOCOL}\r\n\tOriginalContent: "
                f"type=application/soap+xml;charset=UTF-8;Length={length}\r\n--Encrypted Boundary\r\n"
                "\tContent-Type: application/octet-stream\r\n".encode(),
                struct.pack("<i", len(sealed.header)),
                sealed.header,
                sealed.data,
                b"--Encrypted Boundary--\r\n",
            )
        )
        _response, answer = post(body, headers, 200)
        headers.pop("Authorization", None)
        start = answer.index(b"application/octet-stream\r\n") + 26
        data = answer[start : -len(b"--Encrypted Boundary--\r\n")]
        (signature,) = struct.unpack_from("<i", data)
        size += len(context.unwrap_winrm(data[4 : 4 + signature], data[4 + signature :]))
    connection.close()
    return size


def _read_all(hosts: list[dict[str, Any]]) -> int:
    ordinary, other = (
        _envelopes(r"D:\SMS\Site.srv\Despoolr.box\Receive"),
        _envelopes(r"E:\SMS\Site.srv\Despoolr.box\Receive"),
    )
    with ThreadPoolExecutor(_THREADS) as pool:
        return sum(pool.map(lambda host: _read(host, other if host["on_e"] else ordinary), hosts))


def main() -> None:
    """Read every host of the inventory and print how many bytes that were."""
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123 - the least of everything
        found = json.load(file)["sms_sites"]["hosts"]
    # Where the lab has the directory: see tests.lab.hierarchy.
    hosts = [{**host, "on_e": place % 6 == 2} for place, host in enumerate(found.values())]
    processes = os.cpu_count() or 1
    with get_context("fork").Pool(processes) as pool:
        print(sum(pool.map(_read_all, [hosts[start::processes] for start in range(processes)])))


if __name__ == "__main__":
    main()
