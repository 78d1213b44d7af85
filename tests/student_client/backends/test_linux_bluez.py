"""What BlueZ says, on a real D-Bus."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.policy.facts import BluetoothFacts
from student_client.backends import linux_bluez
from student_client.backends.linux_bluetooth import LinuxBluetooth
from student_client.backends.linux_bluez import Bluez
from student_client.backends.machine import MachineError
from tests.student_client.backends.bluez import PlayedBluez, bus


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with bus(tmp_path) as address:
        yield address


@pytest.fixture
def bluez(address: str) -> Iterator[PlayedBluez]:
    played = PlayedBluez(address)
    yield played
    played.close()


@pytest.fixture
def asker(address: str) -> Iterator[Bluez]:
    asker = Bluez(address)
    yield asker
    asker.close()


def test_a_laptop_is_visible_while_any_adapter_is(bluez: PlayedBluez, asker: Bluez) -> None:
    assert not asker.visible()
    bluez.adapters = {"hci0": False, "hci1": True}
    assert asker.visible()
    bluez.adapters = {"hci0": False, "hci1": False}
    assert not asker.visible()


def test_without_bluez_nothing_answers(asker: Bluez, tmp_path: Path) -> None:
    assert not asker.visible()  # nobody has the name
    assert not Bluez(f"unix:path={tmp_path / 'no-bus'}").visible()


def test_who_does_not_tell_is_named_and_asked_again(
    bluez: PlayedBluez, asker: Bluez, monkeypatch: pytest.MonkeyPatch
) -> None:
    bluez.adapters, bluez.refusal = {"hci0": True}, "org.freedesktop.DBus.Error.AccessDenied"
    with pytest.raises(MachineError, match=r"whether others can find this laptop: .*AccessDenied"):
        asker.visible()
    bluez.refusal, bluez.nonsense = "", True
    with pytest.raises(MachineError, match="not BlueZ"):
        asker.visible()
    bluez.nonsense, bluez.silent = False, True
    monkeypatch.setattr(linux_bluez, "_PATIENCE", 0.1)
    with pytest.raises(MachineError, match="in time"):
        asker.visible()
    monkeypatch.undo()
    bluez.silent = False
    assert asker.visible()


def test_a_bus_that_went_away_is_left(address: str, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    with bus(tmp_path / "second") as second:
        asker = Bluez(second)
        assert not asker.visible()
    with pytest.raises(MachineError):
        asker.visible()
    asker._bus = address
    assert not asker.visible()
    asker.close()
    asker.close()


def test_a_bus_that_lets_in_and_says_nothing_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux_bluez, "_PATIENCE", 0.3)
    mute = socket.socket(socket.AF_UNIX)
    mute.bind(str(tmp_path / "mute"))
    mute.listen()

    def let_in() -> None:
        caller, _ = mute.accept()
        while b"\n" not in caller.recv(1024):
            pass
        caller.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n")
        while caller.recv(1024):
            pass
        caller.close()

    doorman = threading.Thread(target=let_in)
    doorman.start()
    with pytest.raises(MachineError, match="does not say"):
        Bluez(f"unix:path={tmp_path / 'mute'}").visible()
    doorman.join()
    mute.close()


def test_the_laptops_facts_say_it_or_why_not(bluez: PlayedBluez, address: str, tmp_path: Path) -> None:
    switch = tmp_path / "sys/class/rfkill/rfkill0"
    switch.mkdir(parents=True)
    for name, text in (("type", "bluetooth"), ("soft", "0"), ("hard", "0")):
        (switch / name).write_text(text + "\n")
    bluez.adapters = {"hci0": True}
    bluetooth = LinuxBluetooth(tmp_path, address)
    assert bluetooth.facts() == BluetoothFacts(on=True, visible=True)
    assert bluetooth.shortfall() == ""
    bluez.refusal = "org.freedesktop.DBus.Error.AccessDenied"
    assert bluetooth.facts() == BluetoothFacts(on=True)
    assert "AccessDenied" in bluetooth.shortfall()
    (switch / "soft").write_text("1\n")
    asked = bluez.asked
    assert bluetooth.facts() == BluetoothFacts()
    assert bluetooth.shortfall() == ""
    assert bluez.asked == asked  # of what is off nobody asks
    bluetooth.close()
