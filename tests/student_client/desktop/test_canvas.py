from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from student_client.desktop.canvas import REST, SMALL, Canvas, Plan
from student_client.regions import CELL, Rect

SCREEN = Rect(0, 0, 1920, 1080)
TURN = 0.033
RECTS = st.builds(Rect, st.integers(0, 1919), st.integers(0, 1079), st.integers(1, 1920), st.integers(1, 1080))


def cells(rects: list[Rect]) -> set[tuple[int, int]]:
    return {
        (x, y)
        for rect in rects
        if (inside := rect.within(SCREEN))
        for x in range(inside.x // CELL, -(-inside.right // CELL))
        for y in range(inside.y // CELL, -(-inside.bottom // CELL))
    }


def send(canvas: Canvas, now: float) -> Plan:
    plan = canvas.plan(now)
    canvas.taken()
    canvas.sent(plan.pieces, now)
    return plan


def begun() -> Canvas:
    """A canvas of which everything has been sent, and repaired."""
    canvas = Canvas(*SCREEN[2:], in_parts=True)
    for turn in range(20):
        send(canvas, turn - 100.0)
    assert canvas.repair_at is None
    return canvas


def test_the_first_is_whole() -> None:
    canvas = Canvas(*SCREEN[2:], in_parts=True)
    assert canvas.dirty
    plan = send(canvas, 0.0)
    assert plan.whole
    assert [piece.area for piece in plan.pieces] == [SCREEN]
    assert not canvas.dirty
    assert canvas.repair_at == REST


def test_a_line_of_text_is_fine_at_once_and_needs_no_repair() -> None:
    canvas = begun()
    canvas.draw(Rect(300, 400, 7, 12))
    plan = send(canvas, 0.0)
    assert [(piece.area, piece.fine) for piece in plan.pieces] == [(Rect(288, 400, 32, 16), True)]
    assert canvas.repair_at is None


def test_what_moves_is_known_and_not_repaired_until_it_rests() -> None:
    canvas = begun()
    video = Rect(320, 160, 960, 544)
    for turn in range(30):
        canvas.draw(video)
        plan = send(canvas, turn * TURN)
        assert not any(piece.repair for piece in plan.pieces)
        assert all(not piece.fine for piece in plan.pieces)
        assert plan.moving == (video.area if turn >= 3 else 0)
    assert canvas.repair_at == 29 * TURN + REST


@given(st.lists(RECTS, min_size=1, max_size=20))
def test_what_rests_is_fine_within_300_ms(drawn: list[Rect]) -> None:
    canvas = begun()
    for rect in drawn:
        canvas.draw(rect)
    hasty = cells([piece.area for piece in send(canvas, 0.0).pieces if not piece.fine])
    now = TURN
    while canvas.repair_at is not None:
        if now >= canvas.repair_at:
            hasty -= cells([piece.area for piece in send(canvas, now).pieces if piece.fine])
        now += TURN
    assert not hasty
    assert now - TURN <= 0.3


def test_a_repair_beside_something_new_is_small_and_on_a_slow_link_as_well() -> None:
    canvas = Canvas(*SCREEN[2:], in_parts=True)
    send(canvas, 0.0)
    canvas.draw(Rect(0, 0, 20, 20))
    plan = send(canvas, 1.0)
    assert 0 < sum(piece.area.area for piece in plan.pieces if piece.repair) <= SMALL
    alone = sum(piece.area.area for piece in canvas.plan(2.0).pieces)
    for _ in range(9):
        canvas.credited(0.5)
    assert 0 < sum(piece.area.area for piece in canvas.plan(2.0).pieces) <= SMALL < alone


def test_a_scaled_screen_is_always_whole_and_only_when_it_must() -> None:
    canvas = Canvas(*SCREEN[2:], in_parts=False)
    assert send(canvas, 0.0).whole
    assert send(canvas, 9.0).pieces == ()
    canvas.draw(Rect(5, 5, 5, 5))
    assert [piece.area for piece in send(canvas, 10.0).pieces] == [SCREEN]


class AnyDrawing(RuleBasedStateMachine):
    """Whatever is drawn whenever: what was sent covers it, nothing twice in a message, and all ends fine."""

    def __init__(self) -> None:
        super().__init__()
        self.canvas = begun()
        self.now = 0.0
        self.owed: set[tuple[int, int]] = set()
        self.poor: set[tuple[int, int]] = set()

    @rule(rect=RECTS)
    def draw(self, rect: Rect) -> None:
        self.canvas.draw(rect)
        self.owed |= cells([rect])

    @rule(seconds=st.floats(0.01, 0.4))
    def turn(self, seconds: float) -> None:
        self.now += seconds
        plan = send(self.canvas, self.now)
        areas = [piece.area for piece in plan.pieces]
        assert not any(one.within(other) for number, one in enumerate(areas) for other in areas[number + 1 :])
        assert self.owed <= cells(areas)
        self.owed = set()
        self.poor |= cells([piece.area for piece in plan.pieces if not piece.fine])
        self.poor -= cells([piece.area for piece in plan.pieces if piece.fine])
        assert (self.canvas.repair_at is None) == (not self.poor)

    def teardown(self) -> None:
        self.turn(0.1)
        for _ in range(40):
            self.turn(0.1)
        assert not self.poor


TestAnyDrawing = AnyDrawing.TestCase
