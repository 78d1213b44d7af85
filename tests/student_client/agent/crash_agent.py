"""An agent in its own process, to be killed: a fake screen, a machine of files, and a game that is always running."""

import asyncio
import sys
from pathlib import Path

from protocol.policy.facts import Program, UsbStorage
from student_client.agent.agent import Options, run_agent
from student_client.agent.fake_desktop import FakeDesktop
from student_client.backends.fake_machine import FakeMachine


def main() -> None:
    ground = FakeMachine(Path(sys.argv[2]))
    ground.programs = [Program(4_000_000, "steam")]
    ground.usb = [UsbStorage("1", "SanDisk", "Cruzer")]
    options = Options("127.0.0.1", 0, mdns=False)
    asyncio.run(run_agent(Path(sys.argv[1]), options, lambda _: FakeDesktop(), ground.machine))


main()
