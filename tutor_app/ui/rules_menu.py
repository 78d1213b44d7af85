"""The menu under "Rules": which rule set holds, a change of it for a while, and the changes in force with their end."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from protocol.policy.document import Policy, RuleSet
from protocol.role import Role
from tutor_app.classroom.phrases import clock_time, rules_name
from tutor_app.classroom.rules import Change
from tutor_app.ui.runs import single_line


def offered(policy: Policy, role: Role) -> dict[str, RuleSet]:
    """Return the rule sets that somebody may hold a lesson under; an assessment is started elsewhere."""
    return {name: one for name, one in policy.rules.items() if role in one.roles and not one.is_assessment}


class RulesMenu(QMenu):
    """Built anew each time it is opened."""

    rules_chosen = Signal(str)
    ended = Signal(str)

    def __init__(
        self, parent: QWidget, edit: QAction, sets: Mapping[str, RuleSet], current: str, *, may: bool = True
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName("Rules")
        group = QActionGroup(self)
        for name, one in sets.items():
            action = self.addAction(_escaped(rules_name(name)))
            action.setToolTip(single_line(one.title))
            action.setCheckable(True)
            action.setChecked(name == current)
            action.setEnabled(may)
            action.triggered.connect(lambda _=False, chosen=name: self.rules_chosen.emit(chosen))
            group.addAction(action)
        self.addSeparator()
        self.addAction(edit)

    def show_changes(self, changes: Sequence[Change], whom: Mapping[str, str], zone: tzinfo, *, may: bool) -> None:
        """List the changes in force; `whom` says for each whom it concerns."""
        if changes:
            self.addSeparator()
        for change in changes:
            until = f"until {clock_time(change.until, zone)}"
            action = self.addAction(_escaped(f"End now: {change.words} · {whom[change.id]} · {until}"))
            action.setEnabled(may)
            action.triggered.connect(lambda _=False, chosen=change.id: self.ended.emit(chosen))


def _escaped(text: str) -> str:
    return single_line(text).replace("&", "&&")
