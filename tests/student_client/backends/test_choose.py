from pathlib import Path

import pytest

from student_client.backends.base import Backends, Unsupported
from student_client.backends.choose import choose
from student_client.backends.x11_capture import X11Capture
from student_client.backends.x11_facts import X11Facts
from student_client.backends.x11_lock import X11ScreenLock

HOME = {"HOME": "/home/student"}


def whys(backends: Backends) -> set[str]:
    return {each.why for each in (backends.capture, backends.lock, backends.facts) if isinstance(each, Unsupported)}


def test_x11_is_real(xvfb: str) -> None:
    backends = choose(HOME | {"DISPLAY": xvfb}, "linux")
    assert whys(backends) == set()
    for make, kind in ((backends.capture, X11Capture), (backends.lock, X11ScreenLock), (backends.facts, X11Facts)):
        assert not isinstance(make, Unsupported)
        made = make()
        assert isinstance(made, kind)
        made.close()


@pytest.mark.parametrize(
    ("environ", "platform", "why"),
    [
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "linux", "Wayland"),
        ({}, "linux", "DISPLAY is not set"),
        ({"DISPLAY": ":0"}, "win32", "win32"),
    ],
)
def test_what_is_missing_says_why(environ: dict[str, str], platform: str, why: str) -> None:
    (said,) = whys(choose(environ, platform))
    assert why in said


def test_autostart_needs_a_home_and_no_display(tmp_path: Path) -> None:
    assert isinstance(choose({}, "linux").autostart, Unsupported)
    assert isinstance(choose({"XDG_CONFIG_HOME": "relative"}, "linux").autostart, Unsupported)
    autostart = choose({"HOME": str(tmp_path)}, "linux").autostart
    assert not isinstance(autostart, Unsupported)
    assert not autostart.installed()
    (tmp_path / ".config/autostart").mkdir(parents=True)
    (tmp_path / ".config/autostart/lessonlight-student.desktop").touch()
    assert autostart.installed()
