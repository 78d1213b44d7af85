"""Real Chromium and Firefox, driven by their own protocols, and a web in which every host is one local server."""

import json
import os
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

CHROMIUM, FIREFOX = Path("/usr/bin/chromium"), Path("/usr/bin/firefox-esr")
BLOCKED = "ERR_BLOCKED_BY_ADMINISTRATOR"


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"<title>{self.path}</title><h1>a page</h1><textarea id=essay></textarea>".encode()
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


class Browser:
    """A running browser; `port` is where it is driven from."""

    def __init__(self, argv: list[str], home: Path) -> None:
        self.home = home
        environ = {**os.environ, "HOME": str(home), "MOZ_CRASHREPORTER_DISABLE": "1"}
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(argv, env=environ, stdout=quiet, stderr=quiet, start_new_session=True)

    def stop(self) -> None:
        """As a window manager's polite close would: SIGTERM lets both browsers save their session."""
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(5)


class Chromium(Browser):
    def __init__(self, home: Path, web: LittleWeb, *more: str) -> None:
        profile = home / ".config/chromium"
        active = profile / "DevToolsActivePort"
        active.unlink(missing_ok=True)
        super().__init__(
            [
                str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--remote-debugging-port=0", f"--user-data-dir={profile}",
                f"--host-resolver-rules=MAP * 127.0.0.1:{web.port}", *more,
            ],
            home,
        )  # fmt: skip
        wait(lambda: active.exists() and "\n" in active.read_text(), 40)
        self._port = int(active.read_text().split()[0])
        self._tabs: list[_Speaker] = []

    def tab(self) -> _Speaker:
        """A new tab."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self._port}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(asked, timeout=20) as answer:
            self._tabs.append(_Speaker(json.load(answer)["webSocketDebuggerUrl"]))
        return self._tabs[-1]

    def existing(self) -> list[str]:
        """The addresses of its tabs."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/json/list", timeout=20) as answer:
            return [tab["url"] for tab in json.load(answer) if tab["type"] == "page"]

    def stop(self) -> None:
        for tab in self._tabs:
            tab.close()
        self._tabs.clear()
        super().stop()


class Firefox(Browser):
    def __init__(self, home: Path, web: LittleWeb) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        profile = home / "profile"
        profile.mkdir(exist_ok=True)
        proxy = {"network.proxy.type": 1, "network.proxy.http": "127.0.0.1", "network.proxy.http_port": web.port}
        lines = [f'user_pref("{name}", {json.dumps(value)});' for name, value in proxy.items()]
        (profile / "user.js").write_text("\n".join(lines))
        argv = [str(FIREFOX), "--headless", "--no-remote", "--profile", str(profile)]
        super().__init__([*argv, "--remote-debugging-port", str(port)], home)
        wait(lambda: _listens(port), 60)
        self.speaker = _Speaker(f"ws://127.0.0.1:{port}/session")
        self.speaker.ask("session.new", capabilities={})

    def tabs(self) -> dict[str, str]:
        """Addresses by context."""
        contexts = self.speaker.ask("browsingContext.getTree")["contexts"]
        return {each["context"]: each["url"] for each in contexts}

    def go(self, address: str) -> str:
        """Open an address in the first tab; return "" or the error."""
        context = next(iter(self.tabs()))
        answer = self.speaker.ask("browsingContext.navigate", context=context, url=address, wait="complete")
        return str(answer.get("message", ""))

    def run(self, script: str) -> Any:
        context = next(iter(self.tabs()))
        answer = self.speaker.ask("script.evaluate", expression=script, target={"context": context}, awaitPromise=False)
        return answer.get("result", {}).get("value")

    def stop(self) -> None:
        self.speaker.close()
        super().stop()


def go(tab: _Speaker, address: str) -> str:
    """Open an address in a tab of Chromium's; return "" or the error."""
    return str(tab.ask("Page.navigate", url=address).get("errorText", ""))


def evaluate(tab: _Speaker, script: str) -> Any:
    return tab.ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")


def wait(condition: Callable[[], bool], seconds: float) -> float:
    """Return after how many seconds it was so; fails the test when it never was."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"not so within {seconds} s"
        time.sleep(0.2)
    return time.monotonic() - begun


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
