"""Veyon: veyon-server with its x11vnc engine on each laptop, veyon-master at the tutor's.

Veyon keeps its settings in one place for the whole computer, so each of its processes runs in a mount namespace where
that place is a folder of the benchmark's: the computer's own settings are neither read nor changed.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

from benchmarks.peers import Program
from benchmarks.room import Laptop, Room
from tutor_app.demo.processes import Child, DemoError

SETTINGS: Final = Path("/etc/xdg/Veyon Solutions")
KEY: Final = "benchmark"
ROOM: Final = "Room 4"
ENGINES_PORT: Final = 11200
SHOWN_WITHIN: Final = 30.0
FIRST_PICTURE: Final = 50_000  # bytes a page of text and pictures has at the very least
_BIND: Final = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'


class Veyon(Program):
    """As Debian configures it, but for key files instead of passwords and a room with the laptops in it."""

    name = "Veyon"

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self._folder = room.folder / "veyon"
        self._environ = room.tutors_environment("veyon") | {"HOME": str(self._folder)}
        self._servers: dict[str, Child] = {}
        self._viewer: Child | None = None
        self._sent: dict[str, float] = {}

    def missing(self) -> str:
        """Say what Debian calls it, or why it cannot run here."""
        if not all(map(shutil.which, ("veyon-master", "veyon-server", "veyon-cli"))):
            return "apt-get install veyon-master veyon-service libqca-qt5-2-plugins"
        if not self.room.cabled or os.geteuid() != 0:
            return "it needs root here, for a network and settings of its own"
        return ""

    def show_wall(self) -> None:
        """Start a server on every laptop, and the master, which shows them all."""
        self._configure()
        self._serve()
        self._sent = {laptop.device: laptop.bytes_out() for laptop in self.room.laptops}
        argv = self.room.on_tutors(self._inside("veyon-master"))
        self._viewer = self.room.children.start("veyon-master", argv, self._environ)
        self._until_shown()

    def show_focus(self, laptop: Laptop) -> None:
        """Start a server, and the viewer that the master opens at a double click."""
        self._configure()
        self._serve()
        view = self._inside("veyon-cli", "remoteaccess", "view", self.room.address(laptop))
        self._viewer = self.room.children.start("veyon-viewer", self.room.on_tutors(view), self._environ)
        time.sleep(3.0)  # its window is there at once, the picture a moment later; who measures looks for it
        if not self._viewer.running:
            raise DemoError(f"Veyon's viewer ended: {self._viewer.last_words}")

    def student(self, laptop: Laptop) -> list[int]:
        """Return the server; its workers are its children."""
        return [self._servers[laptop.device].process.pid]

    def tutor(self) -> list[int]:
        """Return the master, or the viewer."""
        assert self._viewer
        return [self._viewer.process.pid]

    def stop(self) -> None:
        """End all of it."""
        self.room.children.end(*(child for child in (self._viewer, *self._servers.values()) if child))
        self._viewer, self._servers = None, {}

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _inside(self, program: str, *arguments: str) -> list[str]:
        """Return the argv that runs one of its programs with our settings in the place of the computer's."""
        found = shutil.which(program) or program
        bind = ["sh", "-c", _BIND, "sh", str(self._folder / "settings"), str(SETTINGS)]
        return ["unshare", "--mount", *bind, found, *arguments]

    def _configure(self) -> None:
        (self._folder / "settings").mkdir(parents=True, exist_ok=True)
        keys = self._folder / "keys"
        for key, value in {
            "Authentication/PrivateKeyBaseDir": keys / "private",
            "Authentication/PublicKeyBaseDir": keys / "public",
            "Authentication/Method": 1,
            "Logging/LogLevel": 2,
            "Logging/LogFileDirectory": self._folder,
        }.items():
            self._cli("config", "set", key, str(value))
        if not (keys / "private" / KEY).exists():
            self._cli("authkeys", "create", KEY)
            self._cli("networkobjects", "add", "location", ROOM)
            for laptop in self.room.laptops:
                self._cli("networkobjects", "add", "computer", laptop.device, self.room.address(laptop), "", ROOM)
            self._tick_all()

    def _tick_all(self) -> None:
        """Have the master show every computer, as if somebody had ticked them in its list."""
        settings = (self._folder / "settings" / "Veyon.conf").read_text(encoding="utf-8")
        stored = re.search(r"^NetworkObjects=@@JsonValue\((.*)\)$", settings, re.MULTILINE)
        if not stored:
            raise DemoError("Veyon has not stored the laptops where it is known to store them")
        ticked = [entry["Uid"] for entry in json.loads(base64.b64decode(stored[1]))["a"]]
        remembered = Path(self._environ["HOME"]) / ".veyon/Config/VeyonMaster.json"
        remembered.parent.mkdir(parents=True, exist_ok=True)
        remembered.write_text(json.dumps({"UI": {"CheckedNetworkObjects": {"JsonStoreArray": ticked}}}))

    def _cli(self, *arguments: str) -> None:
        argv = self._inside("veyon-cli", *arguments)
        environ = self._environ | {"QT_QPA_PLATFORM": "offscreen"}
        run = subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=30, check=False)
        if run.returncode:
            raise DemoError(f"veyon-cli {' '.join(arguments)}: {run.stdout}{run.stderr}")

    def _serve(self) -> None:
        for laptop in self.room.laptops:
            argv = [*laptop.enter, *self._inside("veyon-server")]
            child = self.room.children.start(
                f"veyon-server of {laptop.name}", argv, laptop.environ | {"HOME": str(laptop.folder)}
            )
            self._servers[laptop.device] = child
        # A viewer that comes before the engine listens is let in and sees nothing for ever.
        deadline = time.monotonic() + SHOWN_WITHIN
        for laptop in self.room.laptops:
            while not _listens(laptop, ENGINES_PORT):
                if time.monotonic() > deadline:
                    raise DemoError(f"Veyon's engine did not start: {self._servers[laptop.device].last_words}")
                time.sleep(0.1)

    def _until_shown(self) -> None:
        """Wait until every laptop has sent its first picture."""
        deadline = time.monotonic() + SHOWN_WITHIN
        while any(laptop.bytes_out() - self._sent[laptop.device] < FIRST_PICTURE for laptop in self.room.laptops):
            if time.monotonic() > deadline:
                raise DemoError(f"Veyon's master did not show the laptops within {SHOWN_WITHIN:.0f} s")
            time.sleep(0.1)


def _listens(laptop: Laptop, port: int) -> bool:
    """Whether anybody listens on this port in the laptop's network (proc(5), net/tcp: state 0A)."""
    assert laptop.machine
    table = Path(f"/proc/{laptop.machine.holder.pid}/net/tcp").read_text(encoding="utf-8")
    return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A" for line in table.splitlines()[1:])
