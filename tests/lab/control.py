# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API: looking into hosts, changing what they hold, and making them misbehave.

``Controls`` is the Python side; ``ControlServer`` offers the same as JSON over HTTP on a loopback port of its own, to
those who send the token of ``endpoints.json`` as ``Authorization: Bearer <token>``.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from aiohttp import web

from . import ntfs
from .backend import Missing, Unavailable
from .descriptors import (
    SE_DACL_AUTO_INHERITED,
    SE_DACL_PRESENT,
    SE_DACL_PROTECTED,
    SE_SELF_RELATIVE,
    BadDescriptor,
    Descriptor,
    pack,
    parse,
)
from .errors import LabError
from .host import Host
from .misbehaviour import Rule
from .model import Account, AccountState
from .samba import SambaHost, SmbControls
from .samba.configuration import GLOBAL
from .scenario import BadScenario, described, entries, new_account, policy_rights

MAX_BODY = 1_000_000


class ControlError(Exception):
    """A request that cannot be met; ``status`` is the HTTP status that says so."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Controls:
    """What a test can do to one host behind its back. Raises ControlError."""

    def __init__(self, host: Host, samba: Mapping[str, SambaHost]) -> None:
        self.host = host
        self._samba = samba

    @property
    def smb(self) -> SmbControls:
        """What can be done to the host's smbd."""
        made = self._samba.get(self.host.name)
        if made is None:
            raise ControlError(f"{self.host.name} has no SMB server: start the lab with --backend samba", 404)
        return made.controls

    # -- what it was asked

    def counters(self) -> dict[str, Any]:
        """Counters since the start or the last reset, and the latest exchanges."""
        return self.host.record.snapshot()

    def reset_counters(self) -> None:
        self.host.record.reset()

    # -- descriptors

    def share_descriptor(self, share: str) -> dict[str, Any] | None:
        """A share's descriptor, for people and as base64 bytes; None if it has none of its own."""
        data = self._found(self.host.backend.share_descriptor, share)
        return None if data is None else self._described(data)

    def file_descriptor(self, path: str) -> dict[str, Any]:
        """A directory's or file's descriptor, for people and as base64 bytes."""
        path = self._located(path)
        return self._described(self._found(self.host.backend.file_descriptor, path))

    def set_share_descriptor(self, share: str, new: Mapping[str, Any]) -> None:
        """Set ``{"entries": [...]}``, ``{"base64": ...}`` or ``{"null_dacl": true}``; ``{}`` removes the descriptor."""
        self._found(self.host.backend.share, share)
        self.host.backend.set_share_descriptor(share, pack(self._descriptor(new)) if new else None)

    def set_file_descriptor(self, path: str, new: Mapping[str, Any]) -> None:
        """Set ``{"entries": [...], "protected": false}`` as Windows would (children follow), or ``{"base64": ...}``
        exactly as it is, with nothing worked out."""
        path = self._located(path)
        self._found(self.host.backend.file_descriptor, path)
        if "base64" in new:
            self.host.backend.set_file_descriptor(path, pack(self._descriptor(new)))
        else:
            ntfs.write(self.host.backend, path, self._descriptor(new))

    # -- accounts, shares, paths

    def accounts(self) -> list[dict[str, Any]]:
        return [_account(account) for account in self.host.backend.accounts()]

    def add_account(self, name: str, *, type_: str = "user", rid: int | None = None) -> dict[str, Any]:
        r"""Add ``DOMAIN\name``, or ``.\name`` for a local account; for this host only."""
        domain, _unused, rest = name.rpartition("\\")
        local = domain in ("", ".") or domain.casefold() == self.host.account_domain.casefold()
        if not rest or type_ not in ("user", "group"):
            raise ControlError(f"{name!r} of type {type_!r} is no account")
        account = new_account(self.host.account_domain if local else domain, rest, local=local, type_=type_, rid=rid)
        self.host.backend.add_account(account)
        return _account(account)

    def remove_account(self, name: str) -> None:
        """Remove an account: its SID then has no name on this host."""
        account = self._known(name)
        self.host.removed[account.sid] = account
        self.host.backend.remove_account(account.sid)

    def members(self, group: str) -> list[str]:
        """The members of a local group, by their names."""
        return [self.host.name_of(sid) or sid for sid in self._members().get(self._known(group).sid, ())]

    def set_members(self, group: str, members: Iterable[str]) -> None:
        """Make these the members of a local group, and nobody else."""
        self._members()[self._known(group).sid] = [self._known(member).sid for member in members]

    def set_user(self, name: str, **state: Any) -> None:
        """Set what Win32_UserAccount shows of a user, the fields of ``AccountState``; the others are as new."""
        account = self._known(name)
        try:
            self.host.account_states[account.sid] = AccountState(**state)
        except TypeError as error:
            raise ControlError(f"not a state: {error}") from None

    def set_group_policy(self, rights: Iterable[Mapping[str, Any]] | None) -> None:
        """Set the user rights that group policy sets, as ``PolicyRight``; None if no policy was ever computed."""
        try:
            self.host.group_policy = None if rights is None else policy_rights(rights)
        except BadScenario as error:
            raise ControlError(str(error)) from None

    def make_directory(self, path: str) -> None:
        self._found(lambda p: ntfs.new_child(self.host.backend, p, directory=True), self._located(path))

    def make_file(self, path: str) -> None:
        self._found(lambda p: ntfs.new_child(self.host.backend, p, directory=False), self._located(path))

    def remove_path(self, path: str) -> None:
        self._found(self.host.backend.remove, self._located(path))

    def shares(self) -> list[dict[str, Any]]:
        """The shares and their settings."""
        return [
            {
                "name": share.name,
                "path": share.path,
                "description": share.description,
                "maximum_allowed": share.maximum_allowed,
            }
            for share in self.host.backend.shares()
        ]

    def set_share_path(self, share: str, path: str) -> None:
        """Point a share elsewhere."""
        found = self._found(self.host.backend.share, share)
        self.host.backend.put_share(replace(found, path=self._located(path)))

    def remove_share(self, share: str) -> None:
        self._found(self.host.backend.remove_share, share)

    # -- misbehaviour

    def misbehave(
        self, *rules: Mapping[str, Any], delay_ms: int | None = None, unreachable: bool | None = None
    ) -> None:
        """Add rules (see ``misbehaviour.Rule``), or change the delay or the reachability."""
        try:
            made = [Rule.from_mapping(rule) for rule in rules]
        except (KeyError, ValueError) as error:
            raise ControlError(f"not a rule: {error}") from None
        misbehaviour = self.host.misbehaviour
        misbehaviour.rules.extend(made)
        if delay_ms is not None:
            misbehaviour.delay_ms = delay_ms
        if unreachable is not None:
            misbehaviour.unreachable = unreachable

    def behave(self) -> None:
        """Behave again; what is held ends without being carried out."""
        self.host.misbehaviour.clear()

    def held(self) -> list[str]:
        """The operations that a rule of the kind ``held`` keeps waiting, in the order in which they came."""
        return [waiting.operation for waiting in list(self.host.misbehaviour.held) if waiting.execute is None]

    def release(self, *, execute: bool = True) -> dict[str, int]:
        """Let all that is held be carried out, or end without; returns how many operations there were."""
        return {"released": self.host.misbehaviour.release(execute=execute)}

    # -- helpers

    def _known(self, name: str) -> Account:
        account = self.host.find_account(name)
        if account is None:
            raise ControlError(f"{self.host.name} has no account {name}", 404)
        return account

    def _members(self) -> dict[str, list[str]]:
        if self.host.name in self._samba:
            raise ControlError(f"{self.host.name}: the members of its groups are Samba's")
        return self.host.members

    def _located(self, path: str) -> str:
        located: str = self._found(self.host.backend.located, path)
        return located

    def _described(self, data: bytes) -> dict[str, Any]:
        return {"base64": base64.b64encode(data).decode(), **described(parse(data), self.host)}

    def _descriptor(self, new: Mapping[str, Any]) -> Descriptor:
        unknown = set(new) - {"entries", "base64", "null_dacl", "protected"}
        if unknown:
            raise ControlError(f"a descriptor has no {', '.join(sorted(unknown))}")
        try:
            if "base64" in new:
                return parse(base64.b64decode(new["base64"], validate=True))
            dacl = None if new.get("null_dacl") else entries(self.host, new.get("entries", ()))
        except (BadDescriptor, BadScenario, binascii.Error, TypeError) as error:
            raise ControlError(str(error)) from None
        control = SE_SELF_RELATIVE | SE_DACL_PRESENT | SE_DACL_AUTO_INHERITED
        if new.get("protected"):
            control |= SE_DACL_PROTECTED
        return Descriptor(control, dacl=dacl)

    def _found(self, read: Callable[[str], Any], name: str) -> Any:
        try:
            return read(name)
        except Missing as error:
            raise ControlError(f"{self.host.name} has no {error}", 404) from None
        except Unavailable as error:
            raise ControlError(str(error), 503) from None


