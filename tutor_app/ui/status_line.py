"""The line at the bottom: what comes in, how old it is, under which policy; and that students know."""

from collections.abc import Iterable
from datetime import tzinfo

from PySide6.QtWidgets import QFrame, QHBoxLayout

from tutor_app.classroom.phrases import day, duration
from tutor_app.classroom.student import Presence, Student
from tutor_app.ui.widgets import label


def oldest_picture(students: Iterable[Student], now: float) -> str:
    """Return how old the oldest picture of a live screen is, in words."""
    ages = [now - one.last_picture_at for one in students if one.presence is Presence.LIVE and one.last_picture_at]
    if not ages:
        return "No picture yet"
    age = max(0.0, *ages) if len(ages) > 1 else max(0.0, ages[0])
    return f"Oldest picture {age:.1f} s" if age < 10 else f"Oldest picture {duration(age)}"


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

    def refresh(self, students: Iterable[Student], bytes_a_second: float, now: float, over: bool = False) -> None:
        """Say how things stand."""
        listed = list(students)
        live = sum(student.presence is Presence.LIVE for student in listed)
        self._live.setText(f"{live} live")
        self._rate.setText(f"{bytes_a_second * 8 / 1e6:.1f} Mbit/s")
        self._oldest.setText(oldest_picture(listed, now))
        self._seen.setText("Nobody is viewed." if over or not live else "Students can see that you are viewing.")

    @property
    def text(self) -> str:
        """What the line says at its left."""
        return " · ".join(one.text() for one in (self._live, self._rate, self._oldest))
