"""Sentences about the network as a whole, of which the window shows one: the newest that still holds."""

from collections.abc import Callable
from time import time

from tutor_app.classroom.events import NetworkProblem

KEPT = 64  # whoever is on the network can cause some; the window shows one


class Problems:
    """Each problem has a kind and whom it is with; saying it again replaces it, and `over` takes it back."""

    def __init__(self, tell: Callable[[NetworkProblem], None]) -> None:
        self._tell = tell
        self._sentences: dict[tuple[str, str], str] = {}
        self._told = ""

    def say(self, kind: str, sentence: str, who: str = "") -> None:
        """This is wrong now, with somebody or as a whole."""
        key = kind, who
        if self._sentences.get(key) == sentence:
            return
        self._sentences.pop(key, None)
        self._sentences[key] = sentence
        if len(self._sentences) > KEPT:
            del self._sentences[next(iter(self._sentences))]
        self._tell_newest()

    def over(self, kind: str, who: str | None = None) -> None:
        """This holds no longer, with this one or (None) with anybody."""
        self._sentences = {
            key: sentence for key, sentence in self._sentences.items() if key[0] != kind or who not in (None, key[1])
        }
        self._tell_newest()

    def repeat(self) -> None:
        """Tell what still holds to a window that may not have heard it."""
        self._told = ""
        self._tell_newest()

    def _tell_newest(self) -> None:
        newest = next(reversed(self._sentences.values()), "")
        if newest != self._told:
            self._told = newest
            self._tell(NetworkProblem(sentence=newest, at=time()))
