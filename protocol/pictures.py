"""What a picture has to be before anybody decodes it: of the size it says, no larger than asked, within its bytes."""

from collections.abc import Iterator, Mapping
from typing import Final

from protocol.jpeg import JpegError, read_header
from protocol.messages import Frame, Patch, Patches, Shown, Stream, Watch

PICTURE_LIMIT: Final[Mapping[Stream, int]] = {Stream.TILE: 128 * 1024, Stream.FOCUS: 1024 * 1024}  # SECURITY rule 5
KIND: Final[Mapping[Stream, type[Shown]]] = {Stream.TILE: Frame, Stream.FOCUS: Patches}


class PictureError(ValueError):
    """A picture that the protocol does not allow."""


class PictureTooLargeError(PictureError):
    """More bytes or more pixels than allowed."""


def picture_bytes(shown: Shown) -> int:
    """Return how many bytes of JPEG a message carries."""
    if isinstance(shown, Frame):
        return len(shown.jpeg)
    return sum(len(patch.jpeg) for patch in shown.patches)


def check_picture(shown: Shown, watch: Watch, sequence: int) -> None:
    """Raise PictureError unless this may be the `sequence`th picture of `watch`."""
    if not isinstance(shown, KIND[watch.stream]):
        raise PictureError(f"a {watch.stream} is not sent as {type(shown).__name__}")
    if picture_bytes(shown) > PICTURE_LIMIT[watch.stream]:
        raise PictureTooLargeError(f"a {watch.stream} of {picture_bytes(shown)} bytes")
    width, height = _canvas(shown)
    if width > watch.width or height > watch.height:
        raise PictureTooLargeError("a picture larger than asked")
    for jpeg, size in _jpegs(shown):
        _check_jpeg(jpeg, size)
    if isinstance(shown, Patches) and sequence == 1 and not _covers(shown):
        raise PictureError("the first picture of a watch has to cover the screen")


def _canvas(shown: Shown) -> tuple[int, int]:
    return (shown.width, shown.height) if isinstance(shown, Frame) else (shown.screen_width, shown.screen_height)


def _jpegs(shown: Shown) -> Iterator[tuple[bytes, tuple[int, int]]]:
    if isinstance(shown, Frame):
        yield shown.jpeg, (shown.width, shown.height)
        return
    for patch in shown.patches:
        if patch.x + patch.width > shown.screen_width or patch.y + patch.height > shown.screen_height:
            raise PictureError("a patch reaches beyond the screen")
        yield patch.jpeg, (patch.width, patch.height)
    if _area(shown.patches) > 2 * shown.screen_width * shown.screen_height:
        raise PictureTooLargeError("patches of more than twice the screen")  # decoding has to cost what a screen costs


def _check_jpeg(jpeg: bytes, size: tuple[int, int]) -> None:
    try:
        header = read_header(jpeg)
    except JpegError as error:
        raise PictureError(str(error)) from None
    if (header.width, header.height) != size:
        raise PictureError("the JPEG is not of the size its message says")


def _area(patches: tuple[Patch, ...]) -> int:
    return sum(patch.width * patch.height for patch in patches)


def _covers(shown: Patches) -> bool:
    # Senders do not overlap patches; one that does only fools its own picture.
    return _area(shown.patches) >= shown.screen_width * shown.screen_height
