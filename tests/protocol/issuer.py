"""A college that issues credentials by id, at any moment."""

from dataclasses import dataclass, field
from typing import Any

from protocol.enrolment import read_join
from protocol.identity import Credentials
from protocol.identity_file import load_identity
from protocol.role import Role
from tutor_app.admin.college import College

NOW = 1_790_000_000.0  # Monday 21 September 2026, 14:13:20 UTC


@dataclass
class Issuer:
    """One college that issues credentials by id, at any moment."""

    college: College
    now: float = NOW
    _made: dict[str, Credentials] = field(default_factory=dict)

    def staff(self, identifier: str = "maths-tutor", **changes: Any) -> Credentials:
        if identifier not in self._made or changes:
            terms = {"name": "Maths tutor", "role": Role.TUTOR, "now": self.now} | changes
            data = self.college.add_staff(identifier, passphrase="pass", again=True, **terms)
            self._made[identifier] = load_identity(data, "pass", terms["now"])
        return self._made[identifier]

    def device(self, identifier: str = "LAPTOP-07", **changes: Any) -> Credentials:
        if identifier not in self._made or changes:
            terms = {"group": "10B", "name": "Student 07", "now": self.now} | changes
            join = self.college.add_device(identifier, again=True, **terms)
            self._made[identifier] = read_join(join).credentials()
        return self._made[identifier]
