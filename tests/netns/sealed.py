"""A laptop with a screen of its own, sealed off: network, processes, /etc and /sys are its own, so that rules may hold.

Whatever the client changes or ends there, nothing of the machine that runs the test is touched: the client sees no
other processes than this laptop's, and /etc is a copy in the test's folder.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.end_to_end.stage import PATIENCE, Laptop, until
from tests.netns.conftest import END_WITH_US, Machine

HOLD = [
    "setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--propagation", "private",
    "--pid", "--fork", "--kill-child", "--mount-proc", "sleep", "infinity",
]  # fmt: skip
BROWSERS = {
    "etc/chromium/policies/managed/college.json": b'{"HomepageLocation": "https://key.example"}\n',
    "etc/firefox/policies/policies.json": b'{"policies": {"DisableTelemetry": true}}\n',
}


class Sealed(Machine):
    """One machine of that kind; `folder` holds its /etc."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "etc").mkdir(parents=True)
        self.holder = subprocess.Popen(HOLD)
        self._wait_for_its_own()
        self._first = self._first_process()
        self.enter = ["nsenter", "--target", str(self._first), "--net", "--mount", "--pid", *END_WITH_US]
        self.run("ip", "link", "set", "lo", "up")
        self.run("cp", "-a", "/etc/.", str(folder / "etc"))
        self.run("mount", "--bind", str(folder / "etc"), "/etc")
        self.run("mount", "-t", "tmpfs", "tmpfs", "/sys")
        for name, content in BROWSERS.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)

    def _first_process(self) -> int:
        children = Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children")
        until(lambda: children.read_text().strip(), what="its first process")
        first = int(children.read_text())
        until(lambda: Path(f"/proc/{first}/comm").read_text().strip() == "sleep", what="its own /proc")
        return first

    def start(self, *argv: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Run a program until the machine is closed."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen([*self.enter, *argv], env={**os.environ, **(environ or {})}, stdout=quiet, stderr=quiet)

    def policies(self) -> dict[str, bytes]:
        """Every file that browsers of this laptop read policies from; never one that is only being written."""
        found = {}
        for browser in ("chromium", "chromium-browser", "firefox", "opt"):
            for path in sorted((self.folder / "etc" / browser).rglob("policies/**/[!.]*.json")):
                with contextlib.suppress(FileNotFoundError):  # gone since
                    found[str(path.relative_to(self.folder))] = path.read_bytes()
        return found


class Seat:
    """A student's desktop on a sealed machine: its screen, its window manager, the client, and the student's doings."""

    def __init__(
        self, machine: Sealed, state: Path, *, screen: bool = True, client: Mapping[str, str] | None = None
    ) -> None:
        """`client` is set in the client's environment alone."""
        self.machine, self.device = machine, state.name
        self._children: list[subprocess.Popen[bytes]] = []
        self.display = self._screen() if screen else ""
        self.environ = {"DISPLAY": self.display, "HOME": str(machine.folder)}
        if screen:
            self.open("openbox", "--sm-disable")
        self.client = Laptop(
            state,
            {**self.environ, **(client or {})},
            listen="[::]:47800",
            before=machine.enter,
            leave_machine=False,
        )

    def _screen(self) -> str:
        log = self.machine.folder / "display"
        argv = ["sh", "-c", f'exec Xvfb -displayfd 1 -screen 0 1280x800x24 -nolisten tcp -noreset >"{log}" 2>/dev/null']
        self._children.append(self.machine.start(*argv))
        until(lambda: log.exists() and log.read_text().strip(), what="Xvfb")
        return f":{log.read_text().strip()}"

    def open(self, *argv: str) -> subprocess.Popen[bytes]:
        """Start one of the student's programs."""
        self._children.append(self.machine.start(*argv, environ=self.environ))
        return self._children[-1]

    def tool(self, *argv: str) -> str:
        """Run xdotool on this screen, as the student's hands and eyes; "" where it finds nothing."""
        argv = (*self.machine.enter, "xdotool", *argv)
        environ = {**os.environ, **self.environ}
        ran = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, timeout=10)
        return ran.stdout.strip()

    def sees(self, title: str) -> bool:
        """Whether a window of that title is on the screen."""
        return bool(self.tool("search", "--onlyvisible", "--name", title))

    def receipts(self) -> str:
        """What the student can read of it all."""
        path = self.client.state.path / "receipts.jsonl"
        return path.read_text() if path.exists() else ""

    def close(self) -> None:
        self.client.stop()
        for child in self._children:
            child.kill()
            child.wait()


def ended(program: subprocess.Popen[bytes], within: float = PATIENCE) -> float:
    """Return the seconds until a program has ended."""
    began = time.monotonic()
    program.wait(within)
    return time.monotonic() - began
