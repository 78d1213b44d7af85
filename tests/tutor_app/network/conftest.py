"""A college, laptops that stop with the test, and a tutor's network with its events in a list."""

import asyncio
import pickle
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time
from uuid import uuid4

import pytest

from protocol.enrolment import read_join
from protocol.identity import Credentials
from protocol.identity_file import load_identity
from protocol.messages import LessonTerms, Stream
from protocol.policy.bundle import StaffBundle, open_staff_bundle
from protocol.role import Role
from tests.tutor_app.network.devices import Behaviour, Laptop
from tutor_app.admin.college import College
from tutor_app.admin.keys import CHEAP
from tutor_app.classroom.events import Event
from tutor_app.network.limits import Limits
from tutor_app.network.mailbox import Picture
from tutor_app.network.network import Network
from tutor_app.network.wishes import WatchAsk

PASSPHRASE = "correct horse battery"
QUICK = Limits(longest_backoff=0.5, ask_again=0.3, doubt=0.4)


class Bursar:
    """One college, and identities from it."""

    def __init__(self, folder: Path, now: float | None = None) -> None:
        self.college = College.create(folder, name="Key College", passphrase=PASSPHRASE, cost=CHEAP, now=now)
        self._number = 0

    def device(self, group: str = "10B", now: float | None = None) -> Credentials:
        self._number += 1
        join = self.college.add_device(f"LAPTOP-{self._number:02}", group=group, now=now)
        return read_join(join).credentials()

    def staff(self, identifier: str = "maths", **names: str) -> Credentials:
        file = self.college.add_staff(
            identifier, name=names.get("name", "Maths tutor"), role=Role.TUTOR, passphrase=PASSPHRASE, again=True
        )
        return load_identity(file, PASSPHRASE)

    @property
    def bundle(self) -> StaffBundle:
        return open_staff_bundle(self.college.staff_bundle, self.college.root_pem)


@pytest.fixture(scope="session")
def college(tmp_path_factory: pytest.TempPathFactory) -> Bursar:
    return Bursar(tmp_path_factory.mktemp("network") / "college")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Bursar:
    return Bursar(tmp_path_factory.mktemp("network") / "elsewhere")


@pytest.fixture(scope="session")
def tutor(college: Bursar) -> Credentials:
    return college.staff()


@pytest.fixture
async def laptop(college: Bursar) -> AsyncIterator[Callable[..., "asyncio.Future[Laptop]"]]:
    """Starts a laptop; they go when the test is over."""
    laptops: list[Laptop] = []

    async def start(
        credentials: Credentials | None = None,
        *,
        behave: Behaviour | None = None,
        host: str = "127.0.0.1",
        **kwargs: object,
    ) -> Laptop:
        made = Laptop(credentials or college.device(), behave=behave)
        made.policy_version = college.bundle.bundle.version
        for name, value in kwargs.items():
            setattr(made, name, value)
        laptops.append(made)
        return await made.start()

    yield start  # type: ignore[misc]
    for one in laptops:
        await one.stop()


@pytest.fixture
async def process(college: Bursar) -> AsyncIterator[Callable[..., object]]:
    """Starts a laptop in a process of its own, hostile if named so; returns its port, its name and the process."""
    processes: list[asyncio.subprocess.Process] = []

    async def start(attack: str = "") -> tuple[int, str, asyncio.subprocess.Process]:
        command = (sys.executable, "-m", "tests.tutor_app.network.attacks", attack)
        made = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
        processes.append(made)
        credentials = college.device()
        assert made.stdin
        assert made.stdout
        made.stdin.write(pickle.dumps(credentials))
        made.stdin.close()
        return int(await made.stdout.readline()), credentials.identity.id, made

    yield start
    for one in processes:
        if one.returncode is None:
            one.kill()
        await one.wait()


@dataclass
class Desk:
    """The tutor's end: a network, the events it told and the pictures it brought."""

    network: Network
    events: list[Event] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    draining: bool = True

    async def until(self, done: Callable[[], object], within: float = 10.0) -> float:
        """Turn until `done`; returns the seconds it took."""
        began = monotonic()
        while True:
            self.turn()
            if done():
                return monotonic() - began
            if monotonic() > began + within:
                raise AssertionError(f"not within {within} s; events: {self.events[-20:]}")
            await asyncio.sleep(0.005)

    async def turn_for(self, seconds: float) -> None:
        ends = monotonic() + seconds
        while monotonic() < ends:
            self.turn()
            await asyncio.sleep(0.005)

    def turn(self) -> None:
        self.events += self.network.events()
        if self.draining:
            self.pictures += self.network.mailbox.drain()

    def told(self, kind: type[Event], laptop: Laptop | str | None = None) -> list[Event]:
        name = laptop.name if isinstance(laptop, Laptop) else laptop
        return [one for one in self.events if isinstance(one, kind) and name in (None, getattr(one, "device", None))]

    def seen(self, laptop: Laptop, stream: Stream = Stream.TILE) -> list[Picture]:
        return [one for one in self.pictures if one.device == laptop.name and one.stream is stream]


def lesson(**changes: object) -> LessonTerms:
    now = time()
    terms = {
        "id": uuid4().hex,
        "name": "Maths",
        "group": "10B",
        "starts_at": now,
        "ends_at": now + 3600,
    } | changes
    return LessonTerms(**terms)  # type: ignore[arg-type]


TILE = WatchAsk(stream=Stream.TILE, width=64, height=36, interval_ms=30)


@pytest.fixture
async def desk(college: Bursar, tutor: Credentials) -> AsyncIterator[Callable[..., Desk]]:
    """Starts a tutor's network that dials these laptops, with a lesson under way and tiles wished."""
    networks: list[Network] = []

    def start(
        *laptops: Laptop | str,
        credentials: Credentials = tutor,
        bundle: StaffBundle | None = None,
        limits: Limits = QUICK,
        begin: bool = True,
        mdns: bool = False,
    ) -> Desk:
        dial = [one if isinstance(one, str) else one.address for one in laptops]
        network = Network(credentials, bundle or college.bundle, mdns=mdns, dial=dial, limits=limits)
        networks.append(network)
        network.start()
        network.watch_all(TILE)
        if begin:
            network.begin(lesson())
        return Desk(network)

    yield start
    for network in networks:
        assert await asyncio.to_thread(network.stop), "the network thread did not stop"
