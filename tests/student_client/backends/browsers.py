"""Real Chromium and Firefox with windows, driven by their own protocols, and a web in which every host is one server.

Each browser sees a copy of the machine's /etc, mounted for it alone: what tests write there touches nobody else.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from websockets.sync.client import connect

from student_client.backends.x11_windows import X11Windows

CHROMIUM, FIREFOX = Path("/usr/bin/chromium"), Path("/usr/bin/firefox-esr")
BLOCKED = "ERR_BLOCKED_BY_ADMINISTRATOR"


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"<title>{self.path}</title><h1>a page</h1>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class LittleWeb:
    """An HTTP server that is every host; as a proxy it is asked for them by name."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="little-web")
        self._thread.start()
        self.port = self._server.server_port

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Speaker:
    """Numbered questions over a websocket."""

    def __init__(self, url: str) -> None:
        self._open = ExitStack()
        self._socket = self._open.enter_context(connect(url, max_size=None, open_timeout=20))
        self._number = 0

    def ask(self, method: str, **params: object) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv(timeout=30))
            if answer.get("id") == self._number:
                return answer.get("result") or answer

    def close(self) -> None:
        self._open.close()


class Laptop:
    """A root below which rules are written, and on which both browsers run: its /etc is theirs."""

    def __init__(self, folder: Path, display: str, web: LittleWeb) -> None:
        self.root, self.home = folder / "root", folder / "home"
        self.display, self.web = display, web
        self.home.mkdir()
        for browser in (CHROMIUM, FIREFOX):
            here = self.root / browser.relative_to("/")
            here.parent.mkdir(parents=True, exist_ok=True)
            here.touch()
        shutil.copytree("/etc", self.root / "etc", symlinks=True)

    def start(self, *argv: str) -> subprocess.Popen[bytes]:
        mount = f'mount --bind "{self.root}/etc" /etc && exec "$@"'
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", mount, "sh", *argv]
        environ = {**os.environ, "HOME": str(self.home), "DISPLAY": self.display, "MOZ_CRASHREPORTER_DISABLE": "1"}
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, env=environ, stdout=quiet, stderr=quiet, start_new_session=True)


class Browser:
    """A running browser."""

    def __init__(self, laptop: Laptop, *argv: str) -> None:
        self.laptop = laptop
        self.process = laptop.start(*argv)
        self.speakers: list[_Speaker] = []

    def close(self) -> None:
        """Close its windows as the agent does first, by their own close buttons, and wait until it has ended."""
        self._hang_up()
        X11Windows(self.laptop.display).close_windows(self.process.pid)
        self.process.wait(30)

    def kill(self) -> None:
        self._hang_up()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def _hang_up(self) -> None:
        for speaker in self.speakers:
            speaker.close()
        self.speakers.clear()


class Chromium(Browser):
    def __init__(self, laptop: Laptop) -> None:
        profile = laptop.home / ".config/chromium"
        active = profile / "DevToolsActivePort"
        active.unlink(missing_ok=True)
        super().__init__(
            laptop, str(CHROMIUM), "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0",
            f"--user-data-dir={profile}", f"--host-resolver-rules=MAP * 127.0.0.1:{laptop.web.port}",
        )  # fmt: skip
        wait(lambda: active.exists() and "\n" in active.read_text(), 60)
        self._port = int(active.read_text().split()[0])

    def tab(self) -> _Speaker:
        """A new tab."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self._port}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(asked, timeout=20) as answer:
            self.speakers.append(_Speaker(json.load(answer)["webSocketDebuggerUrl"]))
        return self.speakers[-1]

    def addresses(self) -> set[str]:
        """The addresses of its tabs."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/json/list", timeout=20) as answer:
            return {tab["url"] for tab in json.load(answer) if tab["type"] == "page"}


class Firefox(Browser):
    def __init__(self, laptop: Laptop) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        profile = laptop.home / "profile"
        profile.mkdir(exist_ok=True)
        settings = {
            "network.proxy.type": 1,
            "network.proxy.http": "127.0.0.1",
            "network.proxy.http_port": laptop.web.port,
            "remote.prefs.recommended": False,  # they would turn off what brings tabs back
            "browser.sessionstore.restore_on_demand": False,  # a tab that is not loaded has no address to be asked for
        }
        lines = [f'user_pref("{name}", {json.dumps(value)});' for name, value in settings.items()]
        (profile / "user.js").write_text("\n".join(lines))
        argv = [str(FIREFOX), "--no-remote", "--profile", str(profile), "--remote-debugging-port", str(port)]
        super().__init__(laptop, *argv)
        wait(lambda: _listens(port), 90)
        self.speaker = _Speaker(f"ws://127.0.0.1:{port}/session")
        self.speakers.append(self.speaker)
        self.speaker.ask("session.new", capabilities={})

    def addresses(self) -> set[str]:
        """The addresses of its tabs."""
        return {each["url"] for each in self.speaker.ask("browsingContext.getTree")["contexts"]}

    def tab(self) -> str:
        """A new tab."""
        return str(self.speaker.ask("browsingContext.create", type="tab")["context"])

    def go(self, tab: str, address: str) -> str:
        """Open an address; return "" or the error."""
        answer = self.speaker.ask("browsingContext.navigate", context=tab, url=address, wait="complete")
        return str(answer.get("message", ""))


def go(tab: _Speaker, address: str) -> str:
    """Open an address in a tab of Chromium's; return "" or the error."""
    return str(tab.ask("Page.navigate", url=address).get("errorText", ""))


def wait(condition: Callable[[], bool], seconds: float, seen: Callable[[], object] = str) -> float:
    """Return after how many seconds it was so; fails the test, telling what is seen, when it never was."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"not so within {seconds} s: {seen()}"
        time.sleep(0.2)
    return time.monotonic() - begun


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
