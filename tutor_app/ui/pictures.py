"""The latest picture of each device, ready to paint. Pictures live here and nowhere else; they are never saved."""

from collections.abc import Iterable

from PySide6.QtGui import QImage, QPixmap


class Pictures:
    """Pictures by device. Belongs to the window's thread."""

    def __init__(self) -> None:
        self._by_device: dict[str, QPixmap] = {}

    def put(self, device: str, image: QImage) -> None:
        """Keep this picture instead of the device's earlier one."""
        self._by_device[device] = QPixmap.fromImage(image)

    def get(self, device: str) -> QPixmap | None:
        """Return a device's picture, if there is one."""
        return self._by_device.get(device)

    def forget(self, devices: Iterable[str]) -> None:
        """Drop the pictures of these devices."""
        for device in devices:
            self._by_device.pop(device, None)

    def clear(self) -> None:
        """Drop everything: the lesson is over."""
        self._by_device.clear()
