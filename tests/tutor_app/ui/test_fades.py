"""Veils fade in where a few tiles change, and stand at once where the whole wall does."""

from pytestqt.qtbot import QtBot

from tests.tutor_app.ui import synthetic as made
from tutor_app.classroom.tile import Look
from tutor_app.ui.fades import DURATION, MOST, Fades


def begun(number: int) -> tuple[Fades, made.Clock]:
    """Fades of so many tiles that were live and have just been locked."""
    clock = made.Clock()
    fades = Fades(clock=clock)
    for look in (Look.LIVE, Look.LOCKED):
        for one in range(number):
            fades.share(made.device(one), look)
    return fades, clock


def test_a_few_fade_in_step_by_step(qtbot: QtBot) -> None:
    fades, clock = begun(MOST)
    clock.now += DURATION / 2
    with qtbot.waitSignal(fades.step, timeout=1000):
        pass
    assert 0.4 < fades.share(made.device(0), Look.LOCKED) < 0.6


def test_many_stand_at_once_and_are_painted_once_more(qtbot: QtBot) -> None:
    fades, _ = begun(MOST + 1)
    with qtbot.waitSignal(fades.step, timeout=1000) as stepped:
        pass
    assert stepped.args == [[made.device(one) for one in range(MOST + 1)]]
    assert fades.share(made.device(0), Look.LOCKED) == 1.0
    assert not fades._timer.isActive()
