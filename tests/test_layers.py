"""The house's layers (docs: DESIGN, "The house"): who may import what, and who may ask a clock."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("protocol", "student_client", "tutor_app")

PURE = (
    "protocol/messages.py",
    "protocol/text.py",
    "protocol/jpeg.py",
    "protocol/codec.py",
    "protocol/session.py",
    "protocol/identity.py",
    "protocol/role.py",
    "protocol/presence.py",
    "protocol/policy/",
    "tutor_app/classroom/",
    "student_client/backends/base.py",
    "student_client/backends/browser_policies.py",
    "student_client/agent/gate.py",
    "student_client/agent/merging.py",
    "student_client/agent/leases.py",
    "student_client/agent/lesson_leases.py",
    "student_client/agent/assessment.py",
    "student_client/agent/release.py",
    "student_client/agent/incidents.py",
    "student_client/agent/needs.py",
    "student_client/agent/backlog.py",
    "student_client/agent/screens.py",
    "student_client/regions.py",
    "student_client/spacing.py",
    "student_client/desktop/canvas.py",
    "student_client/desktop/decide.py",
    "student_client/desktop/pace.py",
)
IMPURE_IMPORTS = {
    "asyncio", "socket", "ssl", "threading", "PySide6", "sqlalchemy", "time", "websockets", "selectors",
    "subprocess", "multiprocessing",
}  # fmt: skip
CLOCK_CALLS = {"now", "utcnow", "today"}

QT_ROOMS = (
    "tutor_app/ui/",
    "tutor_app/app.py",
    "tutor_app/__main__.py",
    "tutor_app/demo/desktops.py",
    "tutor_app/demo/programs/",
    "tutor_app/demo/tutor.py",
    "student_client/desktop/",
)


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


def inside(path: Path, rooms: tuple[str, ...]) -> bool:
    return path.relative_to(ROOT).as_posix().startswith(rooms)


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.partition(".")[0])
    return names


def clock_calls(path: Path) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS
    ]


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_keep_to_their_layer(path: Path) -> None:
    names = imported(path)
    package = path.relative_to(ROOT).parts[0]
    if package == "protocol":
        assert not names & {"PySide6", "sqlalchemy", "student_client", "tutor_app"}
    if package == "student_client":
        assert "tutor_app" not in names
    if package == "tutor_app":
        assert "student_client" not in names
    if "PySide6" in names:
        assert inside(path, QT_ROOMS), "Qt lives in tutor_app/ui, tutor_app/{app,__main__} and student_client/desktop"
    if inside(path, PURE):
        assert not names & IMPURE_IMPORTS
        assert not clock_calls(path), "pure code takes the time as an argument"


def test_the_pure_rooms_exist() -> None:
    assert [room for room in PURE if not (ROOT / room).exists()] == []


def test_the_students_desktop_loads_nothing_that_only_the_agent_needs() -> None:
    """Each of these is megabytes on every laptop; the agent alone speaks to the network and reads certificates."""
    only_the_agents = ("cryptography", "websockets", "zeroconf", "asyncio", "pyudev", "psutil")
    program = "import sys, student_client.desktop.__main__; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT)
    assert sorted(set(only_the_agents) & set(loaded.stdout.split())) == []
