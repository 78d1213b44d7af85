from typing import Any

from student_client.backends.x11_inputs import X11Inputs


def test_presses_are_counted_and_moves_are_not(xvfb: str, tool: Any, poll: Any) -> None:
    inputs = X11Inputs(xvfb)
    assert inputs.count() == 0
    tool(xvfb, "xdotool", "key", "a", "b", "Return")
    tool(xvfb, "xdotool", "mousemove_relative", "20", "20", "click", "1")
    assert poll(lambda: inputs.count() == 4)
    assert inputs.count() == 4
    inputs.close()
    tool(xvfb, "xdotool", "key", "c")
    assert inputs.count() == 4
    inputs.close()


def test_presses_are_counted_under_a_grab(xvfb: str, new_client: Any, tool: Any, poll: Any) -> None:
    inputs, client = X11Inputs(xvfb), new_client(xvfb)
    assert client.grab_keyboard()
    tool(xvfb, "xdotool", "key", "a")
    assert poll(lambda: inputs.count() == 1)
    inputs.close()


def test_a_display_that_is_away_counts_nothing() -> None:
    inputs = X11Inputs(":9999")
    assert inputs.count() == 0
    inputs.close()
