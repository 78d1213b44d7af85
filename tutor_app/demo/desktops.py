"""What the demo's students are doing: an essay being typed, pages browsed, a video, an idle table.

Each is one process that fills its display: ``python -m tutor_app.demo.desktops essay --variation 2``. Drawn with Qt
alone; reads resources/demo/desktops.toml and nothing else.
"""

import argparse
import sys
import tomllib
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QApplication

from protocol.resource import resource_text
from tutor_app.demo.programs.browser import Browser
from tutor_app.demo.programs.calc import Calc
from tutor_app.demo.programs.chrome import TASKBAR, Program, Taskbar
from tutor_app.demo.programs.player import Player
from tutor_app.demo.programs.writer import Writer

ACTIVITIES: Final = ("essay", "browsing", "video", "idle")


def _essay(content: dict[str, Any], variation: int) -> Program:
    return Writer(content["essay"][variation % len(content["essay"])], 215 + 40 * variation)


def _browsing(content: dict[str, Any], variation: int) -> Program:
    pages = content["page"]
    start = variation % len(pages)
    return Browser(pages[start:] + pages[:start], 210 + 30 * variation)


def _video(content: dict[str, Any], variation: int) -> Program:
    return Player(content["video"][variation % len(content["video"])], 70 * (variation // 2))


def _idle(content: dict[str, Any], variation: int) -> Program:
    return Calc(content["sheet"][variation % len(content["sheet"])], 50 * variation)


PROGRAMS: Final[dict[str, tuple[str, Callable[[dict[str, Any], int], Program]]]] = {
    "essay": ("Writer", _essay),
    "browsing": ("Browser", _browsing),
    "video": ("Video player", _video),
    "idle": ("Calc", _idle),
}


def show(activity: str, variation: int) -> tuple[Program, Taskbar]:
    """Fill the screen with one desktop and return its windows; an application must be there."""
    area = QApplication.primaryScreen().geometry()
    content = tomllib.loads(resource_text("demo/desktops.toml"))
    program = PROGRAMS[activity][1](content, variation)
    program.setGeometry(QRect(area.topLeft(), QSize(area.width(), area.height() - TASKBAR)))
    taskbar = Taskbar(QRect(0, area.height() - TASKBAR, area.width(), TASKBAR), 215 + 47 * variation)
    taskbar.show()
    program.show()
    if isinstance(program, Browser):
        program.begin()
    return program, taskbar


def main() -> int:
    """Run one desktop until its display goes."""
    parser = argparse.ArgumentParser(prog="python -m tutor_app.demo.desktops")
    parser.add_argument("activity", choices=ACTIVITIES)
    parser.add_argument("--variation", type=int, default=0)
    options = parser.parse_args()
    name = PROGRAMS[options.activity][0]
    QApplication.setApplicationName(name)  # the class of its windows, which the tile shows
    application = QApplication([name.lower().replace(" ", "-")])
    windows = show(options.activity, options.variation)
    application.exec()
    del windows
    return 0


if __name__ == "__main__":
    sys.exit(main())
