# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of an Active Directory domain, by LDAP at one of its domain controllers."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from ....module_utils.kerberos import TicketError, service_ticket
from ...security import Sid
from ..account import ACCOUNT_ATTRIBUTES, ContradictoryAttributesError, account_from, sid_of
from ..errors import (
    AccountAmbiguous,
    DirectoryAccountNotFound,
    DirectoryError,
    DirectoryLogonFailed,
    DirectoryNoAnswer,
    DirectoryRejected,
    DirectoryUnreachable,
    PasswordRefused,
    UnusableAnswer,
)
from ..port import Domain, DomainAccount
from . import messages
from .connection import LdapConnection, LogonError, SearchResult, UnusableError
from .refusals import refused, refused_logon, refused_password
from .security import IMPORT_ERROR, Kerberos, Ntlm, Security, SecurityError
from .settings import LdapSettings

_Value = TypeVar("_Value")

LONGEST_NAME = 256
"""Of an account: Active Directory's limit for sAMAccountName ([MS-ADA3] 2.222)."""
_IS_ANYTHING = messages.present("objectClass")
_IS_ACCOUNT = messages.equal("objectClass", b"user")
"""Users, computers and managed service accounts. A foreign security principal, which stands for an account of another
domain under its SID, is none: its groups here are not those of the account."""
_RANGE = re.compile(r"tokengroups;range=([0-9]{1,9})-([0-9]{1,9}|\*)")
_MOST_RANGES = 100
_MOST_OF_A_NAME = 10
_MOST_MEMBERS = 100  # in one query
_MOST_GROUPS = 10_000
_DOMAIN_SID = (21,)  # S-1-5-21-a-b-c, [MS-DTYP] 2.4.2.4
_COMPONENT = re.compile(r"DC=([^,=+<>#;\"\\\s]{1,63})", re.IGNORECASE)  # RFC 2247, 2; RFC 1035, 2.3.4
_LOGGING_ON = "log on to the directory"
_NOT_A_CONTROLLER = "Check that this is a domain controller, and that nothing between here and there changes messages."
_IS_IT_UP = "Check that the domain controller is up and that TCP {port} is open."
_CHECK_NAME = "Check the name, or give the address as address of its entry in sms_directory."
_CHECK_ACCOUNT = "Check that the account is in this domain, and that the account that asks may see it."
_OPTIONS = {
    "ansible_smb_kerberos_hostname_override": "kerberos_hostname_override of its entry in sms_directory",
    "ansible_smb_domains": "domains of its entry in sms_directory",
}
_SLOW = "Check that the domain controller is up. If it is slow, raise the timeout."


