"""A rule's polite notice as a card: what it says, what will be closed, and when."""

import time

from PySide6.QtGui import QHideEvent, QShowEvent

from student_client.desktop.card_window import CardWindow
from student_client.desktop.labels import PlainLabel
from student_client.desktop.second_hand import SecondHand
from student_client.desktop.words import closing
from student_client.local import Notice


class NoticeWindow(CardWindow):
    """One notice, with a countdown where something will be closed; `answered` is that the student has read it."""

    def __init__(self, notice: Notice) -> None:
        super().__init__("Notice")
        self._notice = notice
        self.setAccessibleName(f"Notice: {notice.sentence}")
        self.add_head(notice.sentence, "")
        if notice.detail:
            self.add_text(notice.detail)
        self._closing = PlainLabel("warning", "")
        self.inside.addWidget(self._closing)
        if notice.until:
            self.add_button("OK, I’ll close it myself", "Closes this notice; the program is yours to close until then.")
        else:
            self.add_button("Understood", "Closes this notice.")
        self._hand = SecondHand(self)
        self._hand.tick.connect(self._count)
        self._count()

    def showEvent(self, event: QShowEvent) -> None:
        """Count down."""
        super().showEvent(event)
        self._hand.follow(self._notice.until)

    def hideEvent(self, event: QHideEvent) -> None:
        """Count no more."""
        super().hideEvent(event)
        self._hand.follow()

    def _count(self) -> None:
        words = closing(self._notice.until, time.time())
        self._closing.setText(words)
        self._closing.setVisible(bool(words))
        self.setAccessibleDescription(f"{self._notice.detail} {words}".strip())
