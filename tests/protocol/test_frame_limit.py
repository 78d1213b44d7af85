"""A peer that speaks TLS and WebSocket well, and floods with frames that carry no message."""

import asyncio
import ssl
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from protocol import link as link_module
from protocol.enrolment import read_join
from protocol.frame_limit import LimitedServerConnection
from protocol.identity import Credentials
from protocol.identity_file import load_identity
from protocol.link import LinkClosed, dial
from protocol.role import Role
from protocol.tls import device_context, staff_context
from tutor_app.admin.college import College
from tutor_app.admin.keys import CHEAP

FLOOD = [Frame(Opcode.PING, b""), Frame(Opcode.PONG, b""), Frame(Opcode.CONT, b"", fin=False)]


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    folder: Path = tmp_path_factory.mktemp("college") / "key"
    college = College.create(folder, name="Key College", passphrase="correct horse", cost=CHEAP)
    staff = college.add_staff("maths", name="Maths tutor", role=Role.TUTOR, passphrase="battery staple")
    device: Credentials = read_join(college.add_device("LAPTOP-07", group="10B")).credentials()
    return staff_context(load_identity(staff, "battery staple")), device_context(device)


@pytest.mark.parametrize("frame", FLOOD, ids=["pings", "pongs", "empty fragments"])
async def test_a_flood_of_frames_ends_the_link(frame: Frame, contexts) -> None:
    staff, device = contexts

    async def flood(connection: ServerConnection) -> None:
        if frame.opcode is Opcode.CONT:
            connection.transport.write(Frame(Opcode.BINARY, b"", fin=False).serialize(mask=False))
        connection.transport.write(frame.serialize(mask=False) * 10_000)
        await connection.wait_closed()

    async with serve(flood, "127.0.0.1", 0, ssl=device, compression=None) as server:
        link = await dial("127.0.0.1", next(iter(server.sockets)).getsockname()[1], staff)
        with pytest.raises(LinkClosed) as closed:
            await asyncio.wait_for(link.receive(), 2)
        assert closed.value.code == 1002
        assert closed.value.reason == "more than 60 frames a second"


async def test_the_listening_side_has_the_same_limit(contexts) -> None:
    staff, device = contexts

    async def listen(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with (
        serve(
            listen, "127.0.0.1", 0, ssl=device, compression=None, create_connection=LimitedServerConnection
        ) as server,
        connect(
            f"wss://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", ssl=staff, server_hostname="x"
        ) as tutor,
    ):
        for _ in range(110):
            await tutor.ping()
        assert tutor.state.name == "OPEN"
        with pytest.raises(ConnectionClosed):
            await asyncio.gather(*[tutor.ping() for _ in range(200)], tutor.wait_closed(), tutor.recv())


@pytest.mark.parametrize("talks", [True, False], ids=["a peer that talks", "a silent peer"])
async def test_only_a_silent_peer_is_pinged(contexts, monkeypatch: pytest.MonkeyPatch, talks: bool) -> None:
    staff, device = contexts
    monkeypatch.setattr(link_module, "PING_EVERY", 0.4)
    pinged = 0

    async def listen(connection: ServerConnection) -> None:
        take_in = connection.protocol.recv_frame

        def counted(frame: Frame) -> None:
            nonlocal pinged
            pinged += frame.opcode is Opcode.PING
            take_in(frame)

        connection.protocol.recv_frame = counted  # type: ignore[method-assign]
        for _ in range(15):
            await asyncio.sleep(0.1)
            if talks:
                connection.transport.write(Frame(Opcode.PONG, b"").serialize(mask=False))

    async with serve(listen, "127.0.0.1", 0, ssl=device, compression=None, ping_interval=None) as server:
        link = await dial("127.0.0.1", next(iter(server.sockets)).getsockname()[1], staff)
        with pytest.raises(LinkClosed) as closed:
            await asyncio.wait_for(link.receive(), 4)
        assert closed.value.code == 1000
        assert pinged == 0 if talks else 2 <= pinged <= 4
