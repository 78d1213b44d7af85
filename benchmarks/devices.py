"""Many laptops in one process: the client's real agents, TLS and protocol, with screens that are a script.

``python -m benchmarks.devices FOLDER`` enrols and runs every .join file in a folder, says ``ready`` {ports: {device:
port}}, and runs until its input ends.
"""

import asyncio
import json
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from protocol.enrolment import read_join
from protocol.policy.document import Policy
from protocol.policy.facts import Facts
from protocol.policy.rules import Decisions, RulesLease
from student_client.agent.agent import Agent, Options
from student_client.agent.fake_desktop import FakeDesktop
from student_client.agent.state import StateFolder
from student_client.backends.fake import Script
from student_client.backends.machine import LEFT_ALONE

LOOKS: Final = 2


def enrolled(join: Path) -> StateFolder:
    """Enrol one laptop in a state folder beside its file."""
    state = StateFolder(join.with_suffix(""))
    state.open()
    state.store_enrolment(read_join(join.read_bytes()))
    return state


def without_rules(
    _policy: Policy, _lease: RulesLease | None, _facts: Facts, _now: float, *, device: str = "", user: str = ""
) -> Decisions:
    """Return that no rule holds, so that no agent looks around its machine every three seconds.

    It costs one laptop next to nothing, and was half of the work of a thousand that share a core.
    """
    del device, user
    return Decisions()


async def run(joins: Sequence[Path]) -> None:
    """Run the agents until the input ends."""
    options = Options(host="127.0.0.1", port=0, mdns=False)
    agents = {}
    for look, join in enumerate(joins):
        device = read_join(join.read_bytes()).device_id
        # Painting them, which is no laptop's work, is over sooner the fewer different pictures there are.
        desktop = FakeDesktop(Script(look=look % LOOKS), host=device.lower())
        agents[device] = Agent(enrolled(join), options, desktop, LEFT_ALONE, decide=without_rules)
    running = [asyncio.create_task(agent.run(), name=device) for device, agent in agents.items()]
    ports = {device: await agent.port for device, agent in agents.items()}
    print(json.dumps({"is": "ready", "ports": ports}), flush=True)
    await _input_ended()
    for task in running:
        task.cancel()
    await asyncio.wait(running)


async def _input_ended() -> None:
    ended = asyncio.Event()

    def read() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            ended.set()

    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), read)
    await ended.wait()


def main() -> None:
    """Run every laptop of the folder that is the only argument."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(run(sorted(Path(sys.argv[1]).glob("*.join"))))


if __name__ == "__main__":
    main()
