import itertools

from hypothesis import given
from hypothesis import strategies as st

from student_client.regions import BOXES, CELL, Rect, Region, boxes_of

SCREEN = Rect(0, 0, 1000, 700)  # no multiple of a cell
RECTS = st.lists(
    st.builds(Rect, st.integers(-50, 1100), st.integers(-50, 800), st.integers(1, 900), st.integers(1, 300)),
    max_size=60,
)
DOTS = st.lists(st.builds(Rect, st.integers(0, 999), st.integers(0, 699), st.just(1), st.just(1)), max_size=300)


def region_of(rects: list[Rect]) -> Region:
    region = Region(SCREEN.width, SCREEN.height)
    for rect in rects:
        region.add(rect)
    return region


@given(RECTS | DOTS)
def test_boxes_cover_what_was_drawn_and_are_few_and_disjoint(rects: list[Rect]) -> None:
    boxes = region_of(rects).boxes()
    assert len(boxes) <= BOXES
    assert all(SCREEN.covers(box) for box in boxes)
    assert not any(one.within(other) for number, one in enumerate(boxes) for other in boxes[number + 1 :])
    for rect in rects:
        inside = rect.within(SCREEN)
        covered = sum(part.area for box in boxes if inside and (part := box.within(inside)))
        assert covered == (inside.area if inside else 0)


@given(RECTS)
def test_removing_the_boxes_leaves_nothing(rects: list[Rect]) -> None:
    region = region_of(rects)
    for box in region.boxes():
        assert region.share(box) > 0
        region.remove(box)
    assert not region
    assert region.boxes() == ()


def test_removing_takes_only_whole_cells() -> None:
    region = region_of([Rect(0, 0, 64, 64)])
    region.remove(Rect(1, 0, 47, 32))
    assert region.cells == 16 - 2 * 2
    region.remove(SCREEN)
    assert not region


def test_a_frame_is_not_the_box_around_it() -> None:
    frame = [Rect(0, 0, 960, 16), Rect(0, 640, 960, 16), Rect(0, 16, 16, 624), Rect(944, 16, 16, 624)]
    assert sum(box.area for box in region_of(frame).boxes()) == sum(rect.area for rect in frame)


def test_neighbours_become_one() -> None:
    letters = [Rect(x, 100, 8, 12) for x in range(100, 400, 20)]
    assert region_of(letters).boxes() == (Rect(96, 96, 304, CELL),)


def test_boxes_on_a_screen_with_a_place() -> None:
    monitor = Rect(1280, 5, 1024, 768)
    assert boxes_of([Rect(0, 0, 1281, 6), Rect(5000, 0, 1, 1)], monitor) == (Rect(1280, 5, 16, 16),)


@given(st.integers(1, 3000), st.integers(1, 9))
def test_bands_are_all_of_it(height: int, count: int) -> None:
    bands = Rect(3, 7, 20, height).bands(count)
    assert len(bands) <= count
    assert bands[0].y == 7
    assert bands[-1].bottom == 7 + height
    assert all(one.bottom == other.y for one, other in itertools.pairwise(bands))
