"""Networks, Bluetooth and signals read from trees as kernels make them, programs and routes from the real one."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.policy.facts import BluetoothFacts, Program, Signal, SignalSeen
from protocol.policy.match import is_spared
from student_client.agent.desktop_host import PROGRAM
from student_client.agent.needs import front_program
from student_client.backends.base import Unsupported
from student_client.backends.choose import choose_machine
from student_client.backends.linux_bluetooth import LinuxBluetooth
from student_client.backends.linux_networks import LinuxNetworks
from student_client.backends.linux_programs import LinuxPrograms
from student_client.backends.linux_signals import LinuxSignals
from student_client.backends.machine import FileChange, MachineError
from student_client.local import FrontFacts

from .conftest import until

ROUTES = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
WIFI = "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
PHONE = "usb0\t00000000\t8131A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
LOCAL = "wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def interface(root: Path, name: str, driver: str, uevent: str = "") -> None:
    place = root / "sys/class/net" / name
    write(place / "uevent", uevent)
    (root / "drivers" / driver).mkdir(parents=True, exist_ok=True)
    (place / "device").mkdir()
    (place / "device/driver").symlink_to(root / "drivers" / driver)


# ── networks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_routes_best_first_and_a_phone_that_is_plugged_in(tmp_path: Path) -> None:
    routes, networks = write(tmp_path / "proc/net/route", ROUTES + LOCAL + WIFI), LinuxNetworks(tmp_path)
    interface(tmp_path, "wlan0", "iwlwifi", "DEVTYPE=wlan\n")
    networks.begin()
    facts = networks.facts(())
    assert (facts.interfaces, facts.tethered, facts.mobile_modem, facts.new_route) == (("wlan0",), False, False, False)
    interface(tmp_path, "usb0", "rndis_host")
    routes.write_text(ROUTES + LOCAL + WIFI + PHONE)
    facts = networks.facts(())
    assert (facts.interfaces, facts.tethered, facts.new_route) == (("usb0", "wlan0"), True, True)
    routes.write_text(ROUTES + LOCAL + WIFI)
    assert not networks.facts(()).new_route


@pytest.mark.parametrize(
    ("name", "driver", "uevent", "tethered", "modem"),
    [
        ("usb0", "ipheth", "", True, False),
        ("enx1", "cdc_ncm", "", True, False),
        ("bnep0", "none", "DEVTYPE=bluetooth\n", True, False),
        ("wwan0", "qmi_wwan", "DEVTYPE=wwan\n", False, True),
        ("wwp0", "cdc_mbim", "", False, True),
        ("eth0", "e1000e", "", False, False),
    ],
)
def test_what_carries_the_route(
    tmp_path: Path, name: str, driver: str, uevent: str, tethered: bool, modem: bool
) -> None:
    write(tmp_path / "proc/net/route", ROUTES + WIFI.replace("wlan0", name))
    interface(tmp_path, name, driver, uevent)
    facts = LinuxNetworks(tmp_path).facts(())
    assert (facts.tethered, facts.mobile_modem) == (tethered, modem)


def test_routes_that_lead_nowhere_do_not_count(tmp_path: Path) -> None:
    write(tmp_path / "proc/net/route", ROUTES + WIFI.replace("\t0003\t", "\t0201\t"))
    zero = "0" * 32
    write(
        tmp_path / "proc/net/ipv6_route",
        f"{zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200       lo\n"
        f"{zero} 00 {zero} 00 fe80{'0' * 27}1 00000400 00000001 00000000 00000003    wlan1\n",
    )
    assert LinuxNetworks(tmp_path).facts(()).interfaces == ("wlan1",)


def test_a_table_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    write(tmp_path / "proc/net/route", ROUTES + "nonsense\n")
    with pytest.raises(MachineError, match="routes"):
        LinuxNetworks(tmp_path).facts(())


IN_A_NAMESPACE = """
import subprocess
from student_client.backends.linux_networks import LinuxNetworks

def connect(name, address, gateway, metric):
    for words in (
        f"link add {name} type veth peer name {name}far", f"addr add {address} dev {name}", f"link set {name}far up",
        f"link set {name} up", f"route add default via {gateway} metric {metric}",
    ):
        subprocess.run(["ip", *words.split()], check=True)

