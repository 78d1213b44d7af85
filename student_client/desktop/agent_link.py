"""The desktop process's end of the local socket: messages of the agent in, messages for it out, never blocking Qt."""

import socket
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QSocketNotifier, Signal

from protocol.codec import CodecError
from protocol.messages import Message
from student_client.local import TO_AGENT, TO_DESKTOP, LocalReader, Picture, ScreenPatches, frame_local

# An agent that leaves this much unread has stopped reading; pictures keep far below it (`has_room`).
BACKLOG_LIMIT = 4 * 1024 * 1024
ROOMY = 256 * 1024
_CHUNK = 256 * 1024
_CHUNKS_A_TURN = 8  # then Qt gets its turn, however much the agent has to say


def connect(path: Path) -> socket.socket:
    """Return a connection to the agent's socket; raises OSError."""
    agent = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        agent.connect(str(path))
    except OSError:
        agent.close()
        raise
    agent.setblocking(False)
    return agent


@dataclass(slots=True)
class _Waiting:
    """What the socket has not taken yet of one message; `channel` while it is a picture that can be taken back."""

    rest: memoryview
    channel: int | None


class AgentLink(QObject):
    """One connection to the agent. After `gone` it is closed, and everything it is asked to send is dropped."""

    received = Signal(object)  # Message
    gone = Signal(str)  # why, in a sentence
    roomy = Signal()  # there is room again for pictures

    def __init__(self, agent: socket.socket, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._socket: socket.socket | None = agent
        self._reader = LocalReader()
        self._out: deque[_Waiting] = deque()
        self._size = 0  # bytes in `_out`
        self._readable = QSocketNotifier(agent.fileno(), QSocketNotifier.Type.Read, self)
        self._readable.activated.connect(self._read)
        self._writable = QSocketNotifier(agent.fileno(), QSocketNotifier.Type.Write, self)
        self._writable.setEnabled(False)
        self._writable.activated.connect(self._write)

    @property
    def open(self) -> bool:
        """Whether the agent is still there."""
        return self._socket is not None

    @property
    def has_room(self) -> bool:
        """Whether a picture may be sent now; `roomy` tells when it may again."""
        return self.open and self._size < ROOMY

    def send(self, message: Message) -> None:
        """Send a message, or keep it until the socket takes it."""
        if self._socket is None:
            return
        frame = memoryview(frame_local(TO_AGENT.encode(message)))
        self._out.append(_Waiting(frame, message.channel if isinstance(message, Picture | ScreenPatches) else None))
        self._size += len(frame)
        self._write()

    def take_back_pictures(self) -> set[int]:
        """Throw away the pictures the socket has not begun to take; returns their channels."""
        back = [waiting for waiting in self._out if waiting.channel is not None]
        self._out = deque(waiting for waiting in self._out if waiting.channel is None)
        self._size -= sum(len(waiting.rest) for waiting in back)
        return {waiting.channel for waiting in back if waiting.channel is not None}

    def close(self) -> None:
        """Disconnect without a `gone`; may be called twice."""
        if self._socket is None:
            return
        for notifier in (self._readable, self._writable):
            notifier.setEnabled(False)
        self._socket.close()
        self._socket = None
        self._out.clear()
        self._size = 0

    def _read(self) -> None:
        for _ in range(_CHUNKS_A_TURN):
            data = self._receive()
            if data is None:
                return
            self._deliver(data)

    def _receive(self) -> bytes | None:
        """Return what has come, or None: nothing now, or nothing any more."""
        if self._socket is None:
            return None
        try:
            data = self._socket.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            self._lose(f"The agent's socket broke: {error.strerror}.")
            return None
        if not data:
            self._lose("The agent has closed its socket.")
        return data or None

    def _deliver(self, data: bytes) -> None:
        try:
            messages = [TO_DESKTOP.decode(payload) for payload in self._reader.feed(data)]
        except (ValueError, CodecError) as error:
            self._lose(f"The agent sent something that is not a message: {error}.")
            return
        for message in messages:
            self.received.emit(message)

    def _write(self) -> None:
        had_room = self.has_room
        while self._socket is not None and self._out:
            first = self._out[0]
            try:
                sent = self._socket.send(first.rest[:_CHUNK])
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                self._lose(f"The agent's socket broke: {error.strerror}.")
                return
            self._size -= sent
            first.rest, first.channel = first.rest[sent:], None  # what has begun must end: the other side counts bytes
            if not first.rest:
                self._out.popleft()
        if self._size > BACKLOG_LIMIT:
            self._lose("The agent has stopped reading.")
            return
        self._writable.setEnabled(bool(self._out))
        if self.has_room and not had_room:
            self.roomy.emit()

    def _lose(self, why: str) -> None:
        self.close()
        self.gone.emit(why)
