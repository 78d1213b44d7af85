"""The least of X11 that painting and looking need, over xcffib: no toolkit, so that nothing of it is measured."""

from collections.abc import Sequence
from typing import Any, Final

import xcffib
import xcffib.xproto as x
from PIL import Image

Box = tuple[int, int, int, int]  # left, top, width, height
_rectangle: Any = x.RECTANGLE.synthetic

_ROWS_AT_ONCE: Final = 64  # so that one request stays below the server's limit at any width used here


class Display:
    """One connection to a display. `size` is the screen's, in pixels."""

    def __init__(self, name: str) -> None:
        connect: Any = xcffib.connect
        self.connection: Any = connect(display=name)
        screen = self.connection.get_setup().roots[self.connection.pref_screen]
        self.root: int = screen.root
        self.depth: int = screen.root_depth
        self.size: tuple[int, int] = screen.width_in_pixels, screen.height_in_pixels
        self._core: Any = self.connection.core

    def close(self) -> None:
        """Disconnect; windows and pixmaps of this connection go with it."""
        self.connection.disconnect()

    def sync(self) -> None:
        """Return once the server has carried out everything asked so far."""
        self._core.GetInputFocus().reply()

    # ── painting ────────────────────────────────────────────────────────────────────────────────────────────────────

    def cover(self, *, over_lowest: bool) -> int:
        """Return a window over the whole screen that no window manager touches: the lowest of all, or just above it."""
        window: int = self.connection.generate_id()
        width, height = self.size
        parent, visual = x.WindowClass.CopyFromParent, 0
        flags = x.CW.BackPixel | x.CW.OverrideRedirect
        lowest = self._core.QueryTree(self.root).reply().children[0] if over_lowest else 0
        self._core.CreateWindow(self.depth, window, self.root, 0, 0, width, height, 0, parent, visual, flags, [0, 1])
        if over_lowest:
            how = x.ConfigWindow.Sibling | x.ConfigWindow.StackMode
            self._core.ConfigureWindow(window, how, [lowest, x.StackMode.Above])
        else:
            self._core.ConfigureWindow(window, x.ConfigWindow.StackMode, [x.StackMode.Below])
        self._core.MapWindow(window)
        self.sync()
        return window

    def set_background(self, window: int, colour: tuple[int, int, int]) -> None:
        """Set what the server itself paints where the window comes to light again."""
        self._core.ChangeWindowAttributes(window, x.CW.BackPixel, [pixel(colour)])

    def pen(self, drawable: int) -> int:
        """Return a graphics context that makes no events."""
        pen: int = self.connection.generate_id()
        self._core.CreateGC(pen, drawable, x.GC.GraphicsExposures, [0])
        return pen

    def pixmap(self, width: int, height: int) -> int:
        """Return an empty pixmap in the server."""
        pixmap: int = self.connection.generate_id()
        self._core.CreatePixmap(self.depth, pixmap, self.root, width, height)
        return pixmap

    def upload(self, picture: Image.Image, pen: int) -> int:
        """Return a pixmap with this RGB picture: from now on it is painted without a byte from us."""
        width, height = picture.size
        pixmap = self.pixmap(width, height)
        pixels = picture.convert("RGBX").tobytes("raw", "BGRX")
        for top in range(0, height, _ROWS_AT_ONCE):
            rows = min(_ROWS_AT_ONCE, height - top)
            data = pixels[top * width * 4 : (top + rows) * width * 4]
            self._core.PutImage(x.ImageFormat.ZPixmap, pixmap, pen, width, rows, 0, top, 0, self.depth, len(data), data)
        self.sync()
        return pixmap

    def copy(self, source: int, target: int, pen: int, box: Box, to: tuple[int, int] = (0, 0)) -> None:
        """Copy a box of a pixmap to a place on a window or pixmap."""
        left, top, width, height = box
        self._core.CopyArea(source, target, pen, left, top, to[0], to[1], width, height)

    def fill(self, target: int, pen: int, colour: tuple[int, int, int], boxes: Sequence[Box]) -> None:
        """Fill boxes with a colour."""
        self._core.ChangeGC(pen, x.GC.Foreground, [pixel(colour)])
        self._core.PolyFillRectangle(target, pen, len(boxes), [_rectangle(*box) for box in boxes])

    def flush(self) -> None:
        """Send what was asked; does not wait."""
        self.connection.flush()

    # ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def look(self, box: Box) -> bytes:
        """Return what can be seen in a box of the screen, four bytes (blue, green, red, none) a pixel."""
        reply = self._core.GetImage(x.ImageFormat.ZPixmap, self.root, *box, 0xFFFFFFFF).reply()
        return bytes(reply.data.buf())

    def colour_at(self, at: tuple[int, int]) -> tuple[int, int, int]:
        """Return red, green, blue of one pixel."""
        blue, green, red, _ = self.look((at[0], at[1], 1, 1))
        return red, green, blue

    def picture(self) -> Image.Image:
        """Return the whole screen."""
        width, height = self.size
        return Image.frombuffer("RGB", self.size, self.look((0, 0, width, height)), "raw", "BGRX", 0, 1)


def pixel(colour: tuple[int, int, int]) -> int:
    """Return a colour as a 24-bit server wants it."""
    red, green, blue = colour
    return red << 16 | green << 8 | blue
