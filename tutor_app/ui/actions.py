"""What the tutor can do, each thing once: buttons, menus and keys all trigger the same actions."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from tutor_app.ui.theme import Theme

# name: (words, keys, icon)
_ACTIONS: Final = {
    "eyes": ("Eyes on me", "F9", "eyes"),
    "lock": ("Lock", "Ctrl+L", "lock"),
    "lock-all": ("Lock all", "Ctrl+Shift+L", "lock"),
    "unlock": ("Unlock", "Ctrl+U", "unlock"),
    "unlock-all": ("Unlock all", "Ctrl+Shift+U", "unlock"),
    "message": ("Message", "Ctrl+M", "message"),
    "message-all": ("Message all", "Ctrl+Shift+M", "message"),
    "flag": ("Flag", "Ctrl+G", "flag"),
    "rules": ("Rules", "F7", "rules"),
    "edit-rules": ("Allow or block…", "Ctrl+B", "rules"),
    "next-hand": ("Next raised hand", "Ctrl+H", "help"),
    "lower-hand": ("Lower the hand", "Ctrl+Shift+H", "help"),
    "open": ("Open large", "Return", "fit"),
    "select-all": ("Select all", "Ctrl+A", "people"),
    "find": ("Find a student", "Ctrl+F", "find"),
    "larger": ("Larger tiles", "Ctrl++", "size"),
    "smaller": ("Smaller tiles", "Ctrl+-", "size"),
    "fit-all": ("Fit everybody in", "Ctrl+0", "size"),
    "panel": ("Side panel", "F8", "panel"),
    "assess": ("Assessment…", "F6", "assess"),
    "assess-pause": ("Pause", "Ctrl+Shift+P", "pause"),
    "assess-resume": ("Go on", "Ctrl+Shift+G", "play"),
    "assess-time": ("Extra time", "Ctrl+Shift+T", "clock"),
    "assess-found": ("Device found", "Ctrl+D", "found"),
    "assess-codes": ("Release codes", "Ctrl+Shift+R", "key"),
    "assess-stop": ("End for student", "Ctrl+Shift+S", "end"),
    "assess-close": ("Close assessment", "Ctrl+Shift+E", "check"),
    "assess-take": ("Take over", "Ctrl+Shift+I", "people"),
    "assess-start": ("Start for student", "Ctrl+Shift+N", "play"),
    "records": ("Records…", "Ctrl+R", "records"),
    "shortcuts": ("Keyboard shortcuts", "F1", "keyboard"),
    "end": ("End lesson", "Ctrl+E", "end"),
    "quit": ("Quit", "Ctrl+Q", "close"),
}
# Their keys are the wall's own; a second owner would make them ambiguous.
_KEYS_ELSEWHERE: Final = ("open", "select-all")


class Actions(QObject):
    """The actions by name. `owner` is the window in which their keys work."""

    def __init__(self, theme: Theme, owner: QWidget) -> None:
        super().__init__(owner)
        self._theme = theme
        self._actions: dict[str, QAction] = {}
        for name, (words, keys, _) in _ACTIONS.items():
            action = QAction(words, self)
            action.setObjectName(name)
            if name not in _KEYS_ELSEWHERE:
                action.setShortcuts(_sequences(name, keys))
            owner.addAction(action)
            self._actions[name] = action
        theme.changed.connect(self._dress)
        self._dress()

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def enable(self, names: Sequence[str], on: bool) -> None:
        """Switch these actions on or off."""
        for name in names:
            self._actions[name].setEnabled(on)

    def _dress(self) -> None:
        for name, (_, _, icon) in _ACTIONS.items():
            self._actions[name].setIcon(self._theme.icon(icon, "soft"))


def keys_of(name: str) -> QKeySequence:
    """Return an action's shortcut."""
    return QKeySequence(_ACTIONS[name][1])


def icon_of(name: str) -> str:
    """Return an action's icon."""
    return _ACTIONS[name][2]


def words_of(name: str) -> str:
    """Return what an action is called."""
    return _ACTIONS[name][0]


def all_keys() -> list[tuple[str, str]]:
    """Return every action with its key as people write it, for the help."""
    return [(words, QKeySequence(keys).toString()) for words, keys, _ in _ACTIONS.values()]


def _sequences(name: str, keys: str) -> list[QKeySequence]:
    if name == "larger":  # Ctrl and the plus key without Shift, on most keyboards
        return [QKeySequence(keys), QKeySequence("Ctrl+=")]
    return [QKeySequence(keys)]
