# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium, asked over the Chrome DevTools Protocol through a pipe: no port, no driver."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from tests.waiting import PATIENCE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium here. To run this: sudo make test, or install Debian's chromium"
)


class Browser:
    """One browser process."""

    def __init__(self, process: subprocess.Popen[bytes], commands: int, answers: int) -> None:
        self._process = process
        self._commands = commands
        self._answers = answers
        self._received = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def ask(self, method: str, *, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send one command and return its result; what else happens meanwhile is kept in ``events``."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        if session:
            command["sessionId"] = session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self._commands, data) :]
        while (answer := self._next()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def wait_for(self, method: str) -> dict[str, Any]:
        """Return the next event of that name, which may have come already."""
        for place, event in enumerate(self.events):
            if event.get("method") == method:
                return self.events.pop(place)
        while (event := self._next()).get("method") != method:
            self.events.append(event)
        return event

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._received:
            ready, _write, _errors = select.select([self._answers], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"the browser says nothing for {PATIENCE} seconds"
            data = os.read(self._answers, 1 << 20)
            assert data, f"the browser ended with {self._process.poll()}"
            self._received += data
        message, self._received = self._received.split(b"\0", 1)
        found: dict[str, Any] = json.loads(message)
        return found


class Page:
    """One tab."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.ask("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        # A browser's own first page and its like are nothing that ours did.
        browser.events.clear()

    def __enter__(self) -> Page:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._browser.ask("Target.closeTarget", targetId=self._target)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.ask(method, session=self._session, **parameters)

    def open(self, file: Path, fragment: str = "", *, script: bool = True) -> None:
        self.ask("Emulation.setScriptExecutionDisabled", value=not script)
        # By way of another page, since going to a fragment of the same page would not load it again.
        for url in ("about:blank", f"{file.as_uri()}{fragment}"):
            self.ask("Page.navigate", url=url)
            self._browser.wait_for("Page.loadEventFired")

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression. Our page's own policy and a ban on scripts do not apply to it."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, text=text)

    def media(self, kind: str = "", *, dark: bool = False) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", media=kind, features=[scheme])

    def width(self, pixels: int, height: int = 900) -> None:
        self.ask("Emulation.setDeviceMetricsOverride", width=pixels, height=height, deviceScaleFactor=1, mobile=False)

    def pdf(self) -> bytes:
        stream = self.ask("Page.printToPDF", transferMode="ReturnAsStream", printBackground=False)["stream"]
        data = b""
        while True:
            piece = self.ask("IO.read", handle=stream, size=1 << 20)
            data += base64.b64decode(piece["data"]) if piece.get("base64Encoded") else piece["data"].encode()
            if piece["eof"]:
                return data

    @property
    def complaints(self) -> list[str]:
        """What the browser had to say: breaches of the page's policy, exceptions, dialogs."""
        return [
            json.dumps(event["params"])
            for event in self._browser.events
            if event["method"]
            in ("Log.entryAdded", "Runtime.exceptionThrown", "Page.javascriptDialogOpening", "Runtime.consoleAPICalled")
        ]

    @property
    def requests(self) -> list[str]:
        """What was asked for, the page itself included."""
        return [
            event["params"]["request"]["url"].split("#")[0]
            for event in self._browser.events
            if event["method"] == "Network.requestWillBeSent"
        ]


@contextmanager
def running_browser(directory: Path) -> Iterator[Browser]:
    """A browser with a profile of its own in ``directory``, and without anybody else's settings."""
    assert CHROMIUM
    theirs, commands = os.pipe()
    answers, ours = os.pipe()
    arguments = [
        CHROMIUM,
        "--headless=new",
        "--remote-debugging-pipe",
        f"--user-data-dir={directory}",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-extensions",
        "--disable-sync",
        "--no-first-run",
        "--hide-scrollbars",
        # A container seldom lets a process make the namespaces of the sandbox, and root never gets one.
        "--no-sandbox",
        "about:blank",
    ]
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "LANG": "C.UTF-8"}
    # The protocol's ends are file descriptors 3 and 4.
    process = subprocess.Popen(
        ["bash", "-c", f'exec "$@" 3<&{theirs} 4>&{ours}', "bash", *arguments],
        pass_fds=(theirs, ours),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(theirs)
    os.close(ours)
    browser = Browser(process, commands, answers)
    try:
        yield browser
        browser.ask("Browser.close")
        process.wait(timeout=PATIENCE)
    finally:
        os.close(commands)
        os.close(answers)
        if process.poll() is None:
            # The process group that was started above, with the browser's helpers.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
