"""What the client says of itself, to the log and to `lessonlight-student status`: status.json and its problems."""

import logging
import os
from collections.abc import Callable

from msgspec import DecodeError, json
from msgspec.structs import replace

from protocol.messages import LockFacts, Value
from student_client.agent.state import STATUS, StateFolder
from student_client.local import Viewer

log = logging.getLogger(__name__)


class Problem(Value, frozen=True, kw_only=True):
    """Something that is wrong, since when; `over_at` is 0 while it lasts."""

    about: str
    sentence: str
    since: float
    over_at: float = 0.0


class DeviceFacts(Value, frozen=True, kw_only=True):
    """Who this computer is in its college."""

    id: str
    name: str
    group: str
    college: str
    valid_until: float


class PermitFacts(Value, frozen=True, kw_only=True):
    """One permit in force."""

    name: str
    lesson: str
    until: float


class AgentStatus(Value, frozen=True, kw_only=True):
    """Everything `status` shows."""

    pid: int = 0
    started_at: float = 0.0
    enrolled: bool = False
    device: DeviceFacts | None = None
    listening: str = ""
    discoverable: bool = False
    policy_version: int = 0
    permits: tuple[PermitFacts, ...] = ()
    viewers: tuple[Viewer, ...] = ()
    lock: LockFacts | None = None
    screen: str = ""
    screen_reason: str = ""
    problems: tuple[Problem, ...] = ()
    last_problem: Problem | None = None


class StatusBoard:
    """The one place that knows how the client is; everybody reports here, `save` writes what has changed."""

    def __init__(self, state: StateFolder, now: Callable[[], float]) -> None:
        self._state, self._now = state, now
        self.status = AgentStatus(pid=os.getpid(), started_at=now())
        self._saved: AgentStatus | None = None
        self.changed: Callable[[], None] = lambda: None

    def set(self, **fields: object) -> None:
        """Change some of what the status says."""
        changed = replace(self.status, **fields)
        if changed != self.status:
            self.status = changed
            self.changed()

    def problem(self, about: str, sentence: str) -> None:
        """Say what is wrong with one part of the client; the same sentence again is nothing new."""
        others = tuple(one for one in self.status.problems if one.about != about)
        known = next((one for one in self.status.problems if one.about == about), None)
        if known and known.sentence == sentence:
            return
        log.warning("%s", sentence)
        problem = Problem(about=about, sentence=sentence, since=self._now())
        self.set(problems=(*others, problem), last_problem=problem)

    def solved(self, about: str) -> None:
        """Say that one part of the client is well again."""
        known = next((one for one in self.status.problems if one.about == about), None)
        if known is None:
            return
        log.info("No longer: %s", known.sentence)
        last = self.status.last_problem
        over = replace(known, over_at=self._now()) if last == known else last
        self.set(problems=tuple(one for one in self.status.problems if one is not known), last_problem=over)

    @property
    def sentence(self) -> str:
        """The newest problem that lasts, or ""."""
        return self.status.problems[-1].sentence if self.status.problems else ""

    def save(self) -> None:
        """Write status.json where something has changed; raises StateError."""
        if self.status != self._saved:
            self._state.write(STATUS, json.encode(self.status), durable=False)
            self._saved = self.status


def read_status(state: StateFolder) -> AgentStatus | None:
    """Return the last status written, None where there is none or it cannot be read as one; raises StateError."""
    data = state.read(STATUS)
    try:
        return json.decode(data, type=AgentStatus) if data else None
    except (DecodeError, UnicodeDecodeError):
        return None
