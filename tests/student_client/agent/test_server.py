"""Everybody who must not come in, over the real network, and what the student reads of it."""

import asyncio
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from protocol import session
from protocol.enrolment import read_join
from protocol.identity import Credentials, make_credentials
from protocol.link import LinkClosed, dial
from protocol.messages import Reason, Refused
from protocol.role import Role
from protocol.session import GREETING_LIMIT, CloseCode
from protocol.tls import staff_context
from student_client.agent import server
from student_client.agent.door import WAITING_AN_ADDRESS
from student_client.agent.server import Server
from tutor_app.admin.certificates import STAFF_USAGE, Holder, make_leaf, new_key

from .conftest import Campus, DialTutor, Laptop, terms, until, with_hours

DAY = 86_400.0
SPOKE_ILL = "Maths tutor was refused: its program did not speak as agreed"


async def refused_at_the_door(laptop: Laptop, context: ssl.SSLContext | None) -> None:
    """Connect, and see the device hang up before the upgrade."""
    scheme = "ws" if context is None else "wss"
    with pytest.raises((OSError, EOFError, WebSocketException)):
        await connect(
            f"{scheme}://lessonlight/",
            host="127.0.0.1",
            port=laptop.port,
            ssl=context,
            server_hostname=None if context is None else "lessonlight",
            proxy=None,
            open_timeout=5,
        )


async def read_in_receipts(laptop: Laptop, line: str) -> None:
    await until(lambda: line in laptop.receipts())


async def test_without_a_certificate(campus: Campus, laptop: Laptop) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    await refused_at_the_door(laptop, context)
    await read_in_receipts(laptop, "Someone at 127.0.0.1 was refused: it showed no certificate")


async def test_without_encryption(laptop: Laptop) -> None:
    await refused_at_the_door(laptop, None)
    await read_in_receipts(laptop, "Someone at 127.0.0.1 was refused: it spoke without encryption")


async def test_with_an_old_tls(campus: Campus, laptop: Laptop) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    await refused_at_the_door(laptop, context)
    await read_in_receipts(laptop, "Someone at 127.0.0.1 was refused: it spoke an old version of TLS")


NOT_STAFF = "Someone at 127.0.0.1 was refused: its certificate is not one of this college's staff"


async def test_another_colleges_tutor(laptop: Laptop, campus: Campus, tmp_path: Path) -> None:
    stranger = Campus(tmp_path / "other").staff("maths-tutor")
    context = staff_context(stranger)
    context.load_verify_locations(cadata=campus.staff("it").peer_ca.decode())  # an attacker believes anybody
    await refused_at_the_door(laptop, context)
    await read_in_receipts(laptop, NOT_STAFF)


def device_as_staff(campus: Campus) -> Credentials:
    join = read_join(campus.device("LAPTOP-08"))
    return make_credentials(join.certificate, join.key, campus.staff("it").peer_ca, join.root)


async def test_a_classmates_laptop_posing_as_staff(campus: Campus, laptop: Laptop) -> None:
    await refused_at_the_door(laptop, staff_context(device_as_staff(campus)))
    await read_in_receipts(laptop, NOT_STAFF)


def forged(campus: Campus, role: Role) -> Credentials:
    """A certificate that the staff authority signed, for what is no member of staff."""
    key = new_key()
    holder = Holder(role, "LAPTOP-09", "Not a tutor")
    authority = campus.college._authority("staff-ca")
    leaf = make_leaf(authority, holder, key.public_key(), STAFF_USAGE, days=9, now=time.time())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    real = campus.staff("it")
    return make_credentials(leaf.public_bytes(Encoding.PEM), pem, real.peer_ca, real.root)


async def test_the_role_is_checked_though_the_right_authority_signed(campus: Campus, laptop: Laptop) -> None:
    context = staff_context(forged(campus, Role.DEVICE))
    with pytest.raises(InvalidStatus) as refused:
        await dial("127.0.0.1", laptop.port, context)
    assert refused.value.response.status_code == 403
    await read_in_receipts(
        laptop, "Not a tutor was refused: Only a member of staff may connect to a student's computer."
    )


@pytest.mark.parametrize(
    ("issued_at", "words"),
    [(-400 * DAY, "its certificate has expired"), (5 * DAY, "its certificate is not valid yet")],
)
async def test_outside_the_certificates_dates(campus: Campus, laptop: Laptop, issued_at: float, words: str) -> None:
    tutor = campus.staff("maths-tutor", now=time.time() + issued_at)
    await refused_at_the_door(laptop, staff_context(tutor))
    await read_in_receipts(laptop, f"Someone at 127.0.0.1 was refused: {words}")


