import os
import pwd
import subprocess
from typing import Any

import pytest
import xcffib.xproto as xp

from student_client.backends.base import Away, Front
from student_client.backends.titles import title_of
from student_client.backends.x11_facts import X11Facts, _Front


def in_front(facts: X11Facts) -> str:
    front = facts.front()
    return title_of(front.program, front.title) if front else ""


def test_the_focused_window_without_a_window_manager(xvfb: str, new_client: Any) -> None:
    client, facts = new_client(xvfb), X11Facts(xvfb)
    assert in_front(facts) == ""
    window = client.window()
    client.describe(window, "Writer", "Über\u202e uns\nzwei")
    client.set_focus(window)
    assert in_front(facts) == "Writer — Über uns zwei", "control and direction characters are not shown"
    client.core.DestroyWindow(window, is_checked=True).check()
    assert in_front(facts) == ""
    facts.close()
    facts.close()


def test_the_window_in_front_by_its_parts(xvfb: str, new_client: Any) -> None:
    client, facts = new_client(xvfb), X11Facts(xvfb)
    assert facts.front() is None
    window = client.window()
    client.describe(window, "Writer", "essay")
    client.core.ChangeProperty(0, window, client.atom("_NET_WM_PID"), xp.Atom.CARDINAL, 32, 1, [4711])
    client.set_focus(window)
    assert facts.front() == Front(os.getpid(), "Writer", "essay")
    facts.close()


def test_a_screen_saver_in_front_is_told(xvfb: str, new_client: Any) -> None:
    client, facts = new_client(xvfb), X11Facts(xvfb)
    try:
        for mode, shown in ((xp.ScreenSaver.Active, Away.SCREEN_SAVER), (xp.ScreenSaver.Reset, Away.NOT)):
            client.core.ForceScreenSaver(mode, is_checked=True).check()
            assert facts.away() is shown
    finally:
        facts.close()


def test_a_terminal_given_to_somebody_else_is_told(xorg: str, tool: Any) -> None:
    """Nobody can switch terminals here: what a real Xorg says of having its own is changed to what it says then."""
    facts = X11Facts(xorg)
    try:
        assert tool(xorg, "xprop", "-root", "XFree86_has_VT").endswith("= 1\n")
        assert facts.away() is Away.NOT
        for has_it, shown in ((0, Away.OTHER_TERMINAL), (1, Away.NOT)):
            tool(xorg, "xprop", "-root", "-f", "XFree86_has_VT", "32i", "-set", "XFree86_has_VT", str(has_it))
            assert facts.away() is shown
    finally:
        facts.close()


def test_the_active_window_of_a_window_manager(xvfb: str, new_client: Any, poll: Any, tool: Any) -> None:
    quiet, environ = subprocess.DEVNULL, {**os.environ, "DISPLAY": xvfb}
    manager = subprocess.Popen(["openbox", "--sm-disable"], env=environ, stdout=quiet, stderr=quiet)
    facts = X11Facts(xvfb)
    try:
        client = new_client(xvfb)
        managed = client.atom("WM_STATE")
        first, second = client.window(managed=True), client.window(managed=True)
        client.describe(first, "Writer", "essay")
        client.describe(second, "Paint", "a cat")
        for window, said in ((first, "Writer — essay"), (second, "Paint — a cat")):
            assert poll(
                lambda window=window: client.core.GetProperty(False, window, managed, 0, 0, 1).reply().value_len
            )
            tool(xvfb, "xdotool", "windowactivate", "--sync", str(window))
            assert poll(lambda said=said: in_front(facts) == said), in_front(facts)
    finally:
        facts.close()
        manager.terminate()
        manager.wait()


def test_the_server_is_asked_again_only_after_a_change(
    xvfb: str, new_client: Any, poll: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    words = _Front._words
    monkeypatch.setattr(_Front, "_words", lambda self, window: asked.append("again") or words(self, window))
    client, facts = new_client(xvfb), X11Facts(xvfb)
    first, second = client.window(), client.window()
    client.describe(first, "Writer", "essay")
    client.describe(second, "Paint", "a cat")

    def activate(window: int) -> None:
        active = client.atom("_NET_ACTIVE_WINDOW")
        client.core.ChangeProperty(0, client.screen.root, active, xp.Atom.WINDOW, 32, 1, [window], is_checked=True)
        client.sync()

    activate(first)
    assert in_front(facts) == "Writer — essay"
    client.describe(second, "Paint", "a dog")
    for _ in range(5):
        assert in_front(facts) == "Writer — essay"
    assert asked == ["again"]
    client.describe(first, "Writer", "poem")
    assert poll(lambda: in_front(facts) == "Writer — poem")
    activate(second)
    assert poll(lambda: in_front(facts) == "Paint — a dog")
    client.describe(first, "Writer", "prose")
    in_front(facts)
    count = len(asked)
    assert in_front(facts) == "Paint — a dog"
    assert len(asked) == count
    client.core.DestroyWindow(second, is_checked=True).check()
    assert poll(lambda: in_front(facts) == "")
    activate(first)
    assert poll(lambda: in_front(facts) == "Writer — prose")
    facts.close()


def test_a_window_manager_without_an_active_window_is_believed_while_it_lives(
    xvfb: str, new_client: Any, poll: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = _Front._ask
    monkeypatch.setattr(_Front, "_ask", lambda self: asked.append("again") or ask(self))
    client, facts = new_client(xvfb), X11Facts(xvfb)
    manager, window = client.window(), client.window()
    check = client.atom("_NET_SUPPORTING_WM_CHECK")
    for where in (client.screen.root, manager):
        client.core.ChangeProperty(0, where, check, xp.Atom.WINDOW, 32, 1, [manager], is_checked=True).check()
    for _ in range(5):
        assert in_front(facts) == ""
    assert asked == ["again"]
    client.core.DestroyWindow(manager, is_checked=True).check()
    client.describe(window, "Writer", "essay")
    client.set_focus(window)
    assert poll(lambda: in_front(facts) == "Writer — essay")
    facts.close()


def test_a_display_that_is_away_is_no_error(xvfb: str) -> None:
    facts = X11Facts(":9999")
    assert in_front(facts) == ""
    assert in_front(facts) == ""


def test_user_and_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "somebody-else")
    facts = X11Facts(":9999")
    assert facts.logged_in_user() == pwd.getpwuid(os.getuid()).pw_name
    assert facts.host_name() == os.uname().nodename.partition(".")[0]
