"""The stored identity as time goes by: not there yet, not valid yet, usable, near its end, expired, replaced."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from protocol.identity import Credentials, IdentityError, identity_in, read_certificate, valid_between
from protocol.role import Role
from student_client.agent.state import StateError, StateFolder
from student_client.agent.status import DeviceFacts, StatusBoard

LOOK_EVERY: Final = 2.0  # seconds
WARN_BEFORE: Final = 14 * 86_400.0
NOT_ENROLLED: Final = (
    "This computer is not enrolled. Get a .join file from the network manager and run: lessonlight-student enrol FILE"
)


class Enrolment:
    """Watches over the identity of one state folder."""

    def __init__(self, state: StateFolder, board: StatusBoard, wall: Callable[[], float]) -> None:
        self._state, self._board, self._wall = state, board, wall
        self._stamp = (0, 0)
        self._ends_at = 0.0

    async def usable(self) -> Credentials:
        """Wait until there is an identity that is valid now."""
        while True:
            credentials = self._load()
            if credentials:
                self._board.solved("enrolment")
                return credentials
            await asyncio.sleep(LOOK_EVERY)

    async def changed(self) -> None:
        """Wait until the identity was replaced, removed, or has expired."""
        while self._state.identity_stamp() == self._stamp and self._wall() < self._ends_at:
            self._warn()
            await asyncio.sleep(LOOK_EVERY)

    def _load(self) -> Credentials | None:
        self._stamp = self._state.identity_stamp()
        try:
            if not self._state.enrolled:
                self._board.set(enrolled=False, device=None)
                raise StateError(NOT_ENROLLED)
            credentials = self._state.credentials()
            self._check(credentials)
        except (StateError, IdentityError) as error:
            self._board.problem("enrolment", str(error))
            return None
        return credentials

    def _check(self, credentials: Credentials) -> None:
        if credentials.identity.role is not Role.DEVICE:
            raise StateError("The stored identity is not a device's. Enrol this computer again.")
        starts_at, self._ends_at = valid_between(read_certificate(credentials.certificate, "the certificate"))
        self._board.set(enrolled=True, device=device_facts(credentials.certificate))
        now = self._wall()
        if now < starts_at:
            raise StateError(
                f"This computer's certificate is valid from {moment(starts_at)} only; its clock says {moment(now)}. "
                "Set the clock right."
            )
        if now >= self._ends_at:
            raise StateError(
                f"This computer's certificate expired on {day(self._ends_at)}. "
                "Ask the network manager for a new .join file and enrol again."
            )

    def _warn(self) -> None:
        if self._wall() > self._ends_at - WARN_BEFORE:
            self._board.problem(
                "certificate",
                f"This computer's certificate expires on {day(self._ends_at)}. Ask the network manager for a new one.",
            )
        else:
            self._board.solved("certificate")


def device_facts(certificate: bytes) -> DeviceFacts:
    """Return who a stored certificate says this computer is; raises IdentityError."""
    read = read_certificate(certificate, "the certificate")
    identity = identity_in(read)
    return DeviceFacts(
        id=identity.id,
        name=identity.name,
        group=identity.group,
        college=str(identity.college),
        valid_until=valid_between(read)[1],
    )


def day(at: float) -> str:
    """Return a moment's day as people write it, e.g. 3 March 2026."""
    local = datetime.fromtimestamp(at, UTC).astimezone()
    return f"{local.day} {local:%B %Y}"


def moment(at: float) -> str:
    """Return a moment as people write it, e.g. 3 March 2026, 09:05."""
    return f"{day(at)}, {datetime.fromtimestamp(at, UTC).astimezone():%H:%M}"
