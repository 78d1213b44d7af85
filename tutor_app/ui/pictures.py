"""The latest picture of each device, ready to paint. Pictures live here and nowhere else; they are never saved."""

from collections.abc import Callable, Iterable, Set

from PySide6.QtGui import QImage, QPixmap

from tutor_app.ui.decode import decode


class Pictures:
    """Pictures by device. Belongs to the window's thread.

    Of a tile out of sight only the JPEG is kept, a twentieth of its pixels, and read once somebody looks: on a campus
    nine tiles in ten are never looked at before the next one comes.

    `tell_readable` is called when a device's picture turns out to be unreadable (False), and when one can be read
    again.
    """

    def __init__(self) -> None:
        self._by_device: dict[str, QPixmap] = {}
        self._unread: dict[str, bytes] = {}
        self._unreadable: set[str] = set()
        self._seen: Set[str] | None = None
        self.tell_readable: Callable[[str, bool], None] = lambda _device, _readable: None

    def look_at(self, devices: Set[str]) -> None:
        """These tiles can be seen at present; until the first call all are taken to be."""
        self._seen = devices

    def is_seen(self, device: str) -> bool:
        """Whether this device's tile can be seen at present."""
        return self._seen is None or device in self._seen

    def put(self, device: str, image: QImage) -> None:
        """Keep this picture instead of the device's earlier one."""
        self._by_device[device] = QPixmap.fromImage(image)
        self._unread.pop(device, None)
        self._take_back(device)

    def put_unreadable(self, device: str) -> None:
        """The device's picture cannot be read, and the one before it is no longer true."""
        self.forget((device,))
        self._unreadable.add(device)
        self.tell_readable(device, False)

    def put_unread(self, device: str, jpeg: bytes) -> None:
        """Keep this picture instead of the device's earlier one, to be read when it is looked at."""
        self._unread[device] = jpeg
        self._by_device.pop(device, None)
        self._take_back(device)

    def get(self, device: str) -> QPixmap | None:
        """Return a device's picture, if there is one that can be read."""
        jpeg = self._unread.pop(device, None)
        if jpeg is not None:
            image = decode(jpeg)
            if image is None:
                self.put_unreadable(device)
            else:
                self.put(device, image)
        return self._by_device.get(device)

    def is_unreadable(self, device: str) -> bool:
        """Whether the device's latest picture turned out to be unreadable."""
        return device in self._unreadable

    def forget(self, devices: Iterable[str]) -> None:
        """Drop the pictures of these devices."""
        for device in devices:
            self._by_device.pop(device, None)
            self._unread.pop(device, None)
            self._unreadable.discard(device)

    def clear(self) -> None:
        """Drop everything: the lesson is over."""
        self._by_device.clear()
        self._unread.clear()
        self._unreadable.clear()

    def _take_back(self, device: str) -> None:
        if device in self._unreadable:
            self._unreadable.discard(device)
            self.tell_readable(device, True)
