"""TigerVNC: x0vncserver on a laptop, xtigervncviewer at the tutor's. It has no wall.

Debian's `x0vncserver` is a script that leaves its server behind; the server itself is called X0tigervnc.
"""

import shutil
import time

from benchmarks.peers import Program
from benchmarks.room import Laptop
from tutor_app.demo.processes import Child, DemoError

PORT = 5900


class TigerVnc(Program):
    """One server, one viewer, no password, everything else as it comes."""

    name = "TigerVNC"

    def missing(self) -> str:
        """Say what Debian calls it."""
        if shutil.which("X0tigervnc") and shutil.which("xtigervncviewer"):
            return ""
        return "apt-get install tigervnc-scraping-server tigervnc-viewer"

    def show_wall(self) -> None:
        """There is none."""
        raise NotImplementedError("TigerVNC has no wall")

    def show_focus(self, laptop: Laptop) -> None:
        """Serve the laptop's screen and view it full screen."""
        server = shutil.which("X0tigervnc") or ""
        viewer = shutil.which("xtigervncviewer") or ""
        port = PORT if laptop.machine else laptop.port
        options = ["-SecurityTypes", "None", "-rfbport", str(port), "-display", laptop.environ["DISPLAY"]]
        self._server = self.room.children.start(
            f"x0vncserver of {laptop.name}", [*laptop.enter, server, *options], laptop.environ
        )
        where = f"{self.room.address(laptop)}::{port}"
        argv = self.room.on_tutors([viewer, "-SecurityTypes", "None", "-FullScreen", where])
        time.sleep(1.0)  # it listens at once; there is nothing to ask before a viewer may come
        self._viewer = self.room.children.start("xtigervncviewer", argv, self.room.tutors_environment("tigervnc"))
        if not self._server.running or not self._viewer.running:
            self.stop()
            raise DemoError(f"TigerVNC ended: {self._server.last_words} {self._viewer.last_words}")

    def student(self, laptop: Laptop) -> list[int]:  # noqa: ARG002 - only one laptop is served
        """Return the server."""
        return [self._server.process.pid]

    def tutor(self) -> list[int]:
        """Return the viewer."""
        return [self._viewer.process.pid]

    def stop(self) -> None:
        """End both."""
        self.room.children.end(self._viewer, self._server)

    _server: Child
    _viewer: Child
