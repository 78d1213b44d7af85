from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import Patch
from student_client.agent.backlog import BYTES, MOST, Backlog
from student_client.local import ScreenPatches
from student_client.regions import Rect

WIDTH, HEIGHT = 40, 30


def message(*rects: Rect, whole: bool = False, jpeg: bytes = b"jpeg") -> ScreenPatches:
    patches = tuple(Patch(x=x, y=y, width=width, height=height, jpeg=jpeg) for x, y, width, height in rects)
    return ScreenPatches(
        channel=1, captured_at=0.0, screen_width=WIDTH, screen_height=HEIGHT, whole=whole, patches=patches
    )


ALL = Rect(0, 0, WIDTH, HEIGHT)
RECTS = st.builds(
    lambda x, y, w, h: Rect(x, y, min(w, WIDTH - x), min(h, HEIGHT - y)),
    st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.integers(1, WIDTH), st.integers(1, HEIGHT),
)  # fmt: skip


def laid(glass: dict[tuple[int, int], bytes], patches: tuple[Patch, ...]) -> None:
    for patch in patches:
        for x in range(patch.x, patch.x + patch.width):
            for y in range(patch.y, patch.y + patch.height):
                glass[x, y] = patch.jpeg


@given(st.lists(st.tuples(st.lists(RECTS, max_size=4), st.booleans()), max_size=25))
def test_whoever_takes_seldom_ends_with_the_picture_of_whoever_takes_always(
    steps: list[tuple[list[Rect], bool]],
) -> None:
    backlog, always, seldom = Backlog(), {}, {}
    for number, (rects, take) in enumerate([([ALL], True), *steps, ([], True)]):
        sent = message(*rects, whole=rects == [ALL], jpeg=b"%04d" % number)
        laid(always, sent.patches)
        backlog.add(sent)
        if backlog.lost:
            sent = message(ALL, whole=True, jpeg=b"%04d" % number)
            laid(always, sent.patches)
            backlog.add(sent)
        if take:
            patches = backlog.take()
            assert len(patches) <= MOST
            assert sum(patch.width * patch.height for patch in patches) <= 2 * ALL.area
            laid(seldom, patches)
    assert seldom == always


def test_at_first_only_a_whole_picture_is_news() -> None:
    backlog = Backlog()
    backlog.add(message(Rect(0, 0, 1, 1)))
    assert backlog.lost
    assert not backlog.news
    backlog.add(message(ALL, whole=True))
    assert backlog.news
    assert len(backlog.take()) == 1
    assert not backlog.news
    backlog.add(message())
    assert backlog.news, "the cursor has moved"


def test_a_video_without_credit_leaves_its_latest_picture() -> None:
    backlog = Backlog()
    backlog.add(message(ALL, whole=True))
    backlog.take()
    for number in range(50):
        backlog.add(message(Rect(3, 3, 20, 20), jpeg=b"%04d" % number))
    assert [patch.jpeg for patch in backlog.take()] == [b"0049"]


def test_too_many_bytes_or_patches_are_lost() -> None:
    backlog = Backlog()
    backlog.add(message(ALL, whole=True))
    backlog.take()
    backlog.add(message(Rect(0, 0, 2, 2), jpeg=bytes(BYTES - 10)))
    assert not backlog.lost
    backlog.add(message(Rect(2, 2, 2, 2), jpeg=bytes(11)))
    assert backlog.lost
    backlog.add(message(ALL, whole=True))
    for number in range(MOST + 1):
        backlog.add(message(Rect(number % 40, number // 40, 1, 1)))
    assert backlog.lost
