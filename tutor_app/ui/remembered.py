"""What the window remembers from one day to the next: looks and words, never a passphrase or a picture."""

from pathlib import Path
from typing import Final

from platformdirs import user_config_path
from PySide6.QtCore import QSettings

from tutor_app.ui.theme import Scheme

_RECENT: Final = 8


class Remembered:
    """A small file of settings. A value that cannot be understood counts as not there."""

    def __init__(self, file: Path | None = None) -> None:
        path = file or user_config_path("lessonlight") / "tutor-window.ini"
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def scheme(self) -> Scheme:
        """Light, dark, or as the system has it."""
        chosen = self.word("scheme")
        return Scheme(chosen) if chosen in set(Scheme) else Scheme.SYSTEM

    def word(self, key: str, otherwise: str = "") -> str:
        """Return a text."""
        value = self._settings.value(key)
        return value if isinstance(value, str) else otherwise

    def number(self, key: str, otherwise: int) -> int:
        """Return a whole number."""
        try:
            return int(self.word(key))
        except ValueError:
            return otherwise

    def keep(self, key: str, value: str | int) -> None:
        """Remember a value."""
        self._settings.setValue(key, str(value))

    @property
    def reminds(self) -> bool:
        """Whether students are told when five minutes are left."""
        return bool(self.number("five-minutes", 1))

    @property
    def sentences(self) -> list[str]:
        """Sentences shown with locks, newest first."""
        found = (self.word(f"sentences/{number}") for number in range(_RECENT))
        return [sentence for sentence in found if sentence]

    def keep_sentence(self, sentence: str) -> None:
        """Remember a sentence as the newest."""
        if sentence:
            newest = [sentence, *(one for one in self.sentences if one != sentence)][:_RECENT]
            for number, one in enumerate(newest):
                self.keep(f"sentences/{number}", one)
