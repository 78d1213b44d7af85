"""What we rely on in other people's libraries, and once saw broken."""

import gc
import sys

from PySide6.QtCore import QObject, Signal

ROUNDS = 20_000


class Bell(QObject):
    rung = Signal(bool, object)


def test_qt_keeps_its_hands_off_the_references_of_none_and_the_bools() -> None:
    # PySide6 6.12.0 on Python 3.11 lost one reference a call: the interpreter crashes after a while.
    bell = Bell()
    heard: list[bool] = []
    bell.rung.connect(lambda on, _nothing: heard.append(on))
    watched = (None, True, False)
    gc.collect()
    before = [sys.getrefcount(value) for value in watched]
    for _ in range(ROUNDS):
        bell.rung.emit(True, None)
        bell.setProperty("lit", False)
        bell.property("lit")
        bell.property("nothing")
        bell.blockSignals(False)
        bell.parent()
    heard.clear()
    gc.collect()
    after = [sys.getrefcount(value) for value in watched]
    assert all(abs(now - then) < ROUNDS / 10 for now, then in zip(after, before, strict=True)), (before, after)
