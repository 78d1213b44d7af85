"""What stands in the wall's place while nothing has been found: what is looked for, and what to check."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import Card, Picture, button, label

PATIENCE: Final = 8.0  # seconds of plain searching; devices are found within 3–5 s where all is well

_CHECKS: Final = (
    "The laptops are on and somebody is logged in.",
    "This computer and the laptops are on the college's network, not on the guest network.",
    "The students' screens show the Lessonlight badge.",
    "Some Wi-Fi networks keep computers apart. Ask the network manager about “client isolation”.",
)


class EmptyWall(QWidget):
    """A card in the middle: searching at first, then what to check."""

    wall_asked = Signal()

    def __init__(self, theme: Theme, group: str, expected: int) -> None:
        super().__init__()
        self.setObjectName("page")
        self._group, self._expected = group, expected
        self._title = label(kind="title", wrap=True)
        self._words = label(kind="soft", wrap=True)
        self._progress = QProgressBar(minimum=0, maximum=0, textVisible=False)
        self._checks = QWidget()
        self._problem = label(kind="danger", wrap=True)
        self._problem.hide()
        show = button("Show the expected laptops", kind="primary")
        show.clicked.connect(self.wall_asked)
        show.setVisible(expected > 0)
        self._lay_out(theme, show)
        self.refresh(0)

    @property
    def text(self) -> str:
        """What the card says."""
        return f"{self._title.text()}\n{self._words.text()}"

    def refresh(self, searched_for: float, problem: str = "") -> None:
        """Say how the search goes, after so many seconds of it."""
        late = searched_for >= PATIENCE
        what = f"{self._expected} laptops" if self._expected != 1 else "one laptop"
        self._title.setText("No laptop has been found yet" if late else f"Looking for the laptops of {self._group}…")
        expected = f"The register expects {what} in {self._group}." if self._expected else (
            f"The register lists no laptop in {self._group}: those that say they belong to it will appear."
        )  # fmt: skip
        self._words.setText(f"{expected} The search goes on; they appear by themselves.")
        self._checks.setVisible(late)
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))

    def _lay_out(self, theme: Theme, show: QWidget) -> None:
        checks = QVBoxLayout(self._checks)
        checks.setContentsMargins(0, 8, 0, 0)
        checks.setSpacing(8)
        checks.addWidget(label("Please check", kind="strong"))
        for check in _CHECKS:
            row = QHBoxLayout()
            row.setSpacing(8)
            row.addWidget(Picture(theme, "check", 16), 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(label(check, wrap=True), 1)
            checks.addLayout(row)
        card = Card(520)
        column = card.column
        column.addWidget(Picture(theme, "search", 40, "accent"))
        for one in (self._title, self._words, self._progress, self._problem, self._checks):
            column.addWidget(one)
        column.addSpacing(4)
        column.addWidget(show, 0, Qt.AlignmentFlag.AlignLeft)
        outer = QVBoxLayout(self)
        outer.addStretch(1)
        outer.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(2)
