"""Real TLS websockets on port 0 between two Links."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from protocol.enrolment import read_join
from protocol.identity import Credentials
from protocol.identity_file import load_identity
from protocol.link import Link, LinkClosed, dial
from protocol.messages import (
    VERSION,
    Credit,
    EndLesson,
    Frame,
    Hello,
    PermitGranted,
    PermitRequest,
    Right,
    Stream,
    Watch,
    Welcome,
)
from protocol.role import Role
from protocol.session import GREETING_LIMIT, CloseCode, Side
from protocol.tls import device_context, peer_identity, staff_context
from tests.kit import ID, frame, jpeg, lesson
from tutor_app.admin.college import College
from tutor_app.admin.keys import CHEAP

Serve = Callable[[Link], Awaitable[None]]


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> tuple[Credentials, Credentials]:
    folder: Path = tmp_path_factory.mktemp("college") / "key"
    college = College.create(folder, name="Key College", passphrase="correct horse", cost=CHEAP)
    staff = college.add_staff("maths", name="Maths tutor", role=Role.TUTOR, passphrase="battery staple")
    device = read_join(college.add_device("LAPTOP-07", group="10B"))
    return load_identity(staff, "battery staple"), device.credentials()


@asynccontextmanager
async def device_end(credentials: Credentials, handle: Serve) -> AsyncIterator[int]:
    """A listening device that hands each Link to `handle`; yields its port."""

    async def served(connection: ServerConnection) -> None:
        peer = peer_identity(connection.transport.get_extra_info("ssl_object"))
        await handle(Link(connection, Side.DEVICE, peer))

    context = device_context(credentials)
    async with serve(served, "127.0.0.1", 0, ssl=context, compression=None, max_size=GREETING_LIMIT) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def let_in(link: Link) -> None:
    """The device's side up to the permit."""
    assert isinstance(await link.receive(), Hello)
    await link.send(Welcome(version=VERSION, program="test", policy_version=1, clock=0.0))
    assert isinstance(await link.receive(), PermitRequest)
    await link.send(PermitGranted(lesson=ID, until=3600.0, may=tuple(Right)))


async def get_in(port: int, staff: Credentials) -> Link:
    """The tutor's side up to the permit."""
    link = await dial("127.0.0.1", port, staff_context(staff))
    await link.send(Hello(version=VERSION, program="test", policy_version=1))
    assert isinstance(await link.receive(), Welcome)
    await link.send(PermitRequest(lesson=lesson()))
    assert isinstance(await link.receive(), PermitGranted)
    return link


async def test_a_picture_crosses(parties: tuple[Credentials, Credentials]) -> None:
    staff, device = parties

    async def handle(link: Link) -> None:
        assert link.peer.id == "maths"
        await let_in(link)
        ask = await link.receive()
        assert isinstance(ask, Watch)
        await link.send(frame(ask, 1))
        assert await link.receive() == Credit(watch=1, sequence=1)
        assert await link.receive() == EndLesson()
        await link.close()

    async with device_end(device, handle) as port:
        link = await get_in(port, staff)
        assert (link.peer.role, link.peer.id, link.peer.group) == (Role.DEVICE, "LAPTOP-07", "10B")
        await link.send(Watch(watch=1, stream=Stream.TILE, width=320, height=180, interval_ms=1000))
        picture = await link.receive()
        assert isinstance(picture, Frame)
        assert picture.jpeg == jpeg(320, 180)
        assert link.bytes_in > len(picture.jpeg)
        await link.send(Credit(watch=1, sequence=1))
        await link.send(EndLesson())
        with pytest.raises(LinkClosed) as closed:
            await link.receive()
        assert closed.value.code == CloseCode.DONE


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"\xc1garbage", CloseCode.PROTOCOL), ("text", CloseCode.PROTOCOL), (bytes(5000), 1009)],
    ids=["garbage", "text", "too long before hello"],
)
async def test_a_broken_peer_is_closed_with_a_code(
    parties: tuple[Credentials, Credentials], payload: bytes | str, code: int
) -> None:
    staff, device = parties
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def handle(link: Link) -> None:
        try:
            await link.receive()
        except LinkClosed as error:
            ended.set_result(error.code)

    async with (
        device_end(device, handle) as port,
        connect(f"wss://127.0.0.1:{port}/", ssl=staff_context(staff), server_hostname="x") as raw,
    ):
        await raw.send(payload)
        assert await asyncio.wait_for(ended, 5) == code


async def test_silence_before_hello_ends(
    parties: tuple[Credentials, Credentials], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocol.session.ANSWER_WITHIN", 0.1)
    staff, device = parties
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def handle(link: Link) -> None:
        try:
            await link.receive()
        except LinkClosed as error:
            ended.set_result(error.code)

    async with device_end(device, handle) as port:
        link = await dial("127.0.0.1", port, staff_context(staff))
        assert await asyncio.wait_for(ended, 5) == CloseCode.TOO_SLOW
        await link.close()


async def test_a_cut_connection_is_told_apart_from_a_close(parties: tuple[Credentials, Credentials]) -> None:
    staff, device = parties

    async def handle(link: Link) -> None:
        await let_in(link)
        link._connection.transport.abort()

    async with device_end(device, handle) as port:
        link = await get_in(port, staff)
        with pytest.raises(LinkClosed) as closed:
            await link.receive()
        assert closed.value.code == 1006


async def test_a_device_does_not_answer_another_college(
    parties: tuple[Credentials, Credentials], tmp_path: Path
) -> None:
    _, device = parties
    other = College.create(tmp_path / "other", name="Other", passphrase="x" * 12, cost=CHEAP)
    stranger = load_identity(other.add_staff("eve", name="Eve", role=Role.TUTOR, passphrase="y" * 12), "y" * 12)

    async def handle(link: Link) -> None:
        raise AssertionError("a stranger got in")

    async with device_end(device, handle) as port:
        with pytest.raises(ssl.SSLCertVerificationError):  # the stranger refuses us as we would refuse them
            await dial("127.0.0.1", port, staff_context(stranger))
