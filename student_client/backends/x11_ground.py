"""The ground below the lock windows: one plain window over the whole desktop, wherever no lock window is (yet).

Qt learns of a monitor some time after it is there, never learns of Xinerama's, and rounds a scaled screen's edges.
The window is on a connection of its own: who kills that (KillClient) finds the grabs still held, and the ground back.
"""

from contextlib import suppress

import xcffib.xproto as xp

from student_client.backends.x11 import Connection, DisplayLostError, RequestError, in_words

_COLOUR = (0x1A, 0x14, 0x33)  # as the lock windows'


class Ground:
    """Covers one display from `show` to `hide`. Raises DisplayLostError when the display is gone."""

    def __init__(self, display: str) -> None:
        self._display = display
        self._connection: Connection | None = None
        self.window = 0  # 0: none

    def show(self) -> None:
        """Cover the desktop as large as it is now; called again, bring back what somebody has taken away."""
        try:
            self._cover()
        except (DisplayLostError, RequestError):
            self.hide()  # the window was destroyed, or its connection killed: once more from the beginning
            self._cover()

    def hide(self) -> None:
        """Uncover; may be called twice."""
        window, connection = self.window, self._connection
        self.window, self._connection = 0, None
        if connection is None:
            return
        with suppress(DisplayLostError, RequestError), in_words(self._display):
            connection.core.UnmapWindow(window, is_checked=True).check()  # closing alone takes its time
        connection.close()

    def _cover(self) -> None:
        if self._connection is None:
            self._connection = Connection(self._display)
        with in_words(self._display):
            core = self._connection.core
            root = core.GetGeometry(self._connection.root).reply()
            if not self.window:
                self.window = self._made(self._connection, root.width, root.height)
            mask = xp.ConfigWindow.X | xp.ConfigWindow.Y | xp.ConfigWindow.Width | xp.ConfigWindow.Height
            core.ConfigureWindow(self.window, mask, [0, 0, root.width, root.height], is_checked=True).check()
            core.MapWindow(self.window, is_checked=True).check()

    def _made(self, connection: Connection, width: int, height: int) -> int:
        screen = connection.x.setup.roots[connection.x.pref_screen]
        red, green, blue = (value * 0x101 for value in _COLOUR)
        pixel = connection.core.AllocColor(screen.default_colormap, red, green, blue).reply().pixel
        window = int(connection.x.generate_id())
        connection.core.CreateWindow(
            xp.WindowClass.CopyFromParent, window, connection.root, 0, 0, width, height, 0,
            xp.WindowClass.InputOutput, 0, xp.CW.BackPixel | xp.CW.OverrideRedirect, [pixel, 1], is_checked=True,
        ).check()  # fmt: skip
        return window
