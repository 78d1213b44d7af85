"""A line of runs is cut where there is no room, and only there."""

from tutor_app.classroom.phrases import Run, Tone, said
from tutor_app.ui.runs import RunsLabel
from tutor_app.ui.theme import Theme

RUNS = (Run("Room 4 · until 11:00 · "), Run("28 min left", Tone.STRONG), Run(" · rules: lesson"))


def test_a_line_that_has_the_width_it_asks_for_is_whole(theme: Theme) -> None:
    label = RunsLabel(theme, RUNS)
    assert label._cut(label.sizeHint().width()) == RUNS


def test_a_line_without_room_ends_in_an_ellipsis(theme: Theme) -> None:
    label = RunsLabel(theme, RUNS)
    cut = said(label._cut(label.sizeHint().width() - 20))
    assert cut.endswith("…")
    assert said(RUNS).startswith(cut.removesuffix("…"))
