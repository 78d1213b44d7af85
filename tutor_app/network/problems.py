"""Sentences about the network as a whole, of which the window shows one: the newest that still holds."""

from collections.abc import Callable
from time import time

from tutor_app.classroom.events import NetworkProblem


class Problems:
    """Each problem has a key; saying it again replaces it, and `over` takes it back."""

    def __init__(self, tell: Callable[[NetworkProblem], None]) -> None:
        self._tell = tell
        self._sentences: dict[str, str] = {}
        self._told = ""

    def say(self, key: str, sentence: str) -> None:
        """This is wrong now."""
        if self._sentences.get(key) != sentence:
            self._sentences.pop(key, None)
            self._sentences[key] = sentence
            self._tell_newest()

    def over(self, prefix: str) -> None:
        """What was said under this key, or keys that begin like it, holds no longer."""
        self._sentences = {key: text for key, text in self._sentences.items() if not key.startswith(prefix)}
        self._tell_newest()

    def _tell_newest(self) -> None:
        newest = next(reversed(self._sentences.values()), "")
        if newest != self._told:
            self._told = newest
            self._tell(NetworkProblem(sentence=newest, at=time()))
