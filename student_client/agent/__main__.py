"""The agent process: ``python -m student_client.agent``, started by `lessonlight-student run`, which explains it."""

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from protocol.heap import share_one_heap
from protocol.presence import DEFAULT_PORT
from student_client.agent.agent import Options, run_agent
from student_client.agent.desktop import Desktop
from student_client.agent.desktop_host import DesktopHost
from student_client.agent.state import AlreadyRunning, StateFolder, default_state
from student_client.backends.choose import choose_machine
from student_client.backends.machine import LEFT_ALONE, Machine

EXIT_ALREADY_RUNNING = 3


def main() -> int:
    """Run until told to end; returns the exit code."""
    arguments = _arguments()
    logging.basicConfig(
        level=logging.INFO if arguments.verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    logging.getLogger("websockets").setLevel(logging.WARNING)
    share_one_heap()
    options = Options(arguments.host, arguments.port, not arguments.no_mdns)

    def make_desktop(state: StateFolder) -> Desktop:
        if arguments.fake_screens:
            from student_client.agent.fake_desktop import FakeDesktop  # noqa: PLC0415 - Pillow, for simulations only
            from student_client.backends.fake import Script  # noqa: PLC0415

            return FakeDesktop(Script(look=arguments.look))
        return DesktopHost(state.path, os.environ)

    try:
        asyncio.run(run_agent(arguments.state, options, make_desktop, _machine(arguments)))
    except AlreadyRunning as error:
        print(error, file=sys.stderr)
        return EXIT_ALREADY_RUNNING
    return 0


def _machine(arguments: argparse.Namespace) -> Machine:
    """Return the computer the rules are held on; who only plays a screen must not change a real one."""
    if arguments.play_machine:
        from student_client.agent.played_machine import played_machine  # noqa: PLC0415 - for demonstrations only

        return played_machine(arguments.play_machine, arguments.state / "played")
    if arguments.leave_machine or arguments.fake_screens:
        return LEFT_ALONE
    return choose_machine(os.environ)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="student_client.agent", description=__doc__)
    parser.add_argument("--state", type=Path, default=default_state())
    parser.add_argument("--host", default="")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--no-mdns", action="store_true")
    parser.add_argument("--leave-machine", action="store_true")
    parser.add_argument("--play-machine", default="")
    parser.add_argument("--fake-screens", action="store_true")
    parser.add_argument("--look", type=int, default=0)
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
