"""Small widgets the windows are made of. Texts are plain everywhere: nothing here reads markup."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QFrame,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tutor_app.ui.theme import Theme


def label(text: str = "", *, kind: str = "", wrap: bool = False) -> QLabel:
    """Return a plain-text label; `kind` is a look of the style sheet: soft, strong, title, large, danger, locked."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if kind:
        made.setProperty(kind, True)
    return made


def hairline() -> QFrame:
    """Return a line between two parts of a window."""
    line = QFrame()
    line.setObjectName("hairline")
    return line


def button(text: str, *, kind: str = "", default: bool = False) -> QPushButton:
    """Return a push button; `kind` is a look of the style sheet: primary, danger, link, chip."""
    made = QPushButton(text.replace("&", "&&"))
    made.setAccessibleName(text)
    made.setAutoDefault(default)
    made.setDefault(default)
    if kind:
        made.setProperty(kind, True)
    return made


def choice_chip(text: str) -> QPushButton:
    """Return a chip that stays pressed; the bold letters it gets then have room from the beginning."""
    chip = button(text, kind="chip")
    chip.setCheckable(True)
    bold = chip.font()
    bold.setBold(True)
    chip.setMinimumWidth(QFontMetrics(bold).horizontalAdvance(text) + 30)
    return chip


def restyle(widget: QWidget, name: str, value: bool) -> None:
    """Set a property the style sheet looks at, and let it look again."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def key_words(sequence: QKeySequence) -> str:
    """Return a shortcut as it stands on a button: "Ctrl L"."""
    return sequence.toString(QKeySequence.SequenceFormat.NativeText).replace("+", " ")


def indent(field: QAbstractSpinBox) -> None:
    """Give a field of numbers or times the room at its left that others have: a style sheet's does not reach inside."""
    field.lineEdit().setTextMargins(8, 0, 0, 0)


class Opaque(QWidget):
    """Paints every pixel of itself, so that what is below it is not painted first: on a whole screen, that is dear."""

    def showEvent(self, event: QShowEvent) -> None:
        """Say so to Qt again: a style sheet has taken it back."""
        super().showEvent(event)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def changeEvent(self, event: QEvent) -> None:
        """The same when the style sheet changes."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)


class KeyButton(QPushButton):
    """A push button with an icon, its words, and its key in small soft letters."""

    def __init__(self, theme: Theme, icon: str, text: str, keys: QKeySequence | None = None, tone: str = "ink") -> None:
        super().__init__()
        self._theme, self._icon, self._tone = theme, icon, tone
        self._keys = key_words(keys) if keys else ""
        self._words = ""
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_words(text)
        theme.changed.connect(self.update)

    @property
    def words(self) -> str:
        """What the button says."""
        return self._words

    def set_words(self, text: str) -> None:
        """Change what the button says."""
        if text != self._words:
            self._words = text
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Return room for icon, words and key."""
        width = 12 + 16 + 8 + self._metrics(0).horizontalAdvance(self._words) + 12
        if self._keys:
            width += 8 + self._metrics(-2).horizontalAdvance(self._keys)
        return QSize(width, self._theme.text + 23)

    def minimumSizeHint(self) -> QSize:
        """Return the same: words are never cut."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the style's button, then what is in it."""
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        painter.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option)
        tokens = self._theme.tokens
        primary = bool(self.property("primary"))
        colour = QColor(tokens.on_accent if primary else getattr(tokens, self._tone))
        soft = QColor(colour if primary else tokens.soft)
        if not self.isEnabled():
            colour = soft = QColor(tokens.dim)
        inner = self.rect().adjusted(12, 0, -12, 0)
        icon = self._theme.pixmap(self._icon, colour, 16, self.devicePixelRatioF())
        painter.drawPixmap(QRect(inner.left(), inner.center().y() - 7, 16, 16), icon)
        painter.setPen(colour)
        painter.setFont(self._theme.font())
        painter.drawText(inner.adjusted(24, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self._words)
        painter.setPen(soft)
        painter.setFont(self._theme.font(step=-2))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._keys)
        painter.end()

    def _metrics(self, step: int) -> QFontMetrics:
        return QFontMetrics(self._theme.font(step=step))


class Choice(QComboBox):
    """A combo box whose arrow comes from our icons; `prefix` stands before the choice: "Sort: name"."""

    def __init__(self, theme: Theme, items: Sequence[str] = (), prefix: str = "") -> None:
        super().__init__()
        self._theme, self._prefix = theme, prefix
        self.addItems([prefix + item for item in items] if prefix else list(items))
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the style's box, then the arrow."""
        super().paintEvent(_event)
        painter = QPainter(self)
        arrow = self._theme.pixmap("more", QColor(self._theme.tokens.soft), 14, self.devicePixelRatioF())
        painter.drawPixmap(QRect(self.width() - 22, (self.height() - 14) // 2, 14, 14), arrow)
        painter.end()


class IconButton(QToolButton):
    """A button that is only an icon; its name is said by its tooltip and to screen readers."""

    def __init__(self, theme: Theme, icon: str, name: str, tone: str = "soft") -> None:
        super().__init__()
        self._theme, self._icon, self._tone = theme, icon, tone
        self.setToolTip(name)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        self.setIcon(self._theme.icon(self._icon, self._tone))


class Picture(QWidget):
    """One of our icons, alone, in a token's colour."""

    def __init__(self, theme: Theme, icon: str, size: int, tone: str = "soft") -> None:
        super().__init__()
        self._theme, self._icon, self._size, self._tone = theme, icon, size, tone
        self.setFixedSize(size, size)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the icon."""
        painter = QPainter(self)
        colour = QColor(getattr(self._theme.tokens, self._tone))
        painter.drawPixmap(self.rect(), self._theme.pixmap(self._icon, colour, self._size, self.devicePixelRatioF()))
        painter.end()


class Card(QFrame):
    """A sheet of fixed width on the page, as tall as its wrapped words need.

    WORKAROUND: a layout that centres a widget asks for its size hint only, not for its height at its width, and keeps
    the answer it got before the style sheet was applied.
    """

    def __init__(self, width: int, margins: tuple[int, int] = (32, 28)) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setFixedWidth(width)
        self.column = QVBoxLayout(self)
        across, down = margins
        self.column.setContentsMargins(across, down, across, down)
        self.column.setSpacing(12)

    def event(self, event: QEvent) -> bool:
        """Take the height the words need, whenever they or the style have changed."""
        handled = super().event(event)
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Show, QEvent.Type.StyleChange):
            self.fit()
        return handled

    def fit(self) -> None:
        """Take the height the words need now."""
        height = self.column.totalHeightForWidth(self.maximumWidth())
        if height != self.height():
            self.setFixedHeight(height)


def is_enter(event: QEvent) -> bool:
    """Whether an event is a press of Enter, on either side of the keyboard."""
    return (
        isinstance(event, QKeyEvent)
        and event.type() == QEvent.Type.KeyPress
        and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    )
