"""A few keys of an X11 session that are ours wherever the focus is, by passive grabs: no other key reaches us."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from typing import Final

import xcffib.xproto as xp

from student_client.backends.base import Hotkey, Hotkeys, HotkeysError
from student_client.backends.x11 import Connection, DisplayLostError, RequestError, in_words

# The letter's keysym, and where it is on every PC keyboard for a layout that has no Latin letters (evdev's keycodes).
_LETTERS: Final = {Hotkey.HELP: (ord("h"), 43), Hotkey.COVER: (ord("c"), 54), Hotkey.PANEL: (ord("l"), 46)}
_MODIFIERS: Final = xp.ModMask.Control | xp.ModMask.Shift | xp.ModMask._1  # noqa: SLF001 - Alt, in xcffib's spelling
_CAPS, _NUM = xp.ModMask.Lock, xp.ModMask._2  # noqa: SLF001 - they may be on; xkeyboard-config has NumLock on Mod2
_REPEAT_MS: Final = 5  # the server repeats a held key by a release and a press of one and the same time
_WRAP: Final = 1 << 32  # the server's milliseconds


class X11Hotkeys(Hotkeys):
    """Grabs Ctrl+Alt+Shift with a letter. While a lock, a menu or a drag has the keyboard they are not heard."""

    def __init__(self, display: str) -> None:
        self._keys: dict[int, Hotkey] = {}
        self._released: dict[int, int] = {}
        with _as_hotkeys_errors():
            self._connection = Connection(display)
            self._grab_all()

    @property
    def names(self) -> Mapping[Hotkey, str]:
        """Return those the server granted."""
        ours = set(self._keys.values())
        return {key: f"Ctrl+Alt+Shift+{chr(keysym).upper()}" for key, (keysym, _) in _LETTERS.items() if key in ours}

    def take(self) -> tuple[Hotkey, ...]:
        """Read what has arrived; another layout may have moved the letters."""
        pressed: list[Hotkey] = []
        with _as_hotkeys_errors():
            for event in self._connection.events():
                if isinstance(event, xp.MappingNotifyEvent) and event.request == xp.Mapping.Keyboard:
                    self._grab_all()
                elif isinstance(event, xp.KeyReleaseEvent):
                    self._released[event.detail] = event.time
                elif isinstance(event, xp.KeyPressEvent):
                    pressed += self._pressed(event.detail, event.time)
        return tuple(pressed)

    def fileno(self) -> int:
        """Return the display's descriptor."""
        with _as_hotkeys_errors():
            return self._connection.fileno()

    def close(self) -> None:
        """Disconnect, which ends every grab."""
        self._connection.close()

    def _pressed(self, keycode: int, at: int) -> tuple[Hotkey, ...]:
        """Return the key, or nothing where that is the repetition of one held down, or a grab of the layout before."""
        if (key := self._keys.get(keycode)) is None:
            return ()
        before = self._released.get(keycode)
        return (key,) if before is None or (at - before) % _WRAP > _REPEAT_MS else ()

    def _grab_all(self) -> None:
        """Hold the letters where the layout of this moment has them.

        The server tells of a mapping whenever another keyboard is typed on, mostly with the letters where they were.
        Those grabs stay as they are: one given back and taken again could miss the very press it is there for.
        """
        wanted = {self._connection.keycode(keysym) or usual: key for key, (keysym, usual) in _LETTERS.items()}
        before = self._keys
        self._keys = {code: key for code, key in wanted.items() if code in before or self._grab(code)}
        for keycode in before.keys() - wanted.keys():
            self._let_go(keycode)

    def _grab(self, keycode: int) -> bool:
        """Grab a key whatever Caps Lock and Num Lock are; False where another program has it."""
        mode = xp.GrabMode.Async
        try:
            for caps, num in product((0, _CAPS), (0, _NUM)):
                with in_words(self._connection.display):
                    self._connection.core.GrabKey(
                        False, self._connection.root, _MODIFIERS | caps | num, keycode, mode, mode, is_checked=True
                    ).check()
        except RequestError:
            self._let_go(keycode)
            return False
        return True

    def _let_go(self, keycode: int) -> None:
        with in_words(self._connection.display):
            self._connection.core.UngrabKey(keycode, self._connection.root, xp.ModMask.Any)


@contextmanager
def _as_hotkeys_errors() -> Iterator[None]:
    try:
        yield
    except (DisplayLostError, RequestError) as error:
        raise HotkeysError(str(error)) from error
