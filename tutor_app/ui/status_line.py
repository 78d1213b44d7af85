"""The line at the bottom: what comes in, how old it is, under which policy; and that students know."""

from collections.abc import Iterable
from datetime import tzinfo
from typing import NamedTuple

from PySide6.QtWidgets import QFrame, QHBoxLayout

from tutor_app.classroom.liveness import stale_since
from tutor_app.classroom.phrases import day, duration
from tutor_app.classroom.student import Presence, Student
from tutor_app.ui.widgets import label


class Load(NamedTuple):
    """What the wall's tiles take of what they may, in Mbit/s."""

    used: float
    allowed: float


def oldest_picture(students: Iterable[Student], now: float) -> str:
    """Return how old the oldest picture on the wall is, in words. A screen that rests is current, however long."""
    shown = [one for one in students if one.last_picture_at and one.presence in (Presence.LIVE, Presence.RECONNECTING)]
    if not shown:
        return "No picture yet"
    since = [at for at in (stale_since(one, now) for one in shown) if at is not None]
    return f"Oldest picture {duration(now - min(since))}" if since else "All pictures current"


class StatusLine(QFrame):
    """`refresh` follows the lesson."""

    def __init__(self, policy_version: int, published_at: float, zone: tzinfo) -> None:
        super().__init__()
        self.setObjectName("status")
        self._live, self._rate, self._oldest = (label(kind="soft") for _ in range(3))
        self._oldest.setToolTip("A screen that does not change sends nothing, so its picture stays as it is.")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 16, 6)
        row.setSpacing(24)
        for one in (self._live, self._rate, self._oldest):
            row.addWidget(one)
        row.addWidget(label(f"Policy {policy_version}, published {day(published_at, zone)}", kind="soft"))
        row.addStretch(1)
        self._seen = label("Students can see that you are viewing.", kind="soft")
        row.addWidget(self._seen)

    def refresh(self, students: Iterable[Student], load: Load, now: float, over: bool = False) -> None:
        """Say how things stand."""
        listed = list(students)
        live = sum(student.presence is Presence.LIVE for student in listed)
        self._live.setText(f"{live} live")
        self._rate.setText(f"{load.used:.1f} of {load.allowed:.0f} Mbit/s")
        self._oldest.setText(oldest_picture(listed, now))
        self._seen.setText("Nobody is viewed." if over or not live else "Students can see that you are viewing.")

    @property
    def text(self) -> str:
        """What the line says at its left."""
        return " · ".join(one.text() for one in (self._live, self._rate, self._oldest))
