"""Signing in: the identity file, the college file, the passphrase. The passphrase is never kept."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from tutor_app.signin import BUNDLE
from tutor_app.ui.background import Background
from tutor_app.ui.remembered import Remembered
from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import Card, Picture, button, label, restyle

SignIn = Callable[[Path, Path | None, str], object]
"""Opens identity and college file; raises an exception whose text a person can act on. Takes about a second."""

_FIRST = (
    "Your network manager gave you two files: your identity (.p12) and the college file (college.bundle). "
    "Choose them once; Lessonlight remembers where they are."
)


class FileField(QWidget):
    """A path with a button that looks for it, and a word when it was found so."""

    chosen = Signal()

    def __init__(self, name: str, pattern: str, path: str) -> None:
        super().__init__()
        self._name, self._pattern = name, pattern
        self.field = QLineEdit(path)
        self.field.setAccessibleName(name)
        self.field.setPlaceholderText("No file chosen")
        choose = button("Choose…")
        choose.setAccessibleName(f"Choose {name.lower()}")
        choose.clicked.connect(self._choose)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.field, 1)
        row.addWidget(choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(label(name))
        column.addLayout(row)

    @property
    def path(self) -> str:
        """What is in the field."""
        return self.field.text().strip()

    def _choose(self) -> None:
        dialog = QFileDialog(self, f"Choose {self._name.lower()}", str(Path(self.path).parent), self._pattern)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._take)
        dialog.open()

    def _take(self, path: str) -> None:
        self.field.setText(path)
        self.chosen.emit()


class SignInPage(QWidget):
    """A card in the middle. `signed_in` carries what `sign_in` returned."""

    signed_in = Signal(object)

    def __init__(
        self, theme: Theme, sign_in: SignIn, remembered: Remembered, identity: str = "", bundle: str = ""
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self._sign_in, self._remembered = sign_in, remembered
        self._work: Background[object] = Background(self)
        self.identity = FileField(
            "Your identity file", "Identity files (*.p12);;All files (*)", identity or remembered.word("identity")
        )
        self.bundle = FileField(
            "The college file", "College files (*.bundle);;All files (*)", bundle or remembered.word("bundle")
        )
        self.passphrase = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        self.passphrase.setAccessibleName("Passphrase")
        self.passphrase.returnPressed.connect(self.submit)
        self._problem = label(kind="danger", wrap=True)
        self._progress = QProgressBar(minimum=0, maximum=0, textVisible=False)
        self._enter = button("Sign in", kind="primary", default=True)
        self._enter.clicked.connect(self.submit)
        for field in (self.identity, self.bundle):
            field.chosen.connect(self._focus_what_is_missing)
        self._lay_out(theme, first=not self.identity.path)
        self._settle("")

    @property
    def problem(self) -> str:
        """What the page complains of."""
        return self._problem.text()

    def submit(self) -> None:
        """Sign in, unless something is missing."""
        if self._work.busy:
            return
        missing = self._missing()
        if missing:
            self._settle(missing)
            return
        identity, passphrase = Path(self.identity.path), self.passphrase.text()
        bundle = Path(self.bundle.path) if self.bundle.path else None  # None: the one beside the identity
        self._problem.hide()
        self._progress.show()
        self._enter.setEnabled(False)
        self._work.run(lambda: self._sign_in(identity, bundle, passphrase), self._opened, self._failed)

    def showEvent(self, event: QShowEvent) -> None:
        """Put the cursor where there is something to type: a passphrase must not land in a field that shows it."""
        super().showEvent(event)
        self._focus_what_is_missing()

    def _focus_what_is_missing(self) -> None:
        if not self.identity.path:
            self.identity.field.setFocus()
        elif self._needs_bundle():
            self.bundle.field.setFocus()
        else:
            self.passphrase.setFocus()

    def _needs_bundle(self) -> bool:
        return not self.bundle.path and not Path(self.identity.path).with_name(BUNDLE).exists()

    def _missing(self) -> str:
        if not self.identity.path:
            return "Choose your identity file first: a file ending in .p12 from your network manager."
        if self._needs_bundle():
            return f"Choose the college file: {BUNDLE}, from your network manager too."
        if not self.passphrase.text():
            return "Type the passphrase of your identity file."
        return ""

    def _opened(self, signed_in: object) -> None:
        for name, field in {"identity": self.identity, "bundle": self.bundle}.items():
            self._remembered.keep(name, str(Path(field.path).absolute()) if field.path else "")
        self.passphrase.clear()
        self._settle("")
        self.signed_in.emit(signed_in)

    def _failed(self, error: Exception) -> None:
        self._settle(str(error))
        self.passphrase.selectAll()
        self.passphrase.setFocus()

    def _settle(self, problem: str) -> None:
        self._progress.hide()
        self._enter.setEnabled(True)
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        restyle(self.passphrase, "problem", bool(problem) and "passphrase" in problem.lower())

    def _lay_out(self, theme: Theme, first: bool) -> None:
        card = Card(460)
        column = card.column
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(Picture(theme, "lamp", 32, "accent"))
        head.addWidget(label("Lessonlight", kind="large"), 1)
        column.addLayout(head)
        column.addWidget(label(_FIRST if first else "Sign in to hold a lesson.", kind="soft", wrap=True))
        column.addSpacing(4)
        column.addWidget(self.identity)
        column.addWidget(self.bundle)
        name = label("Passphrase")
        name.setBuddy(self.passphrase)
        secret = QVBoxLayout()
        secret.setSpacing(4)
        secret.addWidget(name)
        secret.addWidget(self.passphrase)
        column.addLayout(secret)
        column.addWidget(self._problem)
        column.addWidget(self._progress)
        column.addSpacing(4)
        column.addWidget(self._enter)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(3)
