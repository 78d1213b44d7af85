"""The bounds before TLS, on real sockets."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from student_client.agent.door import ATTEMPT, WAITING, WAITING_AN_ADDRESS, Door, ListeningSocket, plain_address


class Gatehouse:
    """A listening socket on loopback, and whoever was turned away."""

    def __init__(self, stack: ExitStack) -> None:
        self.refused: list[tuple[str, str]] = []
        self.door = Door(lambda address, why: self.refused.append((address, why)))
        self.sock = stack.enter_context(ListeningSocket.bound("0.0.0.0", 0, self.door))
        self._stack = stack

    def come(self, source: str = "127.0.0.1") -> socket.socket:
        client = socket.create_connection(self.sock.getsockname(), source_address=(source, 0))
        return self._stack.enter_context(client)

    def accept(self) -> socket.socket:
        return self._stack.enter_context(self.sock.accept()[0])


@pytest.fixture
def gatehouse() -> Iterator[Gatehouse]:
    with ExitStack() as stack:
        yield Gatehouse(stack)


def test_an_address_has_four_places(gatehouse: Gatehouse) -> None:
    clients = [gatehouse.come() for _ in range(WAITING_AN_ADDRESS + 1)]
    inside = [gatehouse.accept() for _ in range(WAITING_AN_ADDRESS)]
    with pytest.raises(BlockingIOError):
        gatehouse.sock.accept()
    assert gatehouse.refused == [("127.0.0.1", "too many connections at once")]
    assert clients[-1].recv(1) == b""

    inside[0].close()
    gatehouse.come()
    assert gatehouse.accept()


def test_one_address_takes_nobody_elses_place(gatehouse: Gatehouse) -> None:
    for _ in range(2 * WAITING_AN_ADDRESS):
        gatehouse.come("127.0.0.2")
    gatehouse.come("127.0.0.3")
    for _ in range(WAITING_AN_ADDRESS):
        gatehouse.accept()
    assert gatehouse.accept().getpeername()[0] == "127.0.0.3"


def test_sixty_four_places_in_all(gatehouse: Gatehouse) -> None:
    for number in range(WAITING + 4):
        gatehouse.come(f"127.0.1.{1 + number // 4}")
        if number < WAITING:
            gatehouse.accept()
    with pytest.raises(BlockingIOError):
        gatehouse.sock.accept()
    assert gatehouse.door.waiting == WAITING
    assert len(gatehouse.refused) == 4


def test_a_permit_frees_the_place_and_leaving_later_says_nothing(gatehouse: Gatehouse) -> None:
    gatehouse.come()
    connection = gatehouse.accept()
    ATTEMPT.get().settled()
    assert gatehouse.door.waiting == 0
    connection.close()
    assert gatehouse.refused == []
    assert gatehouse.door.waiting == 0


def test_leaving_before_tls_was_done_is_told_once(gatehouse: Gatehouse) -> None:
    gatehouse.come()
    connection = gatehouse.accept()
    connection.close()
    connection.close()
    assert gatehouse.refused == [("127.0.0.1", "it did not finish the TLS handshake")]
    assert gatehouse.door.waiting == 0


def test_both_families_on_one_socket_and_addresses_as_people_know_them() -> None:
    with ListeningSocket.bound("", 0, Door(lambda *_: None)) as sock:
        port = sock.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, address = sock.accept()
            accepted.close()
        assert plain_address(address[0]) == "127.0.0.1"
    assert plain_address("fe80::1%eth0") == "fe80::1%eth0"
