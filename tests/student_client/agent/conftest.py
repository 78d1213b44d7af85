"""A real college, agents with fake screens on port 0, and staff who dial them over real TLS."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest
from msgspec.structs import replace

from protocol.enrolment import read_join
from protocol.identity import Credentials
from protocol.identity_file import load_identity
from protocol.link import Link, dial
from protocol.messages import (
    VERSION,
    Command,
    Credit,
    Frame,
    Hello,
    LessonTerms,
    Message,
    Outcome,
    Patches,
    PermitGranted,
    PermitRequest,
    Status,
    Stream,
    Watch,
    Welcome,
)
from protocol.policy.bundle import Bundle, sign_bundle
from protocol.policy.document import RuleSet
from protocol.policy.parse import parse_policy
from protocol.role import Role
from protocol.tls import staff_context
from student_client.agent.agent import Agent, Options
from student_client.agent.fake_desktop import FakeDesktop
from student_client.agent.state import StateFolder
from student_client.backends.fake import Script
from student_client.backends.machine import LEFT_ALONE, Machine
from tutor_app.admin.college import POLICY, College
from tutor_app.admin.keys import CHEAP

M = TypeVar("M", bound=Message)
PASSPHRASE = "correct horse"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def with_hours(policy: str, spans: str) -> str:
    for day in DAYS:
        policy = re.sub(rf"^{day}\s*=.*$", f"{day} = [{spans}]", policy, flags=re.MULTILINE)
    return policy


async def until(true: Callable[[], bool], within: float = 5.0) -> None:
    """Poll a condition; fails with its source where it does not come true in time."""
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110 - conditions of every kind
            await asyncio.sleep(0.005)


class Tutor:
    """A member of staff who can dial a device and speak to it."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.heard: list[Message] = []
        self._watches = 0

    async def say(self, message: Message) -> None:
        await self.link.send(message)

    async def expect(self, kind: type[M], within: float = 5.0) -> M:
        """Return the next message of a kind; others are kept in `heard`. Pictures get their credit at once."""
        async with asyncio.timeout(within):
            while True:
                message = await self.link.receive()
                self.heard.append(message)
                if isinstance(message, kind):
                    return message
                if isinstance(message, Frame | Patches):
                    await self.credit(message)

    async def greet(self) -> Welcome:
        await self.say(Hello(version=VERSION, program="test", policy_version=1))
        return await self.expect(Welcome)

    async def ask(self, lesson: LessonTerms) -> None:
        await self.greet()
        await self.say(PermitRequest(lesson=lesson))

    async def enter(self, lesson: LessonTerms) -> PermitGranted:
        await self.ask(lesson)
        granted = await self.expect(PermitGranted)
        await self.expect(Status)
        return granted

    async def watch(
        self, stream: Stream = Stream.TILE, width: int = 320, height: int = 180, interval_ms: int = 50
    ) -> Watch:
        self._watches += 1
        watch = Watch(watch=self._watches, stream=stream, width=width, height=height, interval_ms=interval_ms)
        await self.say(watch)
        return watch

    async def picture(self) -> Frame:
        frame = await self.expect(Frame)
        await self.credit(frame)
        return frame

    async def patches(self) -> Patches:
        patches = await self.expect(Patches)
        await self.credit(patches)
        return patches

    async def credit(self, frame: Frame | Patches) -> None:
        await self.say(Credit(watch=frame.watch, sequence=frame.sequence))

    async def status(self, true: Callable[[Status], bool]) -> Status:
        """Return the first status of which something is true, said before or still to come."""
        for message in self.heard:
            if isinstance(message, Status) and true(message):
                return message
        while not true(found := await self.expect(Status)):
            pass
        return found

    async def order(self, command: Command) -> Outcome:
        """Say a command and return how it ended."""
        await self.say(command)
        return await self.outcome(command.id)

    async def outcome(self, identifier: str) -> Outcome:
        while True:
            outcome = await self.expect(Outcome, within=8)
            if outcome.id == identifier:
                return outcome


def terms(**changes: object) -> LessonTerms:
    now = time.time()
    fields = {"id": uuid4().hex, "name": "Maths 10B", "group": "10B", "starts_at": now - 60, "ends_at": now + 1800}
    return LessonTerms(**(fields | changes))  # type: ignore[arg-type]


