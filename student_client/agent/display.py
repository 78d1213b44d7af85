"""Whether there is a screen to put the desktop on, and where the desktop's socket may lie."""

import contextlib
import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

X11_SOCKETS: Final = "/tmp/.X11-unix"  # noqa: S108 - fixed by X11
SOCKET_PATH_LIMIT: Final = 107  # sockaddr_un.sun_path has 108 bytes, the last a zero
_ANSWERS_WITHIN: Final = 0.5


def why_no_display(environ: Mapping[str, str]) -> str:
    """Return a sentence on why no desktop can be started now, or "" where a display answers."""
    wayland, x11 = environ.get("WAYLAND_DISPLAY", ""), environ.get("DISPLAY", "")
    if wayland:
        path = Path(environ.get("XDG_RUNTIME_DIR", "/"), wayland)
        return "" if _answers(str(path)) else f"The display {wayland} does not answer yet."
    if not x11:
        return "There is no screen in this session (DISPLAY is not set)."
    host, _, number = x11.rpartition(":")
    if host not in {"", "unix"}:
        return ""  # across the network: only the desktop itself can find out
    local = f"{X11_SOCKETS}/X{number.partition('.')[0]}"
    if _answers(local) or _answers(f"\0{local}"):
        return ""
    return f"The display {x11} does not answer yet."


def socket_path(state: Path, environ: Mapping[str, str]) -> Path:
    """Return where the desktop's socket lies, the same for the same state folder, in a folder of this user's only.

    Raises OSError where no such folder can be had.
    """
    key = hashlib.sha256(os.fsencode(state)).hexdigest()[:12]
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    folders = [Path(runtime, f"lessonlight-{key}")] if runtime and _is_ours(Path(runtime)) else []
    folders += [state, Path(tempfile.gettempdir(), f"lessonlight-{os.getuid()}-{key}")]
    for folder in folders:
        path = folder / "desktop.sock"
        if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
            continue
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            if _is_ours(folder):
                return path
    raise OSError("there is no folder for the desktop's socket that only this user can open")


def peer_uid(connection: socket.socket) -> int:
    """Return the user at the other end of a Unix socket."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(data[4:8], "little")


def _is_ours(folder: Path) -> bool:
    try:
        facts = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not facts.st_mode & 0o077


def _answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_ANSWERS_WITHIN)
        try:
            probe.connect(address)
        except OSError:
            return False
    return True
