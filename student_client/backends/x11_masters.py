"""Further pairs of pointer and keyboard ("masters", XInput 2), which a core grab does not hold.

Anybody may make one (`xinput create-master`) and move the keyboard over to it; its keys then pass by the lock.
"""

from typing import Any

import xcffib.xinput as xi

from student_client.backends.x11 import Connection, in_words

_CORE_PAIR = (2, 3)  # the ids of the pair that every client's core grabs mean, unless it asks for another


class Masters:
    """Holds the masters that are not the core pair. Without XInput 2.0 there can be none."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._xinput: Any = self._open()
        self._grabbed: set[int] = set()

    def grab(self) -> bool:
        """Grab each that is there now; returns whether all were granted (so also when there is none)."""
        if self._xinput is None:
            return True
        with in_words(self._connection.display):
            there = [device for device in self._ids() if device not in _CORE_PAIR]
            self._grabbed = {device for device in there if self._grab(device)}
        return len(self._grabbed) == len(there)

    def release(self) -> None:
        """Ungrab them."""
        grabbed, self._grabbed = self._grabbed, set()
        with in_words(self._connection.display):
            for device in grabbed:  # unchecked: one that was removed meanwhile is no error
                self._xinput.XIUngrabDevice(0, device)

    def _open(self) -> Any | None:
        xinput = self._connection.extension(xi.key)
        if xinput is None:
            return None
        with in_words(self._connection.display):
            version = xinput.XIQueryVersion(2, 0).reply()
        return xinput if version.major_version >= 2 else None

    def _grab(self, device: int) -> bool:
        root, mode = self._connection.root, xi.GrabMode22.Async
        reply = self._xinput.XIGrabDevice(root, 0, 0, device, mode, mode, False, 1, [0]).reply()
        return bool(reply.status == 0)

    def _ids(self) -> list[int]:
        """Return the ids of all masters.

        Read by hand: the classes of a device (valuators, touch, gestures) are no business of ours, and a kind that
        xcffib cannot parse must not keep a screen from being locked.
        """
        reply = self._connection.x.wait_for_reply(self._xinput.XIQueryDevice(xi.Device.AllMaster).sequence)
        (count,) = reply.unpack("=8xH22x")
        ids = []
        for _ in range(count):
            device, classes, name_bytes = reply.unpack("=H4xHH2x")
            ids.append(device)
            reply.offset += -(-name_bytes // 4) * 4
            for _ in range(classes):
                (words,) = reply.unpack("=2xH", increment=False)
                reply.offset += words * 4
        return ids
