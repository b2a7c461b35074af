# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of a directory as text for a file, and back. Pure. Text that is not exactly of this form is no answer."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ..security import AccountState, Sid
from .condition import MOST_UNANSWERED, Answer, AskingState
from .errors import (
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
from .port import Domain, DomainAccount

LONGEST = 4 * 1024 * 1024
"""Most bytes of a text. An account in 10,000 groups takes 0.5 MB."""

_ERRORS = {
    kind.__name__: kind
    for kind in (
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
}
_LONGEST_TEXT = 5000


class NotStoredError(ValueError):
    """The text is no answer: it is torn, or something else wrote it."""


def answer_text(key: str, answer: Answer) -> bytes:
    """An answer as a line.

    Args:
        key: what it answers.
        answer: the answer.
    """
    return _line(key, _written(answer))


def answer_of(key: str, text: bytes) -> Answer:
    """The answer in a text.

    Raises:
        NotStoredError: there is none to this key.
    """
    return _read(_content(key, text))


def condition_text(key: str, condition: AskingState) -> bytes:
    """A condition as a line; see `answer_text`."""
    closed = None if condition.closed_by is None else _written(condition.closed_by)
    return _line(key, [condition.answered, condition.unanswered, closed])


def condition_of(key: str, text: bytes) -> AskingState:
    """The condition in a text.

    Raises:
        NotStoredError: there is none of this key.
    """
    content = _content(key, text)
    if not isinstance(content, list) or len(content) != 3:
        raise NotStoredError("no condition")
    answered, unanswered, closed = content
    if not isinstance(answered, bool) or isinstance(unanswered, bool) or not isinstance(unanswered, int):
        raise NotStoredError("no condition")
    if not 0 <= unanswered <= MOST_UNANSWERED:
        raise NotStoredError("no condition")
    error = None if closed is None else _read(closed)
    if error is not None and not isinstance(error, DirectoryError):
        raise NotStoredError("closed by something that is no error")
    return AskingState(answered, unanswered, error)


def _line(key: str, content: Any) -> bytes:
    body = json.dumps([key, content], separators=(",", ":")).encode()
    return _digest(body) + b" " + body + b"\n"


def _content(key: str, text: bytes) -> Any:
    line, end, _rest = text.partition(b"\n")  # what is left of a longer line is behind the end of this one
    digest, _blank, body = line.partition(b" ")
    if not end or digest != _digest(body):
        raise NotStoredError("torn")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise NotStoredError("no JSON") from None
    if not isinstance(content, list) or len(content) != 2 or content[0] != key:
        raise NotStoredError("of another key")
    return content[1]


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()


def _written(answer: Answer) -> list[Any]:
    if isinstance(answer, DirectoryError):
        return ["error", type(answer).__name__, answer.host, answer.operation, answer.reason, answer.advice]
    if isinstance(answer, Sid):
        return ["sid", str(answer)]
    if isinstance(answer, Domain):
        return ["domain", answer.name, str(answer.sid)]
    if isinstance(answer, frozenset):
        return ["sids", _sid_texts(answer)]
    state = answer.state
    return [
        "account",
        str(answer.sid),
        answer.name,
        None if answer.groups is None else _sid_texts(answer.groups),
        _sid_texts(answer.builtin_groups),
        _sid_texts(answer.foreign),
        _sid_texts(answer.history),
        [state.disabled, state.locked, state.expired, state.password_expired],
        _sid_texts(answer.domain_local),
    ]


def _read(content: Any) -> Answer:
    match content:
        case ["error", str(kind), *texts] if len(texts) == 4 and kind in _ERRORS:
            return _ERRORS[kind](*map(_text, texts))
        case ["sid", sid]:
            return _sid(sid)
        case ["domain", name, sid]:
            return Domain(_text(name), _sid(sid))
        case ["sids", sids]:
            return _sids(sids)
        case ["account", sid, name, groups, builtin, foreign, history, [disabled, locked, expired, password], local]:
            return DomainAccount(
                _sid(sid),
                _text(name),
                None if groups is None else _sids(groups),
                _sids(builtin),
                _sids(foreign),
                _sids(history),
                AccountState(*map(_fact, (disabled, locked, expired, password))),
                _sids(local),
            )
    raise NotStoredError("no answer")


def _sid_texts(sids: frozenset[Sid]) -> list[str]:
    return [str(sid) for sid in sorted(sids)]


def _sids(content: Any) -> frozenset[Sid]:
    if not isinstance(content, list):
        raise NotStoredError("no SIDs")
    return frozenset(map(_sid, content))


def _sid(content: Any) -> Sid:
    text = _text(content)
    try:
        sid = Sid.parse(text)
    except ValueError:
        raise NotStoredError("no SID") from None
    if str(sid) != text:
        raise NotStoredError("a SID in another form")
    return sid


def _text(content: Any) -> str:
    if not isinstance(content, str) or len(content) > _LONGEST_TEXT:
        raise NotStoredError("no text")
    return content


def _fact(content: Any) -> bool | None:
    if content is None or isinstance(content, bool):
        return content
    raise NotStoredError("no fact")