def _account(account: Account) -> dict[str, Any]:
    return {"name": account.full_name, "sid": account.sid, "local": account.local}


def _content(data: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(data).decode()}


def _run_smb(controls: Controls, running: bool) -> None:
    if running:
        controls.smb.start()
    else:
        controls.smb.stop()


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class SetListening(Protocol):
    """Opens or closes a host's ports."""

    async def __call__(self, host: Host, *, listening: bool) -> None: ...


class ControlServer:
    """The HTTP side of the control API."""

    def __init__(
        self, hosts: Iterable[Host], set_listening: SetListening, samba: Mapping[str, SambaHost] | None = None
    ) -> None:
        self._set_listening = set_listening
        self.token = secrets.token_urlsafe(24)
        self.url = ""
        self.controls = {host.name.casefold(): Controls(host, {} if samba is None else samba) for host in hosts}
        self._by_dns_name = {host.dns_name.casefold(): self.controls[host.name.casefold()] for host in hosts}
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        app = web.Application(middlewares=[self._guard], client_max_size=MAX_BODY)
        app.add_routes(self._routes())
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    def find(self, name: str) -> Controls:
        """A host by its NetBIOS or inventory name; raises ControlError."""
        found = self.controls.get(name.casefold()) or self._by_dns_name.get(name.casefold())
        if found is None:
            raise ControlError(f"there is no host {name}", 404)
        return found

    def _routes(self) -> list[web.RouteDef]:
        host = "/hosts/{host}"
        return [
            web.get("/hosts", self._hosts),
            web.get(f"{host}/counters", self._do(lambda c, _unused: c.counters())),
            web.delete(f"{host}/counters", self._do(lambda c, _unused: c.reset_counters())),
            web.get(f"{host}/share-descriptor", self._do(lambda c, q: c.share_descriptor(q["share"]))),
            web.put(f"{host}/share-descriptor", self._do(lambda c, q: c.set_share_descriptor(q.pop("share"), q))),
            web.get(f"{host}/file-descriptor", self._do(lambda c, q: c.file_descriptor(q["path"]))),
            web.put(f"{host}/file-descriptor", self._do(lambda c, q: c.set_file_descriptor(q.pop("path"), q))),
            web.get(f"{host}/accounts", self._do(lambda c, _unused: c.accounts())),
            web.post(
                f"{host}/accounts",
                self._do(lambda c, q: c.add_account(q["name"], type_=q.get("type", "user"), rid=q.get("rid"))),
            ),
            web.delete(f"{host}/accounts", self._do(lambda c, q: c.remove_account(q["name"]))),
            web.get(f"{host}/members", self._do(lambda c, q: c.members(q["group"]))),
            web.put(f"{host}/members", self._do(lambda c, q: c.set_members(q["group"], q["members"]))),
            web.put(f"{host}/user", self._do(lambda c, q: c.set_user(q.pop("name"), **q))),
            web.put(f"{host}/group-policy", self._do(lambda c, q: c.set_group_policy(q["rights"]))),
            web.post(f"{host}/directories", self._do(lambda c, q: c.make_directory(q["path"]))),
            web.post(f"{host}/files", self._do(lambda c, q: c.make_file(q["path"]))),
            web.delete(f"{host}/paths", self._do(lambda c, q: c.remove_path(q["path"]))),
            web.put(f"{host}/share-path", self._do(lambda c, q: c.set_share_path(q["share"], q["path"]))),
            web.get(f"{host}/shares", self._do(lambda c, _unused: c.shares())),
            web.delete(f"{host}/shares", self._do(lambda c, q: c.remove_share(q["share"]))),
            web.put(f"{host}/smb-running", self._do(lambda c, q: _run_smb(c, q["running"]))),
            web.put(
                f"{host}/smb-parameters",
                self._do(
                    lambda c, q: c.smb.set_parameters(
                        q["parameters"], share=q.get("share", GLOBAL), restart=q.get("restart", False)
                    )
                ),
            ),
            web.put(f"{host}/account-state", self._do(lambda c, q: c.smb.set_account_state(q["name"], q["state"]))),
            web.put(f"{host}/password", self._do(lambda c, q: c.smb.set_password(q["name"], q["password"]))),
            web.get(f"{host}/file-content", self._do(lambda c, q: _content(c.smb.read_file(q["path"])))),
            web.put(
                f"{host}/file-content",
                self._do(lambda c, q: c.smb.write_file(q["path"], base64.b64decode(q["base64"], validate=True))),
            ),
            web.post(f"{host}/many-files", self._do(lambda c, q: c.smb.make_files(q["path"], q["count"]))),
            web.put(f"{host}/listening", self._listening),
            web.post(
                f"{host}/misbehaviour",
                self._do(
                    lambda c, q: c.misbehave(
                        *q.get("rules", ()), delay_ms=q.get("delay_ms"), unreachable=q.get("unreachable")
                    )
                ),
            ),
            web.delete(f"{host}/misbehaviour", self._do(lambda c, _unused: c.behave())),
            web.get(f"{host}/held", self._do(lambda c, _unused: c.held())),
            web.post(f"{host}/release", self._do(lambda c, q: c.release(execute=q.get("execute", True)))),
        ]

    async def _hosts(self, _unused: web.Request) -> web.StreamResponse:
        return web.json_response(
            [{"name": c.host.name, "dns_name": c.host.dns_name, "site": c.host.site} for c in self.controls.values()]
        )

    async def _listening(self, request: web.Request) -> web.StreamResponse:
        listening = (await request.json()).get("listening")
        if not isinstance(listening, bool):
            raise ControlError("listening is true or false")
        await self._set_listening(self.find(request.match_info["host"]).host, listening=listening)
        return web.json_response({"changed": True})

    def _do(self, action: Callable[[Controls, dict[str, Any]], Any]) -> Handler:
        """A handler that gives ``action`` the query parameters and the JSON body, and sends back what it returns."""

        async def handle(request: web.Request) -> web.StreamResponse:
            arguments: dict[str, Any] = dict(request.query)
            if request.can_read_body:
                body = await request.json()
                if not isinstance(body, dict):
                    raise ControlError("the body is not a JSON object")
                arguments |= body
            controls = self.find(request.match_info["host"])
            try:
                if controls.host.backend.waits:
                    result = await asyncio.to_thread(action, controls, arguments)
                else:
                    result = action(controls, arguments)
            except KeyError as error:
                raise ControlError(f"{error.args[0]} is missing") from None
            except binascii.Error as error:
                raise ControlError(f"base64: {error}") from None
            except LabError as error:
                raise ControlError(str(error)) from None
            except Missing as error:
                raise ControlError(f"{controls.host.name} has no {error}", 404) from None
            return web.json_response({"changed": True} if result is None and request.method != "GET" else result)

        return handle

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Ask for the token; turn what goes wrong into JSON."""
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            return web.json_response({"error": "the token of endpoints.json is required"}, status=401)
        try:
            return await handler(request)
        except ControlError as error:
            return web.json_response({"error": str(error)}, status=error.status)
        except json.JSONDecodeError as error:
            return web.json_response({"error": f"the body is not JSON: {error}"}, status=400)
