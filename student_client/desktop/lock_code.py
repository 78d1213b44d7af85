"""A release code as it is being typed on the lock, where nothing has the keyboard's focus. Pure."""

from typing import Final

from student_client.local import CODE_DIGITS, CodeAnswer

ASK: Final = "The invigilator can end the assessment here: type the release code."
LOOKING: Final = "The code is being looked at."
BLANK: Final = "\u2012"  # as wide as a digit, so that nothing moves while one types
BACKSPACE: Final = "\b"


class LockCode:
    """Takes digits until a code is whole, and no more before it is answered or while a wait is on."""

    def __init__(self) -> None:
        self._typed = ""
        self._looking = False
        self._answer: CodeAnswer | None = None

    def press(self, keys: str, now: float) -> str:
        """Take digits and Backspaces, at a time in Unix seconds; return the code when that makes one whole, else ""."""
        for key in keys:
            if self._looking or (self._answer is not None and now < self._answer.wait_until):
                return ""
            self._typed = self._typed[:-1] if key == BACKSPACE else self._typed + key
            if len(self._typed) == CODE_DIGITS:
                self._looking = True
                return self._typed
        return ""

    def answered(self, answer: CodeAnswer) -> None:
        """Begin again after this answer."""
        self._typed, self._looking, self._answer = "", False, answer

    @property
    def words(self) -> str:
        """What stands on the lock: what to do or what became of it, and the digits so far."""
        if self._looking:
            return LOOKING
        said = self._answer.sentence if self._answer is not None and not self._typed else ASK
        places = self._typed.ljust(CODE_DIGITS, BLANK)
        return f"{said}  {places[:4]} {places[4:]}"
