"""A D-Bus of our own, and a BlueZ on it that says what a test wants."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_call, new_method_return
from jeepney.io.blocking import open_dbus_connection

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>"""


@contextmanager
def bus(folder: Path) -> Iterator[str]:
    """Run a bus; give its address."""
    config = folder / "bus.conf"
    config.write_text(_CONFIG.format(socket=folder / "bus"))
    command = ["dbus-daemon", "--config-file", str(config), "--nofork", "--nopidfile", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()  # printed when it listens
        finally:
            process.terminate()


class PlayedBluez:
    """Owns org.bluez; answers with `adapters`, with `refusal`, with `nonsense`, or not at all (`silent`)."""

    def __init__(self, address: str) -> None:
        self.adapters: dict[str, bool] = {}  # name → Discoverable
        self.refusal = ""
        self.silent = False
        self.nonsense = False
        self.asked = 0
        self._connection = open_dbus_connection(address)
        us = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        self._connection.send_and_get_reply(new_method_call(us, "RequestName", "su", ("org.bluez", 4)), timeout=5)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        """Leave the bus."""
        self._ending.set()
        self._thread.join()
        self._connection.close()

    def _serve(self) -> None:
        while not self._ending.is_set():
            try:
                message = self._connection.receive(timeout=0.05)
            except TimeoutError:
                continue
            if message.header.message_type is MessageType.method_call and not self.silent:
                assert message.header.fields[HeaderFields.member] == "GetManagedObjects"
                self.asked += 1
                self._connection.send(self._answer(message))

    def _answer(self, question: Any) -> Any:
        if self.refusal:
            return new_error(question, self.refusal)
        if self.nonsense:
            return new_method_return(question, "s", ("what?",))
        objects: dict[str, Any] = {"/org/bluez": {"org.bluez.AgentManager1": {}}}
        for name, discoverable in self.adapters.items():
            properties = {"Powered": ("b", True), "Discoverable": ("b", discoverable)}
            objects[f"/org/bluez/{name}"] = {"org.bluez.Adapter1": properties}
        return new_method_return(question, "a{oa{sa{sv}}}", (objects,))
