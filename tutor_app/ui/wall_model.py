"""The wall as a Qt list model over the classroom: one row a tile, and word of exactly the tiles that changed."""

from collections.abc import Callable, Iterable, Sequence, Set
from enum import IntEnum
from typing import Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from tutor_app.classroom.arrange import Filter, Sort, arranged
from tutor_app.classroom.classroom import Changes, Classroom
from tutor_app.classroom.student import Student
from tutor_app.classroom.tile import Tile, Viewer, tile, unreadable
from tutor_app.ui.tooltip import tooltip

Index = QModelIndex | QPersistentModelIndex


class Role(IntEnum):
    """What the delegate asks for beside Qt's own roles."""

    TILE = Qt.ItemDataRole.UserRole + 1


_TILE_ROLES: Final[list[int]] = [Role.TILE, Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole]


class WallModel(QAbstractListModel):
    """Rows are devices in the order of `arranged`. `clock` returns Unix seconds.

    `adorn` has the last word on what a tile says, `rank` on the order by state; an assessment sets both. Word is given
    of tiles that can be seen (`seen`); the others are made when somebody asks for them. `unreadable`: whether a
    device's picture has come and cannot be read.
    """

    def __init__(
        self, classroom: Classroom, viewer: Viewer, clock: Callable[[], float], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._classroom, self._viewer, self._clock = classroom, viewer, clock
        self.filter, self.order, self.find = Filter.ALL, Sort.NAME, ""
        self.adorn: Callable[[Tile, float], Tile] | None = None
        self.rank: Callable[[Iterable[Student]], Sequence[str]] | None = None
        self.seen: Callable[[], Set[str]] = lambda: set(self._row_of)
        self.unreadable: Callable[[str], bool] = lambda _: False
        self._tiles: dict[str, Tile] = {}
        self._rows: list[str] = []
        self._row_of: dict[str, int] = {}
        self._rearrange()

    # ── what the view asks ──────────────────────────────────────────────────────────────────────────────────────────

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return the number of tiles shown."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a tile, or its words for Qt's own roles."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        device = self._rows[index.row()]
        match role:
            case Role.TILE:
                return self._tile(device)
            case Qt.ItemDataRole.DisplayRole:
                return self._tile(device).name
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._tile(device).spoken
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip(self._classroom.students[device])
        return None

    @property
    def devices(self) -> list[str]:
        """The devices shown, in order."""
        return list(self._rows)

    def row(self, device: str) -> int | None:
        """Return where a device stands, if it is shown."""
        return self._row_of.get(device)

    def student(self, row: int) -> Student:
        """Return the student of a row."""
        return self._classroom.students[self._rows[row]]

    # ── what happens ────────────────────────────────────────────────────────────────────────────────────────────────

    def arrange(self, *, filter: Filter | None = None, sort: Sort | None = None, find: str | None = None) -> None:  # noqa: A002 - the field's word
        """Choose what is shown and in which order; what isn't given stays."""
        self.filter = self.filter if filter is None else filter
        self.order = self.order if sort is None else sort
        self.find = self.find if find is None else find
        self._rearrange()

    def apply(self, changes: Changes) -> None:
        """Take in what changed in the classroom."""
        plain = self.filter is Filter.ALL and self.order is Sort.NAME and not self.find
        if changes.roster or (changes.devices and not plain):
            self._rearrange()
        self._renew(changes.devices)

    def adorned(self, devices: Iterable[str]) -> None:
        """What `adorn`, `rank` and `unreadable` say of these devices has changed."""
        if self.rank and self.order is Sort.STATE:
            self._rearrange()
        self._renew(device for device in devices if device in self._classroom.students)

    def tick(self) -> None:
        """Let the words that hold a time follow the clock."""
        self._renew(self._rows)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _tile(self, device: str) -> Tile:
        if device not in self._tiles:
            self._tiles[device] = self._made(device, self._clock())
        return self._tiles[device]

    def _made(self, device: str, now: float) -> Tile:
        made = tile(self._classroom.students[device], self._viewer, now)
        if self.unreadable(device):
            made = unreadable(made)
        return self.adorn(made, now) if self.adorn else made

    def _renew(self, devices: Iterable[str]) -> None:
        now, seen = self._clock(), self.seen()
        for device in devices:
            if device not in seen:
                self._tiles.pop(device, None)
                continue
            new = self._made(device, now)
            if new != self._tiles.get(device):
                self._tiles[device] = new
                self._tell(device)

    def _tell(self, device: str) -> None:
        row = self._row_of.get(device)
        if row is not None:
            index = self.index(row)
            self.dataChanged.emit(index, index, _TILE_ROLES)

    def _rearrange(self) -> None:
        students = self._classroom.students.values()
        wanted = list(arranged(students, self.filter, self.order, self.find))
        if self.rank and self.order is Sort.STATE:
            shown = set(wanted)
            wanted = [device for device in self.rank(students) if device in shown]
        if wanted != self._rows:
            self._remove_others(set(wanted))
            self._reorder([device for device in wanted if device in self._row_of])
            self._insert_new(wanted)

    def _remove_others(self, wanted: set[str]) -> None:
        for row in reversed(range(len(self._rows))):
            if self._rows[row] not in wanted:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._rows[row]
                self.endRemoveRows()
        self._number()

    def _reorder(self, order: list[str]) -> None:
        if order == self._rows:
            return
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        devices = [self._rows[index.row()] for index in old]
        self._rows = order
        self._number()
        self.changePersistentIndexList(old, [self.index(self._row_of[device]) for device in devices])
        self.layoutChanged.emit()

    def _insert_new(self, wanted: list[str]) -> None:
        row = 0
        while row < len(wanted):
            if row < len(self._rows) and self._rows[row] == wanted[row]:
                row += 1
                continue
            last = row
            while last + 1 < len(wanted) and wanted[last + 1] not in self._row_of:
                last += 1
            self.beginInsertRows(QModelIndex(), row, last)
            self._rows[row:row] = wanted[row : last + 1]
            self._number()
            self.endInsertRows()
            row = last + 1

    def _number(self) -> None:
        self._row_of = {device: row for row, device in enumerate(self._rows)}
