import select
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from protocol.policy.facts import NetworkFacts, Place, UsbStorage
from protocol.policy.rules import WebRules
from student_client.agent.journal import Journal
from student_client.agent.state import StateFolder
from student_client.backends.base import Unsupported
from student_client.backends.fake_machine import FakeMachine
from student_client.backends.machine import MachineError

T = TypeVar("T")
STICK = UsbStorage("1-2", "SanDisk", "Cruzer", 16_000_000_000)


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeMachine]:
    machine = FakeMachine(tmp_path / "machine")
    yield machine
    machine.close()


def made(make: Callable[[], T] | Unsupported) -> T:
    assert not isinstance(make, Unsupported), make.why
    return make()


def test_programs_start_end_and_resist(fake: FakeMachine) -> None:
    programs = made(fake.machine.programs)
    game, editor = fake.start("supertux2", "SuperTux"), fake.start("mousepad")
    fake.stubborn.add(game.pid)
    assert programs.running() == (game, editor)
    programs.end(game.pid, kill=False)
    assert programs.running() == (game, editor)
    programs.end(game.pid, kill=True)
    fake.end(editor)
    assert programs.running() == ()
    assert fake.asked == [game.pid, -game.pid]


def test_a_stick_rings(fake: FakeMachine) -> None:
    usb = made(fake.machine.usb)

    def rings() -> bool:
        return bool(select.select([usb.news()], [], [], 0)[0])

    assert not rings()
    fake.attach(STICK)
    assert rings()
    assert usb.attached() == (STICK,)
    assert not rings()
    fake.detach(STICK)
    assert rings()
    assert usb.attached() == ()


def test_a_route_is_new_after_the_beginning(fake: FakeMachine) -> None:
    networks = made(fake.machine.networks)
    fake.routes, fake.network = ["eth0"], NetworkFacts(Place.ON_SITE)
    assert not networks.facts(()).new_route
    networks.begin()
    assert networks.facts(()) == NetworkFacts(Place.ON_SITE, ("eth0",))
    fake.routes.append("usb0")
    assert networks.facts(()).new_route


def test_its_files_are_real(fake: FakeMachine, tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "state")
    state.open()
    changes = made(fake.machine.web).changes(WebRules(blocked=("games.example",), allowed=("bbc.co.uk",)))
    Journal(state).hold(changes)
    assert fake.web_file.read_text() == "block games.example\nallow bbc.co.uk"
    Journal(state).restore()
    assert not fake.folder.exists()
    assert made(fake.machine.web).changes(WebRules()) == ()


def test_without_rights_it_says_so_and_broken_it_fails(fake: FakeMachine) -> None:
    fake.privileged = False
    assert isinstance(fake.machine.web, Unsupported)
    assert isinstance(made(fake.machine.usb).blocking(), Unsupported)
    assert isinstance(made(fake.machine.bluetooth).switching_off(), Unsupported)
    fake.broken = "The bus is down."
    for ask in (
        made(fake.machine.programs).running,
        made(fake.machine.usb).attached,
        made(fake.machine.bluetooth).facts,
    ):
        with pytest.raises(MachineError, match="The bus is down"):
            ask()
