"""Starting at login on Linux: an XDG autostart entry, and a systemd user unit where systemd runs the session.

The unit restarts a killed client, but only sessions that reach graphical-session.target start it; the entry works in
all others. Where both are installed the entry tells systemd's and GNOME's session managers to leave it alone, so that
nobody starts the client twice.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from protocol.resource import resource_text
from student_client.backends.base import Autostart, AutostartError

_ENTRY = "lessonlight-student.desktop"
_UNIT = "lessonlight-student.service"
_LEFT_TO_SYSTEMD = "X-systemd-skip=true\nX-GNOME-HiddenUnderSystemd=true\n"
_PATIENCE = 10.0


class LinuxAutostart(Autostart):
    """Writes below the user's configuration folder; `systemctl` is its absolute path, or None where there is none."""

    def __init__(self, config: Path, systemctl: str | None) -> None:
        self._entry = config / "autostart" / _ENTRY
        self._unit = config / "systemd" / "user" / _UNIT
        self._systemctl = systemctl

    def install(self, argv: Sequence[str]) -> tuple[Path, ...]:
        """Write the entry, and write and enable the unit if the user's systemd answers."""
        _check(argv)
        written = []
        if self._ask_systemd("show-environment"):
            _write(self._unit, resource_text(f"services/{_UNIT}").replace("@COMMAND@", unit_command(argv)))
            written.append(self._unit)
            self._ask_systemd("daemon-reload")
            if not self._ask_systemd("enable", _UNIT):
                raise AutostartError(f"systemd does not enable {self._unit}; try: systemctl --user enable {_UNIT}")
        entry = resource_text(f"services/{_ENTRY}").replace("@COMMAND@", entry_command(argv))
        _write(self._entry, entry + (_LEFT_TO_SYSTEMD if written else ""))
        return *written, self._entry

    def remove(self) -> tuple[Path, ...]:
        """Disable and delete what `install` wrote."""
        if self._unit.exists():
            self._ask_systemd("disable", _UNIT)
        removed = tuple(path for path in (self._unit, self._entry) if _deleted(path))
        if self._unit in removed:
            self._ask_systemd("daemon-reload")
        return removed

    def installed(self) -> bool:
        """Say whether the entry is there; the unit never is without it."""
        return self._entry.exists()

    def _ask_systemd(self, *command: str) -> bool:
        if self._systemctl is None:
            return False
        try:
            asked = subprocess.run(
                [self._systemctl, "--user", *command], capture_output=True, timeout=_PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return asked.returncode == 0


def entry_command(argv: Sequence[str]) -> str:
    """Return `argv` as the value of a desktop entry's Exec key (Desktop Entry Specification 1.5, "The Exec key")."""
    return " ".join(_quoted(argument, '"`$\\').replace("%", "%%") for argument in argv).replace("\\", "\\\\")


def unit_command(argv: Sequence[str]) -> str:
    """Return `argv` as the value of a unit's ExecStart (systemd.service(5), "Command lines")."""
    return " ".join(_quoted(argument, '"\\').replace("%", "%%").replace("$", "$$") for argument in argv)


def _quoted(argument: str, special: str) -> str:
    return '"' + "".join(f"\\{char}" if char in special else char for char in argument) + '"'


def _check(argv: Sequence[str]) -> None:
    if not argv or not Path(argv[0]).is_absolute():
        raise AutostartError("Only a program with its whole path can be started at login.")
    if not all(argument.isprintable() for argument in argv):
        raise AutostartError("The command to start at login holds characters that cannot be written into its file.")


def _write(path: Path, text: str) -> None:
    """Replace the file whole, so that a login in between never reads half of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise AutostartError(f"{path} cannot be written: {error.strerror}.") from error


def _deleted(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise AutostartError(f"{path} cannot be removed: {error.strerror}.") from error
    return True
