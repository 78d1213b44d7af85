"""Whether others can find this computer by Bluetooth: BlueZ alone knows, and is asked over D-Bus.

Source: BlueZ, org.bluez.Adapter(5); https://bluez.readthedocs.io/en/latest/adapter-api/
"""

import socket
import threading
from typing import TYPE_CHECKING, Any, Final

from student_client.backends.machine import MachineError

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection  # type: ignore[import-untyped]  # ships no signatures

SYSTEM_BUS: Final = "SYSTEM"
_PATIENCE: Final = 1.0  # seconds
_OBJECTS: Final = "a{oa{sa{sv}}}"  # path → interface → property → its type and value
_NOT_RUNNING: Final = ("org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner")


class Bluez:
    """One connection to a D-Bus, made when it is needed; used by one thread. `bus` is an address, or "SYSTEM"."""

    def __init__(self, bus: str = SYSTEM_BUS) -> None:
        self._bus = bus
        self._connection: DBusConnection | None = None

    def visible(self) -> bool:
        """Return whether an adapter answers whoever looks for devices; raises MachineError where nobody can tell.

        Without BlueZ no adapter does: it is BlueZ that has them answer.
        """
        try:
            managed = self._managed()
        except FileNotFoundError:
            return False  # without a bus there is no BlueZ
        except (OSError, RuntimeError, ValueError, LookupError, EOFError) as error:
            self.close()
            why = "it did not answer in time" if isinstance(error, TimeoutError) else str(error)
            raise MachineError(f"BlueZ does not say whether others can find this laptop: {why}.") from error
        return any(
            interfaces.get("org.bluez.Adapter1", {}).get("Discoverable", ("b", False))[1] is True
            for interfaces in managed.values()
        )

    def close(self) -> None:
        """Disconnect; may be called twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _managed(self) -> dict[str, dict[str, dict[str, tuple[str, Any]]]]:
        # Loaded with the first question: 2 MiB that a laptop without Bluetooth, or without a rule on it, saves.
        from jeepney import (  # type: ignore[import-untyped]  # noqa: PLC0415
            DBusAddress,
            HeaderFields,
            MessageFlag,
            MessageType,
            new_method_call,
        )

        if self._connection is None:
            self._connection = _connected(self._bus)
        whom = DBusAddress("/", "org.bluez", "org.freedesktop.DBus.ObjectManager")
        question = new_method_call(whom, "GetManagedObjects")
        question.header.flags |= MessageFlag.no_auto_start
        answer = self._connection.send_and_get_reply(question, timeout=_PATIENCE)
        if answer.header.message_type is MessageType.error:
            name = answer.header.fields.get(HeaderFields.error_name, "")
            if name in _NOT_RUNNING:
                return {}
            raise ValueError(f"{name}")
        if answer.header.fields.get(HeaderFields.signature) != _OBJECTS:  # somebody else may have the name on this bus
            raise ValueError("what answered in its place is not BlueZ")
        managed: dict[str, dict[str, dict[str, tuple[str, Any]]]] = answer.body[0]
        return managed


def _connected(bus: str) -> "DBusConnection":
    from jeepney.bus import get_bus  # type: ignore[import-untyped]  # noqa: PLC0415 - as above
    from jeepney.io.blocking import DBusConnection, prep_socket  # noqa: PLC0415

    connected = prep_socket(get_bus(bus), timeout=_PATIENCE)
    # The connection's own first question waits for ever, and this thread has other work.
    giving_up = threading.Timer(_PATIENCE, connected.shutdown, (socket.SHUT_RDWR,))
    giving_up.start()
    try:
        return DBusConnection(connected)
    except BaseException:
        connected.close()
        raise
    finally:
        giving_up.cancel()