networks = LinuxNetworks()
print(networks.facts(("10.20.0.0/16",)))
connect("college0", "10.20.3.4/24", "10.20.3.1", 600)
networks.begin()
print(networks.facts(("10.20.0.0/16",)))
print(networks.facts(("10.99.0.0/16",)).place)
connect("hot0", "192.168.43.9/24", "192.168.43.1", 50)
print(networks.facts(("10.20.0.0/16",)))
"""


@pytest.mark.netns
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network namespace")
def test_real_routes_in_a_namespace() -> None:
    command = ["unshare", "--net", "--mount", "sh", "-c", 'mount -t sysfs sys /sys && exec "$@"', "sh"]
    shown = subprocess.run(
        [*command, sys.executable, "-c", IN_A_NAMESPACE], capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()
    assert "UNKNOWN" in shown[0]
    assert "interfaces=()" in shown[0]
    assert "ON_SITE" in shown[1]
    assert "interfaces=('college0',)" in shown[1]
    assert "new_route=False" in shown[1]
    assert shown[2] == "off-site"
    assert "interfaces=('hot0', 'college0')" in shown[3]
    assert "new_route=True" in shown[3]


# ── Bluetooth ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def radio(tmp_path: Path) -> Path:
    for number, kind in enumerate(("wlan", "bluetooth")):
        for name, text in (("type", kind), ("soft", "0"), ("hard", "0")):
            write(tmp_path / f"sys/class/rfkill/rfkill{number}" / name, text + "\n")
    (tmp_path / "sys/class/bluetooth/hci0").mkdir(parents=True)
    return tmp_path


def test_bluetooth_is_on_sends_and_is_switched_off_alone(radio: Path) -> None:
    bluetooth, switch = LinuxBluetooth(radio), radio / "sys/class/rfkill/rfkill1/soft"
    assert bluetooth.facts() == BluetoothFacts(on=True)
    (radio / "sys/class/bluetooth/hci0:11").mkdir()
    assert bluetooth.facts() == BluetoothFacts(on=True, sending=True)
    assert bluetooth.switching_off() == (FileChange(switch, b"1\n", in_place=True),)
    switch.write_text("1\n")
    assert bluetooth.facts() == BluetoothFacts()
    switch.write_text("0\n")
    (radio / "sys/class/rfkill/rfkill1/hard").write_text("1\n")
    assert not bluetooth.facts().on


def test_no_adapter_is_no_bluetooth(tmp_path: Path) -> None:
    assert LinuxBluetooth(tmp_path).facts() == BluetoothFacts()
    assert LinuxBluetooth(tmp_path).switching_off() == ()


# ── signals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("sys/class/dmi/id/sys_vendor", "innotek GmbH\n", "VirtualBox"),
        ("sys/class/dmi/id/product_name", "VMware Virtual Platform\n", "VMware"),
        ("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor sse\n", "unknown kind"),
    ],
)
def test_a_virtual_machine_is_a_signal(tmp_path: Path, name: str, text: str, kind: str) -> None:
    write(tmp_path / name, text)
    assert LinuxSignals(tmp_path).seen(()) == (SignalSeen(Signal.VIRTUAL_MACHINE, kind),)


def test_tools_are_named_once_and_others_are_not(tmp_path: Path) -> None:
    write(tmp_path / "sys/class/dmi/id/sys_vendor", "LENOVO\n")
    names = ("anydesk", "anydesk-service", "mousepad", "zoom", "zoominfo-reader")
    seen = LinuxSignals(tmp_path).seen(tuple(Program(pid, name) for pid, name in enumerate(names, 1)))
    assert seen == (SignalSeen(Signal.REMOTE_CONTROL, "AnyDesk"), SignalSeen(Signal.SCREEN_SHARING, "Zoom"))


# ── programs ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def game(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    (tmp_path / "supergame").symlink_to("/bin/sleep")
    process = subprocess.Popen([str(tmp_path / "supergame"), "60"])
    yield process
    process.kill()
    process.wait()


def test_a_program_is_seen_by_its_name_and_ended(game: subprocess.Popen[bytes]) -> None:
    programs = LinuxPrograms()
    end = time.monotonic() + 5
    while Program(game.pid, "supergame") not in programs.running() and time.monotonic() < end:
        time.sleep(0.01)
    assert Program(game.pid, "supergame") in programs.running()
    assert os.getpid() not in {program.pid for program in programs.running()}
    programs.end(game.pid, kill=False)
    assert game.wait(5) == -15
    programs.end(game.pid, kill=True)
    assert game.pid not in {program.pid for program in programs.running()}


def test_other_peoples_programs_are_neither_seen_nor_ended(game: subprocess.Popen[bytes]) -> None:
    programs = LinuxPrograms(user=os.getuid() + 12345)
    assert programs.running() == ()
    with pytest.raises(MachineError, match="somebody else"):
        programs.end(game.pid, kill=True)
    assert game.poll() is None


@pytest.mark.parametrize("name", ["orca", "onboard-settings", "gnome-shell", "Xorg", "lessonlight-student", "kwin_x11"])
def test_the_desktop_and_assistive_tools_are_spared(name: str) -> None:
    assert is_spared(Program(1, name))
    assert not is_spared(Program(1, "supergame"))


@pytest.fixture
def own_desktop(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process started as the agent starts the desktop: the operating system knows it as python's."""
    write(tmp_path / "student_client/desktop.py", "import time\ntime.sleep(60)\n")
    process = subprocess.Popen(PROGRAM, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    yield process
    process.kill()
    process.wait()


def test_our_own_panel_is_neither_counted_nor_closed_nor_against_an_allow_list(
    own_desktop: subprocess.Popen[bytes], game: subprocess.Popen[bytes]
) -> None:
    programs = LinuxPrograms()
    seen = programs.running()
    assert game.pid in {program.pid for program in seen}
    assert own_desktop.pid not in {program.pid for program in seen}
    panel = FrontFacts(pid=own_desktop.pid, program="Lessonlight", title="Your lesson")
    assert front_program(panel, seen) is None
    with pytest.raises(MachineError, match="belongs to the desktop"):
        programs.end(own_desktop.pid, kill=True)
    assert own_desktop.poll() is None


def test_choosing_a_machine() -> None:
    machine = choose_machine({}, "linux")
    assert machine.networks is LinuxNetworks
    nowhere = choose_machine({}, "win32")
    assert isinstance(nowhere.usb, Unsupported)
    assert "win32" in nowhere.usb.why


def test_a_process_that_becomes_another_program_is_seen_as_that() -> None:
    programs = LinuxPrograms()
    process = subprocess.Popen(["sh", "-c", "read go; exec sleep 60"], stdin=subprocess.PIPE)

    def name() -> str:
        return next((one.name for one in programs.running() if one.pid == process.pid), "")

    try:
        assert until(lambda: name() not in {"", "sleep"})
        assert process.stdin
        process.stdin.write(b"go\n")
        process.stdin.close()
        assert until(lambda: name() == "sleep")
    finally:
        process.kill()
        process.wait()
