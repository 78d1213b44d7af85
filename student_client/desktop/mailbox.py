"""Where the capture thread and the Qt thread meet: each leaves word for the other, wakes it, and never waits.

Both boxes are bounded by what they keep: one picture a channel (the next waits for credit) and one set of facts one
way; orders the other way, of which the agent can cause as many as it can send, one at a time.
"""

import contextlib
import socket
import threading
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

from protocol.messages import Message
from student_client.local import DesktopFacts, Picture, ScreenPatches

Item = TypeVar("Item")


class Bell:
    """Wakes a thread that sleeps on a descriptor; ringing twice before it is answered is ringing once."""

    def __init__(self) -> None:
        self._heard, self._ringer = socket.socketpair()
        self._heard.setblocking(False)
        self._ringer.setblocking(False)

    def fileno(self) -> int:
        """Return the descriptor that is readable while the bell rings."""
        return self._heard.fileno()

    def ring(self) -> None:
        """Wake the sleeper; from any thread."""
        with contextlib.suppress(BlockingIOError):  # full: it rings already
            self._ringer.send(b"!")

    def answer(self) -> None:
        """Stop the ringing; only the sleeper does it, before it looks into its box."""
        with contextlib.suppress(BlockingIOError):
            while len(self._heard.recv(4096)) == 4096:
                pass

    def close(self) -> None:
        """Give the descriptors back, when nobody rings or sleeps any more."""
        self._heard.close()
        self._ringer.close()


class Orders(Generic[Item]):
    """What the Qt thread wants of the capture thread, in order."""

    def __init__(self) -> None:
        self.bell = Bell()
        self._lock = threading.Lock()
        self._items: deque[Item] = deque()

    def put(self, item: Item) -> None:
        """Leave an order and wake the capture thread."""
        with self._lock:
            self._items.append(item)
        self.bell.ring()

    def take(self) -> list[Item]:
        """Return all orders since the last call, oldest first."""
        self.bell.answer()
        with self._lock:
            items = list(self._items)
            self._items.clear()
        return items

    def close(self) -> None:
        """Give the bell back, when both threads are done."""
        self.bell.close()


class Outbox:
    """What the capture thread has for the agent: the latest facts, and the latest picture of each channel."""

    def __init__(self) -> None:
        self.bell = Bell()
        self._lock = threading.Lock()
        self._facts: DesktopFacts | None = None
        self._pictures: dict[int, Picture | ScreenPatches] = {}
        self._held = False
        self._holds = 0
        self._lost: set[int] = set()
        self._look = False

    def ask_look(self) -> None:
        """Have the Qt thread look whether the indicator can be seen, and say so."""
        self._look = True
        self.bell.ring()

    def take_look(self) -> bool:
        """Whether that was asked since the last call."""
        asked, self._look = self._look, False
        return asked

    def put_facts(self, facts: DesktopFacts) -> None:
        """Replace the facts and wake the Qt thread."""
        with self._lock:
            self._facts = facts
        self.bell.ring()

    def put_picture(self, picture: Picture | ScreenPatches) -> None:
        """Replace the channel's picture and wake the Qt thread; while pictures are held back it is lost."""
        with self._lock:
            if self._held:
                self._lost.add(picture.channel)
                return
            self._pictures[picture.channel] = picture
        self.bell.ring()

    def hold_back(self, lost: Iterable[int] = ()) -> int:
        """Lose every picture from now on, those that wait here and of the channels `lost`, until `let_go`."""
        with self._lock:
            self._held = True
            self._holds += 1
            self._lost.update(self._pictures, lost)
            self._pictures.clear()
            return self._holds

    def let_go(self, hold: int) -> set[int]:
        """Take pictures again unless a later hold came; returns the channels that have lost one meanwhile."""
        with self._lock:
            if not self._held or hold != self._holds:
                return set()
            self._held, lost, self._lost = False, self._lost, set()
        return lost

    def drop_pictures(self, channel: int | None = None) -> list[int]:
        """Throw away what waits of one channel, or of all: it may not be sent any more. Returns their channels."""
        with self._lock:
            dropped = [key for key in self._pictures if channel in (None, key)]
            for key in dropped:
                del self._pictures[key]
        return dropped

    def take_facts(self) -> list[Message]:
        """Return the facts if there are new ones."""
        with self._lock:
            facts, self._facts = self._facts, None
        return [facts] if facts else []

    @property
    def has_picture(self) -> bool:
        """Whether a picture waits."""
        return bool(self._pictures)

    def take_picture(self) -> Picture | ScreenPatches | None:
        """Return the picture that has waited longest, or None."""
        with self._lock:
            channel = next(iter(self._pictures), None)
            return None if channel is None else self._pictures.pop(channel)

    def close(self) -> None:
        """Give the bell back, when both threads are done."""
        self.bell.close()
