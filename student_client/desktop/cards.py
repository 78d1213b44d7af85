"""A tutor's messages and the rules' notices: shown at once, or kept until the lock that is over them ends."""

from collections import deque
from functools import partial

from PySide6.QtCore import QObject, QRect, Signal

from student_client.desktop.card_window import MOST, CardStack
from student_client.desktop.message_window import MessageWindow, TutorText
from student_client.desktop.notice_window import NoticeWindow
from student_client.local import Notice


class Cards(QObject):
    """Owns the stack of cards. While `keep` is on, new ones are kept; a kept message counts as shown by `show_kept`."""

    shown = Signal(str)  # a message's id, once
    understood = Signal(str)  # a message's id
    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stack = CardStack(self)
        self._stack.changed.connect(self.changed)
        self._keeping = False
        self._kept: dict[str, TutorText | Notice] = {}
        self._notices: dict[str, Notice] = {}  # also those the student has put away, until they are cleared
        self._told: deque[str] = deque(maxlen=2 * MOST)

    @property
    def native_windows(self) -> tuple[int, ...]:
        """The native ids of the cards on the screen, lowest first."""
        return self._stack.native_windows

    @property
    def kept_messages(self) -> tuple[TutorText, ...]:
        """The messages that came while kept."""
        return tuple(kept for kept in self._kept.values() if isinstance(kept, TutorText))

    def keep_clear(self, area: QRect) -> None:
        """Leave this area at the top of the screen free."""
        self._stack.keep_clear(area)

    def keep(self) -> None:
        """Show no new card from now on."""
        self._keeping = True

    def show_kept(self) -> None:
        """Show what came meanwhile, and new cards again at once."""
        self._keeping = False
        kept, self._kept = self._kept, {}
        for card in kept.values():
            self._show(card)

    def add_message(self, message: TutorText) -> None:
        """Show a message; one with a known id replaces it."""
        self._add(message)

    def add_notice(self, notice: Notice) -> None:
        """Show a notice; said again word for word it changes nothing, also where the student has put it away."""
        if self._notices.get(notice.id) != notice:
            self._notices.pop(notice.id, None)
            while len(self._notices) >= MOST:
                self._notices.pop(next(iter(self._notices)))
            self._notices[notice.id] = notice
            self._add(notice)

    def clear_notice(self, key: str) -> None:
        """Take a notice away, wherever it is."""
        self._notices.pop(key, None)
        if isinstance(self._kept.get(key), Notice):
            del self._kept[key]
        self._stack.remove(_notice_key(key))

    def clear(self) -> None:
        """Take all of them away, unanswered."""
        self._kept.clear()
        self._notices.clear()
        self._stack.clear()

    def tell_shown(self, key: str) -> None:
        """The message is on the screen: as a card, or on the lock."""
        if key not in self._told:  # a message is shown on the lock and once more after it
            self._told.append(key)
            self.shown.emit(key)

    def _add(self, card: TutorText | Notice) -> None:
        if not self._keeping:
            self._show(card)
            return
        self._kept.pop(card.id, None)
        while len(self._kept) >= MOST:
            self._kept.pop(next(iter(self._kept)))
        self._kept[card.id] = card

    def _show(self, card: TutorText | Notice) -> None:
        if isinstance(card, Notice):
            window = self._stack.add(_notice_key(card.id), partial(NoticeWindow, card))
            window.answered.connect(partial(self._stack.remove, _notice_key(card.id)))
            return
        message = self._stack.add(card.id, partial(MessageWindow, card))
        message.shown.connect(partial(self.tell_shown, card.id))
        message.answered.connect(partial(self._understand, card.id))

    def _understand(self, key: str) -> None:
        self._stack.remove(key)
        self.understood.emit(key)


def _notice_key(key: str) -> str:
    return f"notice {key}"  # a tutor's message could have the same id
