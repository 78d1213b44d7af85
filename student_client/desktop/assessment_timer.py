"""The time left of an assessment, always to be seen beside the indicator. It cannot be closed."""

import time

from PySide6.QtCore import QPoint, QRect, QSize, QTimer
from PySide6.QtGui import QGuiApplication, QMouseEvent, QPainter, QPaintEvent

from student_client.desktop import theme
from student_client.desktop.icons import paint_icon
from student_client.desktop.pill import GAP, HEIGHT, Pill
from student_client.desktop.second_hand import SecondHand
from student_client.desktop.words import assessment_line, stage, timer
from student_client.local import PanelAssessment

SIGN = 18
RESTORE_MS = 500  # another program that keeps hiding it must not make us both run hot


class AssessmentTimer(Pill):
    """Shown while an assessment holds; ticks only then."""

    def __init__(self) -> None:
        super().__init__("timer", "Lessonlight assessment", sign=SIGN)
        self._assessment: PanelAssessment | None = None
        self._badge = QRect()
        self._urgent = False
        self._hand = SecondHand(self)
        self._hand.tick.connect(self._count)
        self._restore = QTimer(self, interval=RESTORE_MS, singleShot=True)
        self._restore.timeout.connect(self._show_again)
        self.exposure.connect(self._look)

    @property
    def area(self) -> QRect:
        """Where it is; empty while there is no assessment."""
        return self.geometry() if self.isVisible() else QRect()

    def show_assessment(self, assessment: PanelAssessment | None) -> None:
        """Show the assessment in force, or nothing."""
        if assessment == self._assessment:
            return
        self._assessment = assessment
        if assessment is None:
            self._hand.follow()
            self.hide()
            return
        self._hand.follow(*(() if assessment.paused else (assessment.starts_at, assessment.ends_at)))
        self._count()
        self.show()

    def keep_beside(self, badge: QRect) -> None:
        """Take the place to the left of the badge, to its right where there is no room, or below or above it."""
        self._badge = badge
        self._settle()

    def sizeHint(self) -> QSize:
        """Return the size its text needs."""
        return QSize(self.wanted_width(), HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw pill, clock and text."""
        colours = theme.tokens()
        ink = colours.warn if self._urgent else colours.ink
        painter = QPainter(self)
        sign = self.paint_pill(painter, colours.warn if self._urgent else colours.line, colours.surface)
        paint_icon(painter, "timer", sign, ink)
        self.paint_text(painter, ink)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Ask for the panel."""
        self.clicked.emit()

    def _count(self) -> None:
        if self._assessment is None:
            return
        now = time.time()
        self._urgent = stage(self._assessment, now).urgent
        self.text = timer(self._assessment, now)
        self.setAccessibleName(f"{self._assessment.name}: {assessment_line(self._assessment, now)}")
        self._settle()
        self.update()

    def _settle(self) -> None:
        size, badge = self.sizeHint(), self._badge
        screen = QGuiApplication.screenAt(badge.center()) or QGuiApplication.primaryScreen()
        area = screen.availableGeometry()
        left = max(area.left(), badge.right() + 1 - size.width())
        places = (
            QPoint(badge.left() - GAP - size.width(), badge.top()),
            QPoint(badge.right() + 1 + GAP, badge.top()),
            QPoint(left, badge.bottom() + 1 + GAP),
            QPoint(left, badge.top() - GAP - size.height()),
        )
        fitting = (where for place in places if area.contains(where := QRect(place, size)))
        wanted = next(fitting, QRect(places[2], size))
        if wanted != self.geometry():
            self.setGeometry(wanted)
        self.round_off(size)

    def _look(self) -> None:
        if self._assessment is not None and not (self.exposed and self.windowHandle().opacity() == 1):
            self._restore.start()

    def _show_again(self) -> None:
        if self._assessment is not None and not self.exposed:
            self.reappear()
            self._settle()