async def test_revoked(campus: Campus, laptop: Laptop) -> None:
    tutor = campus.staff("maths-tutor")
    campus.college.revoke("maths-tutor")
    laptop.agent.device.take_policy(read_join(campus.device("LAPTOP-10")).bundle)
    with pytest.raises(InvalidStatus) as refused:
        await dial("127.0.0.1", laptop.port, staff_context(tutor))
    assert refused.value.response.status_code == 403
    await until(lambda: laptop.newest.startswith("Maths tutor was refused: This identity has been revoked."))


async def test_out_of_hours(campus: Campus, laptop: Laptop, visit: DialTutor) -> None:
    campus.college.publish(with_hours(campus.policy, ""))
    laptop.agent.device.take_policy(read_join(campus.device("LAPTOP-10")).bundle)
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.ask(terms())
    refused = await tutor.expect(Refused)
    assert refused.reason is Reason.OUTSIDE_HOURS
    assert "closed" in refused.detail
    with pytest.raises(LinkClosed) as closed:
        await tutor.link.receive()
    assert closed.value.code == CloseCode.REFUSED
    assert laptop.newest.startswith("Maths tutor was refused: College hours on ")


async def test_silence_before_hello(
    campus: Campus, laptop: Laptop, visit: DialTutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "ANSWER_WITHIN", 0.2)
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    with pytest.raises(LinkClosed) as closed:
        await tutor.link.receive()
    assert closed.value.code == CloseCode.TOO_SLOW
    await until(lambda: laptop.newest == SPOKE_ILL)


async def raw(campus: Campus, laptop: Laptop, data: bytes | str) -> ConnectionClosed:
    """Send something as a tutor would never, and return how the device closed."""
    context = staff_context(campus.staff("maths-tutor"))
    where: dict[str, Any] = {"host": "127.0.0.1", "port": laptop.port, "ssl": context, "proxy": None}
    async with connect("wss://lessonlight/", server_hostname="lessonlight", **where) as connection:
        await connection.send(data)
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(connection.recv(), 5)
        return closed.value


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"\0" * (GREETING_LIMIT + 1), 1009), (b"\x93 garbage", CloseCode.PROTOCOL), ("text", CloseCode.PROTOCOL)],
)
async def test_oversize_or_garbage_before_hello(campus: Campus, laptop: Laptop, data: bytes | str, code: int) -> None:
    closed = await raw(campus, laptop, data)
    assert closed.rcvd
    assert closed.rcvd.code == code
    await until(lambda: laptop.newest == SPOKE_ILL)


async def test_a_handshake_that_never_comes_ends_and_takes_one_place_only(
    campus: Campus, laptop: Laptop, visit: DialTutor
) -> None:
    idle = [await asyncio.open_connection("127.0.0.1", laptop.port) for _ in range(WAITING_AN_ADDRESS)]
    fifth = await asyncio.open_connection("127.0.0.1", laptop.port)
    assert await asyncio.wait_for(fifth[0].read(), 5) == b""
    assert laptop.newest == "Someone at 127.0.0.1 was refused: too many connections at once"
    for _, writer in (*idle, fifth):
        writer.close()
        await writer.wait_closed()
    await read_in_receipts(laptop, "Someone at 127.0.0.1 was refused: it did not finish the TLS handshake (4 times)")
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())


async def test_a_taken_port_is_said_and_waited_for(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "RETRY_EVERY", 0.05)
    board = laptop.agent.board
    second = Server(laptop.agent.device, board, "127.0.0.1", laptop.port)

    async def listen() -> int:
        async with second.listening(laptop.state.credentials()) as port:
            return port

    waiting = asyncio.create_task(listen())
    await until(lambda: f"Port {laptop.port} is taken" in board.sentence)
    await laptop.stop()
    assert await asyncio.wait_for(waiting, 5) == laptop.port
    assert board.sentence == ""
    assert board.status.last_problem
    assert board.status.last_problem.over_at


async def test_hello_of_another_version(campus: Campus, laptop: Laptop, visit: DialTutor) -> None:
    closed = await raw(campus, laptop, b"\x84\xa2is\xa5hello\xa7version\x02\xa7program\xa1x\xaepolicy_version\x00")
    assert closed.rcvd
    assert closed.rcvd.code == CloseCode.PROTOCOL
