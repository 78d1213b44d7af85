"""What one watcher of a focus view has yet to be sent: JPEGs as they came, without those painted over. Pure."""

from typing import Final

from protocol.messages import Patch
from student_client.local import ScreenPatches
from student_client.regions import Rect

MOST: Final = 64  # patches of a message, and below the bounds of one: 1 MiB, twice the screen (PROTOCOL §5, §6)
BYTES: Final = 1024 * 1024


class Backlog:
    """Grows while its watcher has no credit, within what one message may hold; beyond, or at first, it is `lost`."""

    def __init__(self) -> None:
        self.lost = True
        self.news = False
        self._patches: tuple[Patch, ...] = ()

    def add(self, message: ScreenPatches) -> None:
        """Take what has changed; nothing less than a whole picture finds again what is lost."""
        if message.whole:
            self.lost, self._patches = False, message.patches
        elif not self.lost:
            new = [_rect(patch) for patch in message.patches]
            kept = [old for old in self._patches if not any(rect.covers(_rect(old)) for rect in new)]
            self._patches = (*kept, *message.patches)
            self.lost = not _one_message(self._patches, message.screen_width * message.screen_height)
        if self.lost:
            self._patches = ()
        self.news = not self.lost

    def lose(self) -> None:
        """Forget everything: the watcher needs a whole picture."""
        self.lost, self.news, self._patches = True, False, ()

    def take(self) -> tuple[Patch, ...]:
        """Return what to send, oldest first, and forget it."""
        patches, self._patches, self.news = self._patches, (), False
        return patches


def _rect(patch: Patch) -> Rect:
    return Rect(patch.x, patch.y, patch.width, patch.height)


def _one_message(patches: tuple[Patch, ...], screen: int) -> bool:
    return (
        len(patches) <= MOST
        and sum(len(patch.jpeg) for patch in patches) <= BYTES
        and sum(patch.width * patch.height for patch in patches) <= 2 * screen
    )
