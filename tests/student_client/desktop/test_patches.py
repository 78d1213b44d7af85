import io
import random
from collections.abc import Iterator

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from protocol.messages import Stream
from student_client.backends.base import Raw
from student_client.desktop.canvas import Piece, Plan
from student_client.desktop.decide import Channel
from student_client.desktop.patches import Made, PatchMaker, ScreenMovedError
from student_client.regions import Rect

SIZE = (1280, 720)
SCREEN = Rect(0, 0, *SIZE)
CHANNEL = Channel(1, Stream.FOCUS, 0, 1280, 720, 0.033)


class Glass:
    """A screen that is a picture, and what a watcher has of it."""

    def __init__(self) -> None:
        self.screen = Image.new("RGB", SIZE, (240, 240, 230))
        self.seen = Image.new("RGB", SIZE)
        self.maker = PatchMaker()

    def grab(self, _monitor: int, part: Rect | None) -> Raw:
        area = part or SCREEN
        pixels = bytearray(self.screen.crop((area.x, area.y, area.right, area.bottom)).tobytes("raw", "BGRX"))
        return Raw(area.width, area.height, 0, 12.5, pixels)

    def send(self, *pieces: Piece, whole: bool = False, quality: int = 75) -> Made:
        made = self.maker.make(CHANNEL, Plan(*SIZE, whole, pieces), quality, self.grab)
        for patch in made.patches:
            with Image.open(io.BytesIO(patch.jpeg)) as picture:
                assert picture.size == (patch.width, patch.height)
                self.seen.paste(picture, (patch.x, patch.y))
        return made

    def write(self, x: int, y: int, text: str = "the quick brown fox") -> None:
        ImageDraw.Draw(self.screen).text((x, y), text, fill=(200, 20, 30))

    @property
    def error(self) -> float:
        """The mean difference of the two, 0 to 255."""
        return max(ImageStat.Stat(ImageChops.difference(self.screen, self.seen)).mean)


@pytest.fixture(params=["libjpeg-turbo", "Pillow"])
def glass(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Glass]:
    if request.param == "Pillow":
        monkeypatch.setattr("protocol.turbojpeg.load", lambda: None)
    glass = Glass()
    yield glass
    glass.maker.close()


def test_a_whole_screen_is_split_between_the_threads(glass: Glass) -> None:
    for line in range(0, 700, 14):
        glass.write(10, line, "lorem ipsum dolor " * 9)
    made = glass.send(Piece(SCREEN, fine=False), whole=True, quality=40)
    assert (made.width, made.height, made.whole, made.captured_at) == (1280, 720, True, 12.5)
    assert len(made.patches) == 2
    hasty = glass.error
    assert hasty < 20
    glass.send(Piece(SCREEN, fine=True, repair=True))
    assert glass.error < hasty / 2


def test_what_was_painted_and_has_not_changed_is_not_sent(glass: Glass) -> None:
    glass.send(Piece(SCREEN, fine=True), whole=True)
    window = Piece(Rect(160, 80, 640, 480), fine=True)
    assert glass.send(window).patches, "the first time there is nothing to compare with"
    assert glass.send(window).patches == ()
    glass.write(200, 300)
    made = glass.send(window)
    assert [(patch.x, patch.width) for patch in made.patches] == [(160, 640)]
    assert sum(patch.height for patch in made.patches) <= 128, "only the strips with the text"
    assert [piece.area for piece in made.pieces] == [Rect(p.x, p.y, p.width, p.height) for p in made.patches]
    assert glass.error < 0.5


def test_a_large_window_that_has_not_changed_is_not_sent_either(glass: Glass) -> None:
    glass.send(Piece(SCREEN, fine=True), whole=True)
    window = Piece(Rect(160, 80, 800, 600), fine=True)
    assert glass.send(window).patches
    assert glass.send(window).patches == ()


def test_a_change_under_another_rectangle_is_not_forgotten(glass: Glass) -> None:
    glass.send(Piece(SCREEN, fine=True), whole=True)
    window, corner = Piece(Rect(160, 80, 640, 480), fine=True), Piece(Rect(192, 288, 160, 32), fine=True)
    glass.send(window)
    blank = glass.screen.copy()
    glass.write(200, 300)
    assert glass.send(corner).patches
    glass.screen = blank
    glass.send(window)
    assert glass.error < 0.5


def test_a_video_that_stands_still_is_not_sent(glass: Glass) -> None:
    video = Piece(Rect(0, 0, 960, 544), fine=False, moving=True)
    assert glass.send(video).patches
    assert glass.send(video).patches == ()
    glass.write(200, 300)
    assert glass.send(video).patches


def test_the_worst_screen_fits_a_message(glass: Glass) -> None:
    glass.screen = Image.frombytes("RGB", SIZE, random.Random(1).randbytes(SIZE[0] * SIZE[1] * 3))
    made = glass.send(Piece(SCREEN, fine=True), whole=True)
    assert 0 < made.size <= 1024 * 1024


def test_many_scattered_changes_fit_a_message(glass: Glass) -> None:
    columns = [Piece(Rect(x, 0, 32, 720), fine=True) for x in range(0, 1280, 80)]
    glass.send(*columns)
    for piece in columns:
        for top in range(0, 720, 128):
            glass.screen.paste((0, 90, 200), (piece.area.x, top, piece.area.right, top + 5))
    made = glass.send(*columns)
    assert len(made.patches) <= 64
    assert ImageChops.difference(glass.screen, glass.seen).crop((0, 0, 32, 720)).getextrema()[0][1] < 60


def test_a_smaller_size_is_one_scaled_patch(glass: Glass) -> None:
    small = Channel(2, Stream.FOCUS, 0, 640, 640, 0.033)
    made = glass.maker.make(small, Plan(*SIZE, True, (Piece(SCREEN, fine=True),)), 75, glass.grab)
    assert (made.width, made.height, made.whole) == (640, 360, True)
    assert [(p.x, p.y, p.width, p.height) for p in made.patches] == [(0, 0, 640, 360)]
    cursor = glass.maker.make(small, Plan(*SIZE, False, ()), 75, glass.grab)
    assert (cursor.width, cursor.height, cursor.patches) == (640, 360, ())


def test_a_screen_of_another_size_is_planned_again(glass: Glass) -> None:
    plan = Plan(800, 600, True, (Piece(Rect(0, 0, 800, 600), fine=True),))
    with pytest.raises(ScreenMovedError):
        glass.maker.make(CHANNEL, plan, 75, glass.grab)