class LdapDirectory:
    """A domain's `Directory`. The first query connects; one thread uses it at a time.

    Args:
        settings: the domain controller, and the account that asks.
        clock: seconds since 1970.
    """

    def __init__(self, settings: LdapSettings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._connection: LdapConnection | None = None
        self._process = 0
        self._domain: tuple[str, Domain] | None = None

    @property
    def host(self) -> str:
        """The domain controller, as the settings name it."""
        return self._settings.host

    def domain(self) -> Domain:
        """The domain that the domain controller is of: its defaultNamingContext ([MS-ADTS] 3.1.1.3.2.3)."""
        operation = "read its domain"
        with self._errors(operation):
            return self._own_domain(operation)[1]

    def account(self, sid: Sid) -> DomainAccount:
        """An account, by one query: a search of its object alone, since tokenGroups is computed for that only."""
        operation = f"read the account {sid}"
        base = f"<SID={sid}>"  # [MS-ADTS] 3.1.1.3.1.2.4
        with self._errors(operation):
            found = self._read(base, ACCOUNT_ATTRIBUTES, _IS_ACCOUNT)
            entry = self._one(operation, found, f"the domain has no account with the SID {sid}")
            groups = self._all_groups(operation, base, entry)
            return account_from(sid, {**entry, "tokengroups": groups}, self._clock())

    def groups_with(self, members: frozenset[Sid]) -> frozenset[Sid]:
        """The groups with any of these members, then the groups with those as members, and so on."""
        operation = "read the groups with members of another domain"
        found: set[Sid] = set()
        with self._errors(operation):
            base, domain = self._own_domain(operation)
            pending = sorted(members)
            while pending:
                now, pending = pending[:_MOST_MEMBERS], pending[_MOST_MEMBERS:]
                new = self._groups_of(operation, base, now) - found
                for group in new:
                    if group.domain != domain.sid and not group.is_builtin:
                        raise ContradictoryAttributesError(f"it has {group} as a group of its domain {domain.sid}")
                found |= new
                if len(found) > _MOST_GROUPS:
                    raise ContradictoryAttributesError(f"more than {_MOST_GROUPS} groups")
                pending += sorted(new - members)
        return frozenset(found)

    def known(self, name: str) -> DomainAccount | None:
        """None: this directory remembers no account."""
        return None

    def find(self, name: str) -> Sid:
        """The SID of an account by its sAMAccountName. A group has one too; `account` finds none for its SID."""
        operation = f"find the account {name}"
        with self._errors(operation):
            base, domain = self._own_domain(operation)
            if not 0 < len(name) <= LONGEST_NAME:
                raise DirectoryAccountNotFound(
                    self.host, operation, "no account can have this name", "Check the account's name in the inventory."
                )
            asked = messages.equal("sAMAccountName", name.encode("utf-8", "surrogatepass"))
            found = self._asked(
                lambda connection: connection.search(
                    base,
                    messages.WHOLE_SUBTREE,
                    asked,
                    ("objectSid", "sAMAccountName"),
                    limit=_MOST_OF_A_NAME,
                )
            )
            if found.result.code != messages.SUCCESS:
                raise DirectoryRejected(self.host, operation, *refused(found.result))
            # Active Directory finds names with other accents too: Muller and Müller.
            sids = [sid_of(entry) for entry in found.entries if _is_named(entry, name)]
            if any(sid.domain != domain.sid for sid in sids):
                raise ContradictoryAttributesError(f"it answers with an account outside of its domain {domain.sid}")
        if len(sids) == 1:
            return sids[0]
        if not sids:
            raise DirectoryAccountNotFound(
                self.host, operation, "the domain has no account of this name", _CHECK_ACCOUNT
            )
        raise AccountAmbiguous(
            self.host,
            operation,
            f"the domain has several accounts of this name ({' and '.join(map(str, sids))})",
            "Rename one of them: Windows does not support two, and either may be the one that logs on.",
        )

    def close(self) -> None:
        """Close the connection; the next query opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def __enter__(self) -> LdapDirectory:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()

    def _own_domain(self, operation: str) -> tuple[str, Domain]:
        """The name of the domain's object, and the domain, read once."""
        if self._domain is None:
            name = self._only_value(operation, "", "defaultNamingContext").decode()
            data = self._only_value(operation, name, "objectSid")
            sid = Sid.from_bytes(data)
            is_domain = sid.authority == 5 and len(sid.subauthorities) == 4 and sid.subauthorities[:1] == _DOMAIN_SID
            if not is_domain or sid.size != len(data):
                raise ContradictoryAttributesError(f"its domain has the SID {sid}, which no domain has")
            self._domain = name, Domain(_dns_name(name), sid)
        return self._domain

    def _only_value(self, operation: str, base: str, attribute: str) -> bytes:
        """The only value of an attribute of the root or of the domain. Every domain controller shows both."""
        found = self._read(base, (attribute,))
        if found.result.code not in (messages.SUCCESS, messages.NO_SUCH_OBJECT):
            raise DirectoryRejected(self.host, operation, *refused(found.result))
        values = [value for entry in found.entries for value in entry.get(attribute.lower(), ())]
        if len(values) != 1:
            raise ContradictoryAttributesError(f"it shows {len(values)} values of {attribute} for its domain, not one")
        return values[0]

    def _groups_of(self, operation: str, base: str, members: list[Sid]) -> set[Sid]:
        condition = messages.any_of(*(messages.equal("member", f"<SID={sid}>".encode()) for sid in members))
        found = self._asked(
            lambda connection: connection.search(base, messages.WHOLE_SUBTREE, condition, ("objectSid",))
        )
        if found.result.code != messages.SUCCESS:
            raise DirectoryRejected(self.host, operation, *refused(found.result))
        return {Sid.from_bytes(b"".join(entry.get("objectsid", ()))) for entry in found.entries}

    def _read(self, base: str, attributes: tuple[str, ...], condition: bytes = _IS_ANYTHING) -> SearchResult:
        """Read one object, if it meets a condition."""
        return self._asked(lambda connection: connection.search(base, messages.BASE_OBJECT, condition, attributes))

    def _all_groups(self, operation: str, base: str, entry: Mapping[str, tuple[bytes, ...]]) -> tuple[bytes, ...]:
        """The values of tokenGroups. A long attribute comes in ranges ([MS-ADTS] 3.1.1.3.1.3.3)."""
        found = list(entry.get("tokengroups", ()))
        for _unused in range(_MOST_RANGES):
            part = next(filter(None, map(_RANGE.fullmatch, entry)), None)
            if part is None:
                return tuple(found)
            if int(part[1]) != len(found):
                raise ContradictoryAttributesError("ranges of its groups do not fit together")
            values = entry[part[0]]
            found += values
            if part[2] == "*":
                return tuple(found)
            if not values:
                break
            entry = self._one(operation, self._read(base, (f"tokenGroups;range={len(found)}-*",)), "it is gone")
        raise ContradictoryAttributesError("ranges of its groups have no end")

    def _one(self, operation: str, found: SearchResult, nothing: str) -> Mapping[str, tuple[bytes, ...]]:
        """The only entry of an answer."""
        if found.result.code == messages.NO_SUCH_OBJECT:
            raise DirectoryAccountNotFound(self.host, operation, nothing, _CHECK_ACCOUNT)
        if found.result.code != messages.SUCCESS:
            raise DirectoryRejected(self.host, operation, *refused(found.result))
        if not found.entries:
            raise DirectoryAccountNotFound(self.host, operation, nothing, _CHECK_ACCOUNT)
        if len(found.entries) > 1:
            raise ContradictoryAttributesError("several entries for one object")
        return found.entries[0]

    def _asked(self, ask: Callable[[LdapConnection], _Value]) -> _Value:
        """Ask over the connection. One that the server has closed in the meantime is opened again, once."""
        if self._process != os.getpid():
            # A connection of the process that this one was forked from. Only the copy of it is closed here.
            self.close()
            self._process = os.getpid()
        if self._connection is not None:
            try:
                return ask(self._connection)
            except ConnectionError:
                self.close()
        connection = self._connection = self._opened()
        return ask(connection)

    def _opened(self) -> LdapConnection:
        settings = self._settings
        if IMPORT_ERROR:
            raise self._not_logged_on(f"a library is missing on the controller ({IMPORT_ERROR})", "Install it.")
        security = self._new_security()
        where = f"{settings.address} port {settings.port}"
        advice = _IS_IT_UP.format(port=settings.port)
        try:
            connection = LdapConnection(settings.address, settings.port, settings.timeout)
        except TimeoutError:
            reason = f"no answer from {where} in {settings.timeout:g} seconds"
            raise DirectoryUnreachable(self.host, _LOGGING_ON, reason, advice) from None
        except (OSError, UnicodeError, OverflowError) as error:  # the last two for an address that cannot be one
            reason = f"no connection to {where}: {_words(error)}"
            advice = _CHECK_NAME if isinstance(error, socket.gaierror) else advice
            raise DirectoryUnreachable(self.host, _LOGGING_ON, reason, advice) from None
        try:
            connection.log_on(security)
        except TimeoutError:
            connection.close()
            reason = f"no end of the logon at {where} within {settings.timeout:g} seconds"
            raise DirectoryUnreachable(self.host, _LOGGING_ON, reason, _SLOW) from None
        except LogonError as error:
            connection.close()
            reason, advice = refused_logon(error.result, kerberos=settings.kerberos)
            password = not settings.kerberos and refused_password(error.result)
            raise self._not_logged_on(reason, advice, password=password) from None
        except OSError as error:
            connection.close()
            reason = f"{where} ended the logon: {_words(error)}"
            raise DirectoryUnreachable(self.host, _LOGGING_ON, reason, advice) from None
        except UnusableError as error:
            connection.close()
            reason = f"the answer of {where} cannot be used: {error}"
            raise DirectoryUnreachable(self.host, _LOGGING_ON, reason, _NOT_A_CONTROLLER) from None
        except BaseException:
            connection.close()
            raise
        return connection

    def _new_security(self) -> Security:
        settings = self._settings
        try:
            if settings.kerberos:
                service = f"ldap/{(settings.kerberos_name or settings.host).lower()}"
                account = (settings.user, settings.domain, settings.password)
                return Kerberos(service_ticket(*account, service, settings.timeout, settings.domains))
            if not settings.user or not settings.password:
                # pyspnego would look for another account in the environment.
                raise self._not_logged_on("NTLM needs a user name and a password", "Give both.")
            return Ntlm(settings.account, settings.password, settings.host)
        except TicketError as error:
            advice = error.advice
            for theirs, ours in _OPTIONS.items():
                advice = advice.replace(theirs, ours)
            raise self._not_logged_on(error.reason, advice, password=error.wrong_password) from None
        except SecurityError as error:
            raise self._not_logged_on(str(error), "Let the domain controller's account have AES keys.") from None

    def _not_logged_on(self, reason: str, advice: str, *, password: bool = False) -> DirectoryLogonFailed:
        account = f"{self._settings.account}: " if self._settings.account else ""
        kind = PasswordRefused if password else DirectoryLogonFailed
        return kind(self.host, _LOGGING_ON, f"{account}{reason}", advice)

    @contextmanager
    def _errors(self, operation: str) -> Iterator[None]:
        """Translate what goes wrong, and close a connection that is of no more use."""
        try:
            yield
        except DirectoryRejected:
            raise
        except DirectoryError:
            self.close()
            raise
        except TimeoutError:
            self.close()
            reason = f"no whole answer within {self._settings.timeout:g} seconds"
            raise DirectoryNoAnswer(self.host, operation, reason, _SLOW) from None
        except OSError as error:
            self.close()
            advice = _IS_IT_UP.format(port=self._settings.port)
            raise DirectoryNoAnswer(self.host, operation, f"the connection broke: {_words(error)}", advice) from None
        except (UnusableError, ValueError) as error:
            # ValueError: attributes that contradict, or bytes that are no text or SID.
            self.close()
            reason = f"the answer cannot be used: {error}"
            raise UnusableAnswer(self.host, operation, reason, _NOT_A_CONTROLLER) from None
        except BaseException:
            # Ansible ends a task that takes too long. The rest of its answer must not be read as the next answer.
            self.close()
            raise


def _dns_name(base: str) -> str:
    """The DNS name of a domain from the name of its object (RFC 2247, 3)."""
    components = [_COMPONENT.fullmatch(part.strip()) for part in base.split(",")]
    labels = [component[1] for component in components if component is not None]
    if len(labels) != len(components) or len(base) > LONGEST_NAME * 4:
        raise ContradictoryAttributesError(f"its domain is called {base[:LONGEST_NAME]!r}, which is no DNS name")
    return ".".join(labels)


def _is_named(entry: Mapping[str, tuple[bytes, ...]], name: str) -> bool:
    (found,) = entry.get("samaccountname", (b"",))[:1] or (b"",)
    return found.decode("utf-8", "replace").casefold() == name.casefold()


def _words(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
