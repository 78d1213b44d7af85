"""Start the desktop process: ``python -m student_client.desktop --socket PATH [--fake]``."""

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from protocol.heap import share_one_heap
from student_client.backends.base import Backends
from student_client.backends.choose import choose
from student_client.desktop.agent_link import AgentLink, connect
from student_client.desktop.desktop import Desktop
from student_client.desktop.succession import Succession, succession_file

EXIT_NO_AGENT = 3  # the agent, which starts this process, is not there to speak to


def main() -> int:
    """Run until the agent is gone or says so; returns the exit code."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own handler would wait for Qt to come back
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        agent = connect(arguments.socket)
    except OSError as error:
        print(f"The agent's socket {arguments.socket} cannot be reached: {error.strerror}.", file=sys.stderr)
        return EXIT_NO_AGENT
    share_one_heap()
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Lessonlight")
    app.setQuitOnLastWindowClosed(False)
    app.setStyle("Fusion")
    file = succession_file(arguments.socket, os.environ.get("DISPLAY", ""))
    desktop = Desktop(AgentLink(agent), _backends(arguments.fake), Succession(file))
    try:
        return app.exec()
    finally:
        desktop.shut_down()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="student_client.desktop", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True, help="the agent's local socket")
    parser.add_argument("--fake", action="store_true", help="capture a scripted screen instead of the real one")
    return parser.parse_args()


def _backends(fake: bool) -> Backends:
    if fake:
        from student_client.backends.fake import Script, fake_backends  # noqa: PLC0415 - tests and simulations only

        return fake_backends(Script())
    return choose(os.environ)


if __name__ == "__main__":
    sys.exit(main())