class Campus:
    """One college and what it has issued."""

    def __init__(self, folder: Path, name: str = "Key College") -> None:
        years_ago = time.time() - 500 * 86_400  # so that certificates can be issued in the past
        self.college = College.create(folder, name=name, passphrase=PASSPHRASE, cost=CHEAP, now=years_ago)
        self.policy = (folder / "policy.toml").read_text()
        self.college.publish(with_hours(self.policy, '"00:00-24:00"'))

    def under(self, **sets: RuleSet) -> bytes:
        """Return a newer policy, signed, with these rule sets beside its own, which have no rules."""
        college, text = self.college, with_hours(self.policy, '"00:00-24:00"')
        version = college.publish(text)
        policy = parse_policy(text)
        without_rules = {name: replace(one, rules=()) for name, one in policy.rules.items()}
        policy = replace(policy, rules=without_rules | sets)
        register = college.register
        bundle = Bundle(register.college, version, time.time(), policy, register.denied(time.time()))
        return sign_bundle(bundle, college._certificate(POLICY), college._unlocked.signing(POLICY).sign)

    def staff(self, identifier: str, role: Role = Role.TUTOR, **more: object) -> Credentials:
        name = identifier.replace("-", " ").capitalize()
        again = self.college.register.find(identifier) is not None
        data = self.college.add_staff(
            identifier, name=name, role=role, passphrase=PASSPHRASE, again=again, **more  # type: ignore[arg-type]
        )  # fmt: skip
        return load_identity(data, PASSPHRASE, now=float(more.get("now", time.time())))  # type: ignore[arg-type]

    def device(self, identifier: str, group: str = "10B", **more: object) -> bytes:
        again = self.college.register.find(identifier) is not None
        return self.college.add_device(identifier, group=group, again=again, **more)  # type: ignore[arg-type]


@pytest.fixture
def campus(tmp_path: Path) -> Campus:
    return Campus(tmp_path / "college")


@pytest.fixture
def state(campus: Campus, tmp_path: Path) -> StateFolder:
    """An enrolled state folder."""
    folder = StateFolder(tmp_path / "state")
    folder.open()
    folder.store_enrolment(read_join(campus.device("LAPTOP-07")))
    return folder


class WatchedDesktop(FakeDesktop):
    """Remembers what it was told; does not confirm what the test says it shouldn't."""

    def __init__(self, *mute: type[Message], rate: float = 20) -> None:
        super().__init__(Script(rate=rate))
        self.mute = mute
        self.told: list[Message] = []

    def obey(self, message: Message) -> None:
        self.told.append(message)
        if not isinstance(message, self.mute):
            super().obey(message)

    def kinds(self) -> list[str]:
        return [type(message).__name__ for message in self.told]


class Laptop:
    """A running agent with a fake screen."""

    def __init__(self, state: StateFolder, desktop: FakeDesktop, machine: Machine = LEFT_ALONE) -> None:
        self.state, self.desktop = state, desktop
        self.agent = Agent(state, Options("127.0.0.1", 0, mdns=False), desktop, machine)
        self.task = asyncio.create_task(self.agent.run(), name="agent")
        self.port = 0

    async def started(self) -> "Laptop":
        self.port = await asyncio.wait_for(self.agent.port, 5)
        return self

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    @property
    def newest(self) -> str:
        """The newest receipt as the student reads it, "" without any."""
        return next(iter(self.receipts()), "")

    def receipts(self) -> list[str]:
        return [f"{line.name} {line.what}" for line in self.agent.device.receipts.newest(50)]


StartLaptop = Callable[..., Awaitable[Laptop]]
DialTutor = Callable[..., Awaitable[Tutor]]


@pytest.fixture
async def start(state: StateFolder) -> AsyncIterator[StartLaptop]:
    laptops: list[Laptop] = []

    async def start_one(desktop: FakeDesktop | None = None, rate: float = 20, machine: Machine = LEFT_ALONE) -> Laptop:
        laptops.append(Laptop(state, desktop or FakeDesktop(Script(rate=rate)), machine))
        return await laptops[-1].started()

    yield start_one
    for laptop in laptops:
        await laptop.stop()


@pytest.fixture
async def laptop(start: StartLaptop) -> Laptop:
    return await start()


@pytest.fixture
async def visit() -> AsyncIterator[DialTutor]:
    """A function that dials a laptop as somebody and returns the Tutor."""
    async with AsyncExitStack() as stack:

        async def dial_as(who: Credentials, laptop: Laptop) -> Tutor:
            link = await dial("127.0.0.1", laptop.port, staff_context(who))
            stack.push_async_callback(link.close)
            return Tutor(link)

        yield dial_as
