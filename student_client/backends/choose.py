"""The only place that asks which platform and which kind of session this is."""

import shutil
import socket
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from student_client.backends.base import Autostart, Backends, Unsupported
from student_client.backends.machine import Machine, no_machine

_WAYLAND = Unsupported(
    "This laptop's session uses Wayland, which Lessonlight cannot see yet. "
    'Choose "Xorg" at the cogwheel of the log-in screen.'
)
_NO_SESSION = Unsupported("There is no graphical session here: nobody is logged in at the screen (DISPLAY is not set).")


def choose(environ: Mapping[str, str], platform: str = sys.platform) -> Backends:
    """Return what this platform offers to a process with that environment; touches neither display nor disk."""
    if platform != "linux":
        nowhere = Unsupported(f"Lessonlight's student side does not run on this system yet ({platform}).")
        return Backends(nowhere, nowhere, nowhere, nowhere, nowhere, nowhere)
    autostart = _linux_autostart(environ)
    if environ.get("WAYLAND_DISPLAY"):
        return Backends(_WAYLAND, _WAYLAND, _WAYLAND, _WAYLAND, _WAYLAND, autostart)
    if not (display := environ.get("DISPLAY")):
        return Backends(_NO_SESSION, _NO_SESSION, _NO_SESSION, _NO_SESSION, _NO_SESSION, autostart)
    return _x11(display, autostart)


def choose_machine(environ: Mapping[str, str], platform: str = sys.platform) -> Machine:  # noqa: ARG001 - as `choose`
    """Return what this platform offers the agent to hold rules; looks only at what this process may do."""
    if platform != "linux":
        return no_machine(f"Lessonlight cannot hold rules on this system yet ({platform}).")
    from student_client.backends.linux_bluetooth import LinuxBluetooth  # noqa: PLC0415
    from student_client.backends.linux_networks import LinuxNetworks  # noqa: PLC0415
    from student_client.backends.linux_programs import LinuxPrograms  # noqa: PLC0415
    from student_client.backends.linux_signals import LinuxSignals  # noqa: PLC0415
    from student_client.backends.linux_usb import LinuxUsb  # noqa: PLC0415
    from student_client.backends.linux_web import linux_web  # noqa: PLC0415

    return Machine(
        programs=LinuxPrograms,
        web=linux_web(),
        usb=LinuxUsb,
        networks=LinuxNetworks,
        bluetooth=LinuxBluetooth,
        signals=LinuxSignals,
    )


def _x11(display: str, autostart: Autostart | Unsupported) -> Backends:
    from student_client.backends.x11_capture import X11Capture  # noqa: PLC0415 - exists only where X11 does
    from student_client.backends.x11_facts import X11Facts  # noqa: PLC0415
    from student_client.backends.x11_hotkeys import X11Hotkeys  # noqa: PLC0415
    from student_client.backends.x11_inputs import X11Inputs  # noqa: PLC0415
    from student_client.backends.x11_lock import X11ScreenLock  # noqa: PLC0415
    from student_client.backends.x11_windows import X11Windows  # noqa: PLC0415

    return Backends(
        capture=partial(X11Capture, display),
        lock=partial(X11ScreenLock, display),
        inputs=partial(X11Inputs, display),
        hotkeys=partial(X11Hotkeys, display),
        facts=partial(X11Facts, display),
        autostart=autostart,
        windows=partial(X11Windows, display),
    )


def _linux_autostart(environ: Mapping[str, str]) -> Autostart | Unsupported:
    from student_client.backends.linux_autostart import LinuxAutostart  # noqa: PLC0415

    config = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if (home := environ.get("HOME")) else "")
    if not Path(config).is_absolute():
        return Unsupported("This account has no home folder (HOME is not set), so nothing can be started at its login.")
    systemctl = shutil.which("systemctl", path="/usr/bin:/bin")
    return LinuxAutostart(Path(config), systemctl)


def address_news(platform: str = sys.platform) -> socket.socket | Unsupported:
    """Return what turns readable when this computer's addresses change; its owner closes it. Raises OSError."""
    if platform != "linux":
        return Unsupported("This system does not tell when its addresses change.")
    from student_client.backends import linux_addresses  # noqa: PLC0415 - exists only on Linux

    return linux_addresses.address_news()
